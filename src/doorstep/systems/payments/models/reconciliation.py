"""What asking systems state as paid, and what became of every unit of money of a day: held as it is by triggers."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class FeeStatement(models.Model):
    """What `asker` holds for paid on `day`, in `pages` pages; `complete` once all of them are there."""

    id = models.UUIDField(primary_key=True)
    asker = models.TextField()
    day = models.DateField()
    pages = models.IntegerField()
    complete = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "asker"], name="one_fee_statement_a_day")]


class FeePage(models.Model):
    """One page: number and sum of its lines, the digest that tells a repetition, and the journal entry."""

    pk = models.CompositePrimaryKey("statement", "page")
    statement = models.ForeignKey(FeeStatement, models.PROTECT, related_name="+")
    page = models.IntegerField()
    lines = models.IntegerField()
    total = models.DecimalField(max_digits=24, decimal_places=0)
    digest = models.BinaryField()
    at = models.DateTimeField()
    entry = models.UUIDField()


class FeeLine(models.Model):
    """An order that the asking system holds for paid. `repeated`: it had stated the order before."""

    pk = models.CompositePrimaryKey("statement", "page", "line")
    statement = models.ForeignKey(FeeStatement, models.PROTECT, related_name="+")
    page = models.IntegerField()
    line = models.IntegerField()
    order = models.UUIDField()
    amount = models.BigIntegerField()
    repeated = models.BooleanField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(amount__gt=0), name="stated_amount_positive")]
        indexes: ClassVar = [models.Index(fields=["order"], name="fee_line_order")]


class Reconciliation(models.Model):
    """One reconciliation of a day, asked for and then done; the newest that is done counts, the earlier ones stay.

    Evidence that came up to `at` is in it.
    """

    id = models.UUIDField(primary_key=True)
    day = models.DateField()
    asked_by = models.TextField()
    asked = models.DateTimeField()
    at = models.DateTimeField(null=True)
    rows = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day"], condition=Q(at=None), name="one_reconciliation_waits")
        ]
        indexes: ClassVar = [models.Index(fields=["day", "-id"], name="reconciliation_day")]


class Reconciled(models.Model):
    """One piece of money of the day with its one outcome; amounts are what bank, we and the asking system say, None
    where it does not say anything. Money that went out is negative. `discrepancy` is the key of the one under which
    somebody acts or has acted on it, "" where nobody must.
    """

    pk = models.CompositePrimaryKey("run", "number")
    # No check of its own for each of a million lines: one statement writes them all, for one run.
    run = models.ForeignKey(Reconciliation, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    number = models.IntegerField()
    piece = models.TextField()
    outcome = models.TextField()
    lacking = models.TextField(blank=True)
    discrepancy = models.TextField(blank=True)
    unit = models.TextField(blank=True)
    asker = models.TextField(blank=True)
    order = models.UUIDField(null=True)
    account = models.UUIDField(null=True)
    booking = models.TextField(blank=True)
    bank = models.BigIntegerField(null=True)
    ours = models.BigIntegerField(null=True)
    stated = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome="matched", piece="credit", bank=F("ours"), stated=F("ours"))
                | Q(outcome="matched", piece__in=("cash", "moved"), bank=None, stated=F("ours"))
                | Q(outcome="matched", piece="deposit", bank=F("ours"), stated=None)
                | ~Q(outcome="matched"),
                name="matched_is_equal",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=("matched", "refunded"), lacking="", discrepancy="")
                | Q(outcome__in=("missing_at_platform", "missing_at_agency"), lacking__gt="", discrepancy__gt="")
                | Q(outcome="amount_differs", lacking="", discrepancy__gt="")
                | Q(outcome="duplicate", lacking=""),
                name="exception_has_an_owner",
            ),
            models.CheckConstraint(
                condition=Q(bank__isnull=False) | Q(ours__isnull=False) | Q(stated__isnull=False),
                name="somebody_says_so",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "number"], condition=Q(discrepancy__gt=""), name="reconciled_exceptions"),
            models.Index(fields=["discrepancy"], condition=Q(discrepancy__gt=""), name="reconciled_discrepancy"),
        ]


class ReconciledSum(models.Model):
    """How many and how much of each outcome a reconciliation found in a unit; amounts are decimal, as sums may be long."""

    pk = models.CompositePrimaryKey("run", "unit", "piece", "outcome", "lacking")
    run = models.ForeignKey(Reconciliation, models.PROTECT, related_name="+")
    unit = models.TextField(blank=True)
    piece = models.TextField()
    outcome = models.TextField()
    lacking = models.TextField(blank=True)
    n = models.IntegerField()
    bank = models.DecimalField(max_digits=24, decimal_places=0)
    ours = models.DecimalField(max_digits=24, decimal_places=0)
    stated = models.DecimalField(max_digits=24, decimal_places=0)


class DayChange(models.Model):
    """Something on which a day rests has changed: evidence of it came, or money of it went elsewhere. Triggers write it,
    whoever changes what; a reconciliation of the day takes away what it has seen. `day`, or `at` for what has no banking day.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(null=True)
    at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["day"], name="day_change_day"),
            models.Index(fields=["at"], condition=Q(at__isnull=False), name="day_change_at"),
        ]
