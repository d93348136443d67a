"""What came into bank accounts, what went back out of them, and what about money a person must resolve."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from doorstep.systems.payments.models.orders import BankAccount, Order


class Credit(models.Model):
    """Money that came into a bank account, once for each number of a booking, whoever told it and however often.

    `callback`, `poll` and `statement` say when each way told it first. `match` is what was made of it then, `order` the
    order that its memo named or that it was assigned to, `assigned` the part that settled it; the rest lies on the
    account RECEIVED until it is assigned or returned, as `state` says. The ledger's transfer of its arrival has its id.
    """

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(BankAccount, models.PROTECT, related_name="+", db_index=False)
    booking = models.TextField()
    amount = models.BigIntegerField()
    memo = models.TextField(blank=True)
    booked = models.DateTimeField()
    day = models.DateField()
    from_bank = models.TextField(blank=True)
    from_account = models.TextField(blank=True)
    from_name = models.TextField(blank=True)
    callback = models.DateTimeField(null=True)
    poll = models.DateTimeField(null=True)
    statement = models.DateTimeField(null=True)
    match = models.TextField()
    state = models.TextField()
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="credits")
    assigned = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "booking"], name="credit_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="credit_amount_positive"),
            models.CheckConstraint(
                condition=Q(assigned__gte=0, assigned__lte=F("amount")), name="credit_assigned_within_amount"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["day"], name="credit_day"),
            models.Index(fields=["state", "id"], condition=~Q(state="assigned"), name="credit_open"),
        ]


class Refund(models.Model):
    """Money that goes back: of an `order` that was paid, or of a `credit` that settled nothing (or the rest of one).

    `lines` holds [account kind, amount] each: from which accounts it is taken. `code` is public and stands in the
    payout's memo, so that money that comes back is known. `day` is the banking day on which it left the account, None
    as long as nobody said so; `failure` is the bank's code. One that was made by the system itself (a second payment of one order) has it as proposer and approver.
    """

    id = models.UUIDField(primary_key=True)
    code = models.TextField(unique=True)
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="refunds")
    credit = models.ForeignKey(Credit, models.PROTECT, null=True, related_name="refunds")
    unit = models.TextField()
    account = models.ForeignKey(BankAccount, models.PROTECT, related_name="+", db_index=False)
    lines = models.JSONField()
    amount = models.BigIntegerField()
    currency = models.TextField()
    to_bank = models.TextField()
    to_account = models.TextField()
    to_name = models.TextField(blank=True)
    why = models.TextField()
    state = models.TextField()
    proposed_by = models.TextField()
    proposed = models.DateTimeField()
    decided_by = models.TextField(blank=True)
    decided = models.DateTimeField(null=True)
    booking = models.TextField(blank=True)
    day = models.DateField(null=True)
    failure = models.TextField(blank=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(order__isnull=True, credit__isnull=False) | Q(order__isnull=False, credit__isnull=True),
                name="refund_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(decided_by="") | Q(proposed_by__startswith="task:") | ~Q(decided_by=F("proposed_by")),
                name="refund_by_two",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "taken")) | ~Q(decided_by=""),
                name="refund_decided",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["unit", "-id"], name="refund_unit"),
            models.Index(fields=["state", "id"], condition=Q(ended=None), name="refund_under_way"),
            models.Index(fields=["day"], condition=Q(day__isnull=False), name="refund_day"),
        ]


class Discrepancy(models.Model):
    """Something about money that a person must resolve: `unit` and `role` say who.

    `kind` is a DiscrepancyKind, `proposal` the Repair that the system proposes; it is about a `credit`, an `order`, a
    `refund`, or (`about`) something else: the account with the booking that could not be recorded, with `said` of it (name
    and text of each thing) and `reasons` as they are, or with the day whose statement is lacking; `day` is the one whose
    reconciliation found it. `repair` is what somebody chose,
    `target` the order chosen for it, `to_*` the account chosen for a refund; another person decides. A repair that was
    rejected is cleared, and the discrepancy waits for another one; `chosen` counts them, so that nobody approves what
    was not seen. `key` says what it is, so that it is opened once.
    """

    id = models.UUIDField(primary_key=True)
    key = models.TextField(unique=True)
    kind = models.TextField()
    unit = models.TextField()
    role = models.TextField()
    amount = models.BigIntegerField(default=0)
    credit = models.ForeignKey(Credit, models.PROTECT, null=True, related_name="discrepancies")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="discrepancies")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="discrepancies")
    about = models.TextField(blank=True)
    said = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)
    day = models.DateField(null=True)
    opened = models.DateTimeField()
    proposal = models.TextField()
    repair = models.TextField(blank=True)
    chosen = models.SmallIntegerField(default=0, db_default=0)
    target = models.ForeignKey(Order, models.PROTECT, null=True, related_name="+", db_index=False)
    to_bank = models.TextField(blank=True)
    to_account = models.TextField(blank=True)
    to_name = models.TextField(blank=True)
    note = models.TextField(blank=True)
    proposed_by = models.TextField(blank=True)
    decided_by = models.TextField(blank=True)
    resolved = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(decided_by="") | ~Q(decided_by=F("proposed_by")), name="repair_by_two"),
            models.CheckConstraint(
                condition=~Q(role="") & Q(resolved=None) | Q(resolved__isnull=False), name="discrepancy_has_owner"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["unit", "id"], condition=Q(resolved=None), name="discrepancy_open"),
            models.Index(fields=["about"], condition=Q(resolved=None) & ~Q(about=""), name="discrepancy_about"),
        ]
