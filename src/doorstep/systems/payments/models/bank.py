"""What banks told us about each of our accounts: how far we have read, and the statements of its days with their lines."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from doorstep.systems.payments.models.orders import BankAccount


class BankFeed(models.Model):
    """How far an account was read: `cursor` is the bank's, of its credits; `day` the next whose statement is wanted.

    What failed is tried again at `due` and `statement_due`; `failures` and `statement_failures` count those in a row.
    """

    account = models.OneToOneField(BankAccount, models.PROTECT, primary_key=True, related_name="feed")
    cursor = models.TextField(blank=True)
    due = models.DateTimeField()
    failures = models.IntegerField(default=0)
    day = models.DateField()
    statement_due = models.DateTimeField()
    statement_failures = models.IntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due"], name="feed_due"),
            models.Index(fields=["statement_due"], name="feed_statement_due"),
        ]


class Statement(models.Model):
    """The bank's statement of an account's day, taken whole and never changed; `number` is the bank's.

    `opening`, `closing` (of the balance) and `credits`, `debits` (sums of the lines) are minor units; `digest` is the
    SHA-256 of its pages. `recorded`: how many lines, in their order, were handed to those whom they settle.
    """

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(BankAccount, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    number = models.TextField()
    pages = models.IntegerField()
    lines = models.IntegerField()
    opening = models.BigIntegerField()
    closing = models.BigIntegerField()
    credits = models.BigIntegerField()
    debits = models.BigIntegerField()
    digest = models.BinaryField()
    taken = models.DateTimeField()
    recorded = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "day"], name="one_statement_a_day"),
            models.UniqueConstraint(fields=["account", "number"], name="one_statement_a_number"),
            models.CheckConstraint(
                condition=Q(closing=models.F("opening") + models.F("credits") - models.F("debits")),
                name="statement_adds_up",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["taken"], condition=Q(recorded__lt=models.F("lines")), name="statement_to_record"),
        ]


class StatementLine(models.Model):
    """One booking on a statement, its `line` counted from 1; `account` and `day` are the statement's.

    `side` is "credit" for money that came in and "debit" for what went out. `payout` is ours where the booking is of a
    payout, and `returned` the ISO 20022 reason (or "returned") where that one came back. `from_*` says whence money came,
    `to_*` where it went, as far as the bank says.
    """

    pk = models.CompositePrimaryKey("statement_id", "line")
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="+", db_index=False)
    line = models.IntegerField()
    account = models.ForeignKey(BankAccount, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    day = models.DateField()
    booking = models.TextField()
    side = models.TextField()
    amount = models.BigIntegerField()
    memo = models.TextField(blank=True)
    booked = models.DateTimeField()
    payout = models.UUIDField(null=True)
    returned = models.TextField(blank=True)
    from_bank = models.TextField(blank=True)
    from_account = models.TextField(blank=True)
    from_name = models.TextField(blank=True)
    to_bank = models.TextField(blank=True)
    to_account = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "booking"], name="statement_booking_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="statement_line_positive"),
            models.CheckConstraint(condition=Q(side__in=("credit", "debit")), name="statement_line_side"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["day"], name="statement_line_day"),
            models.Index(fields=["payout"], condition=Q(payout__isnull=False), name="statement_line_payout"),
        ]
