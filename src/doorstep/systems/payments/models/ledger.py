"""Accounts, transfers and closings. What the tables hold is the law: migrations add the triggers that keep totals and refuse the rest.

Relations between them have no constraint of their own: the triggers look each account and pending transfer up as they go,
and nothing here is ever deleted.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from doorstep.systems.payments.rules.ledger import MOST


class Account(models.Model):
    """A ledger account of a unit. Totals are kept by the trigger of Transfer, and by nothing else.

    `kind` is an AccountKind, `label` tells several of one kind apart (a bank account, a till). `side` is "debit" where
    debits make it more (what is there), "credit" where credits do (what is owed to somebody). A `limited` account never
    goes below zero, and what is pending against it counts as gone.
    """

    id = models.UUIDField(primary_key=True)
    unit = models.TextField()
    kind = models.TextField()
    label = models.TextField(blank=True)
    currency = models.TextField()
    side = models.TextField()
    limited = models.BooleanField()
    debits = models.BigIntegerField(default=0)
    credits = models.BigIntegerField(default=0)
    pending_debits = models.BigIntegerField(default=0)
    pending_credits = models.BigIntegerField(default=0)
    opened = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "kind", "label", "currency"], name="ledger_account_once"),
            models.CheckConstraint(condition=Q(side__in=("debit", "credit")), name="ledger_account_side"),
            models.CheckConstraint(
                condition=Q(debits__gte=0, credits__gte=0, pending_debits__gte=0, pending_credits__gte=0),
                name="ledger_totals_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(debits__lte=MOST, credits__lte=MOST, pending_debits__lte=MOST, pending_credits__lte=MOST),
                name="ledger_totals_bounded",
            ),
            models.CheckConstraint(
                condition=Q(limited=False)
                | Q(side="credit", credits__gte=F("debits") + F("pending_debits"))
                | Q(side="debit", debits__gte=F("credits") + F("pending_credits")),
                name="ledger_not_overdrawn",
            ),
        ]


class Transfer(models.Model):
    """One movement of `amount` from `credit` to `debit` in bookkeeping's sense; the id is the caller's. Never changed.

    `stage`: "posted" at once; "pending" until `until`; "post", "void" and "expire" resolve the pending transfer
    `pending`, once. `order` is what it was for, where it was for one; `entry` the journal entry of the action.
    """

    id = models.UUIDField(primary_key=True)
    debit = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    credit = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    amount = models.BigIntegerField()
    stage = models.TextField()
    pending = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    until = models.DateTimeField(null=True)
    order = models.UUIDField(null=True)
    at = models.DateTimeField()
    entry = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_between_two"),
            models.CheckConstraint(
                condition=Q(stage="posted", pending=None, until=None)
                | Q(stage="pending", pending=None, until__isnull=False)
                | Q(stage__in=("post", "void", "expire"), pending__isnull=False, until=None),
                name="transfer_stage",
            ),
            models.UniqueConstraint(fields=["pending"], condition=Q(pending__isnull=False), name="resolved_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["debit", "at", "id"], name="transfer_debits"),
            models.Index(fields=["credit", "at", "id"], name="transfer_credits"),
            models.Index(fields=["order"], condition=Q(order__isnull=False), name="transfer_order"),
            BrinIndex(fields=["at"], autosummarize=True, name="transfer_at"),
        ]


class OpenPending(models.Model):
    """A pending transfer that nothing has resolved; the trigger of Transfer puts it here and takes it away."""

    transfer = models.UUIDField(primary_key=True)
    until = models.DateTimeField(db_index=True)


class Closing(models.Model):
    """The books are closed up to `until`, the end of a legal day: no transfer of an earlier instant is taken any more."""

    until = models.DateTimeField(primary_key=True)
    entry = models.UUIDField()


class ClosedTotals(models.Model):
    """An account's totals of all transfers before `until`; there is none for a closing before which nothing had moved since the last."""

    pk = models.CompositePrimaryKey("account_id", "until")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    until = models.DateTimeField()
    debits = models.BigIntegerField()
    credits = models.BigIntegerField()
    pending_debits = models.BigIntegerField()
    pending_credits = models.BigIntegerField()
