"""Tills, the shifts of those who keep them, what was taken and brought to the bank, and payments moved to another order."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from doorstep.systems.payments.models.evidence import Credit
from doorstep.systems.payments.models.orders import BankAccount, Order


class Till(models.Model):
    """A drawer at a unit's counter, under the name that stands on it. Its ledger account CASH is labelled with its id."""

    id = models.UUIDField(primary_key=True)
    unit = models.TextField()
    name = models.TextField()
    currency = models.TextField()
    opened = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["unit", "name"], name="till_once")]


class Shift(models.Model):
    """The time in which one cashier answers for a till. Amounts are minor units.

    `brought` is change money that came from outside at its beginning, `opening` what was counted then. `counted` is
    what was counted at its end: from then on nothing is taken; `ended` once the till is closed or the next cashier,
    of the shift `next`, has counted the same. `difference` is what was counted less what should have been there.
    """

    id = models.UUIDField(primary_key=True)
    till = models.ForeignKey(Till, models.PROTECT, related_name="shifts", db_index=False)
    cashier = models.TextField()
    began = models.DateTimeField()
    brought = models.BigIntegerField()
    opening = models.BigIntegerField()
    counted = models.BigIntegerField(null=True)
    difference = models.BigIntegerField(null=True)
    ended = models.DateTimeField(null=True)
    next = models.OneToOneField("self", models.PROTECT, null=True, related_name="previous")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["till"], condition=Q(ended=None), name="one_shift_a_till"),
            models.UniqueConstraint(fields=["cashier"], condition=Q(ended=None), name="one_shift_a_cashier"),
            models.CheckConstraint(condition=Q(brought__gte=0, opening__gte=0), name="shift_begins_with_money_or_none"),
            models.CheckConstraint(
                condition=Q(ended=None, difference=None)
                | Q(ended__isnull=False, counted__gte=0, difference__isnull=False),
                name="shift_ends_counted",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["till", "-id"], name="shift_till")]


class Taking(models.Model):
    """An order that was paid in cash, and in which shift."""

    order = models.OneToOneField(Order, models.PROTECT, primary_key=True, related_name="taking")
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="takings", db_index=False)
    amount = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shift", "at"], name="taking_shift")]


class Deposit(models.Model):
    """Cash on its way from a till to a bank account; `code` stands in the memo, so that its credit is known.

    The money is pending in the ledger until `credit` came, which says how much the bank counted.
    """

    id = models.UUIDField(primary_key=True)
    code = models.TextField(unique=True)
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="deposits")
    account = models.ForeignKey(BankAccount, models.PROTECT, related_name="+", db_index=False)
    unit = models.TextField()
    amount = models.BigIntegerField()
    at = models.DateTimeField()
    credit = models.OneToOneField(Credit, models.PROTECT, null=True, related_name="deposit")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(amount__gt=0), name="deposit_amount_positive")]
        indexes: ClassVar = [
            models.Index(fields=["unit", "id"], condition=Q(credit=None), name="deposit_under_way"),
        ]


class ChangeOut(models.Model):
    """Change money that is to leave a till: its cashier sets it aside, and it goes once another person has approved.
    What nobody had decided when the till was counted was put back: `decided` without anybody.

    The ledger's transfer that holds it has its id.
    """

    id = models.UUIDField(primary_key=True)
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="changes_out")
    unit = models.TextField()
    amount = models.BigIntegerField()
    proposed_by = models.TextField()
    proposed = models.DateTimeField()
    decided_by = models.TextField(blank=True)
    decided = models.DateTimeField(null=True)
    approved = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="change_out_amount_positive"),
            models.CheckConstraint(
                condition=Q(decided_by="") | ~Q(decided_by=F("proposed_by")), name="change_out_by_two"
            ),
            models.CheckConstraint(
                condition=Q(approved=False) | Q(decided__isnull=False, decided_by__gt=""),
                name="change_out_approved_is_decided",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["unit", "id"], condition=Q(decided=None), name="change_out_to_decide"),
        ]


class Move(models.Model):
    """A payment that was made for the order `source` and was meant for `target`: proposed by one, decided by another."""

    id = models.UUIDField(primary_key=True)
    source = models.ForeignKey(Order, models.PROTECT, related_name="moves_out")
    target = models.ForeignKey(Order, models.PROTECT, related_name="moves_in")
    unit = models.TextField()
    amount = models.BigIntegerField()
    why = models.TextField()
    proposed_by = models.TextField()
    proposed = models.DateTimeField()
    decided_by = models.TextField(blank=True)
    decided = models.DateTimeField(null=True)
    approved = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(decided_by="") | ~Q(decided_by=F("proposed_by")), name="move_by_two"),
            models.CheckConstraint(
                condition=Q(approved=False) | Q(decided__isnull=False, decided_by__gt=""),
                name="move_approved_is_decided",
            ),
            models.CheckConstraint(condition=~Q(source=F("target")), name="move_between_two"),
            models.UniqueConstraint(fields=["source"], condition=Q(decided=None), name="one_move_waits"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["unit", "id"], condition=Q(decided=None), name="move_to_decide"),
            models.Index(fields=["decided"], condition=Q(approved=True), name="move_decided"),
        ]
