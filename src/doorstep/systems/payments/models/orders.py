"""Payment orders, and the bank accounts that they are paid into."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class BankAccount(models.Model):
    """A unit's account at a bank: orders of the unit and of those below it without one of their own are paid into it.

    It collects once a second person has approved it, and from then on only `ended` changes. `bank` is the bank's number (BIN).
    """

    id = models.UUIDField(primary_key=True)
    unit = models.TextField()
    bank = models.TextField()
    number = models.TextField()
    holder = models.TextField()
    currency = models.TextField()
    proposed_by = models.TextField()
    proposed = models.DateTimeField()
    approved_by = models.TextField(blank=True)
    approved = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bank", "number"], name="bank_account_once"),
            models.UniqueConstraint(
                fields=["unit", "currency"],
                condition=Q(approved__isnull=False, ended=None),
                name="one_collecting_account_a_unit",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=models.F("proposed_by")), name="bank_account_by_two"
            ),
        ]


class Order(models.Model):
    """What somebody is to pay to `unit` for `subject` of the system `asker`; `code` is public and stands in the memo.

    `purpose` says in words what is paid for: texts by language, or {"code": what a system declared}. `lines` holds [code,
    kind, amount, words] each. What was asked for never changes. `paid` and `refunded` are totals in minor units. `account` is the bank account
    that it is to be paid into.
    """

    id = models.UUIDField(primary_key=True)
    code = models.TextField(unique=True)
    asker = models.TextField()
    subject = models.TextField()
    unit = models.TextField()
    payer = models.TextField(blank=True)
    purpose = models.JSONField()
    lines = models.JSONField()
    amount = models.BigIntegerField()
    currency = models.TextField()
    account = models.ForeignKey(BankAccount, models.PROTECT, null=True, related_name="+")
    state = models.TextField()
    channel = models.TextField(blank=True)
    paid = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    created = models.DateTimeField()
    until = models.DateTimeField()
    settled = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_amount_positive"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=models.F("paid")), name="refunded_within_paid"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["payer", "-id"], name="order_payer", condition=~Q(payer="")),
            models.Index(fields=["unit", "-id"], name="order_unit"),
            models.Index(fields=["asker", "subject"], name="order_subject"),
            models.Index(fields=["settled"], name="order_cash", condition=Q(channel="cash")),
            models.Index(fields=["until"], name="order_due", condition=Q(state__in=("created", "awaiting"))),
        ]


class OrderMovement(models.Model):
    """A change of an order's state, as it is told to the asking system; numbered in the order of commits.

    Writers share a lock until they commit; a reader takes it alone for a moment, so that no lower number can follow.
    """

    id = models.BigAutoField(primary_key=True)
    asker = models.TextField()
    order = models.UUIDField()
    code = models.TextField()
    state = models.TextField()
    paid = models.BigIntegerField()
    refunded = models.BigIntegerField()
    at = models.DateTimeField()
    reasons = models.JSONField(default=list)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["asker", "id"], name="movement_asker"),
            models.Index(fields=["order", "id"], name="movement_order"),
        ]
