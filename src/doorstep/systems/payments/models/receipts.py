"""Receipts, numbered without gaps."""

from typing import ClassVar

from django.db import models

from doorstep.systems.payments.models.orders import Order


class ReceiptSeries(models.Model):
    """The last number given out by a unit in a year; locked by whoever takes the next."""

    pk = models.CompositePrimaryKey("unit", "year")
    unit = models.TextField()
    year = models.SmallIntegerField()
    last = models.IntegerField()


class Receipt(models.Model):
    """The receipt of an order that was paid: `number` within unit and year, `code` public, for whoever checks it."""

    id = models.UUIDField(primary_key=True)
    order = models.OneToOneField(Order, models.PROTECT, related_name="receipt")
    unit = models.TextField()
    year = models.SmallIntegerField()
    number = models.IntegerField()
    code = models.TextField(unique=True)
    issued = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["unit", "year", "number"], name="receipt_number_once")]
        indexes: ClassVar = [models.Index(fields=["unit", "id"], name="receipt_unit")]


class ReceiptPaper(models.Model):
    """A receipt as it was typeset and signed once in a language, and is given out ever since; `digest` its SHA-256."""

    id = models.UUIDField(primary_key=True)
    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="papers", db_index=False)
    language = models.TextField()
    content = models.BinaryField()
    digest = models.BinaryField()
    made = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["receipt", "language"], name="receipt_paper_once"),
            models.CheckConstraint(
                condition=models.Q(digest=models.Func("content", function="sha256")), name="receipt_paper_digest"
            ),
        ]
