"""Steering's tables: submitted figures with their history, what indicators added up to and when, reports and requests."""

from typing import ClassVar

from django.db import models


class Figure(models.Model):
    """A submitted figure of a day; a later submission replaces it and both stay."""

    id = models.UUIDField(primary_key=True)
    key = models.TextField()
    as_of = models.DateField()
    area = models.TextField(blank=True)
    figure = models.JSONField()
    submitted = models.DateTimeField()
    replaced = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("key", "as_of", "area", condition=models.Q(replaced=None), name="figure_once")
        ]


class Value(models.Model):
    """What an indicator added up to in one unit of the first level and one month, as known from `snapshot` on."""

    pk = models.CompositePrimaryKey("indicator", "unit", "month", "snapshot")
    indicator = models.TextField()
    unit = models.TextField()
    month = models.DateField()
    snapshot = models.BigIntegerField()
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField(null=True)


class Report(models.Model):
    """A published report: its canonical bytes, and its leaf in the public ring."""

    id = models.UUIDField(primary_key=True)
    period = models.TextField()
    unit = models.TextField(blank=True)
    made = models.DateTimeField()
    snapshot = models.BigIntegerField()
    sha256 = models.TextField()
    body = models.BinaryField()
    leaf = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["period", "unit", "-made"])]


class ReportRequest(models.Model):
    """A report to be made; once ended with the digest of what is published, or with the reasons why there is nothing."""

    id = models.UUIDField(primary_key=True)
    period = models.TextField()
    unit = models.TextField(blank=True)
    requested = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    sha256 = models.TextField(blank=True)
    reasons = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("period", "unit", condition=models.Q(ended=None), name="one_request_a_report")
        ]
