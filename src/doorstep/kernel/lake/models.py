"""The lake's register: which files there are, what the log says of them, and which snapshots are kept."""

from typing import ClassVar

from django.db import models


class Ring(models.TextChoices):
    """The log's two rings."""

    PUBLIC = "public"
    AUDITORS = "auditors"


class Leaf(models.Model):
    """An entry of a ring, in the order of its log; the log's files are written from here after the commit."""

    pk = models.CompositePrimaryKey("ring", "index")
    ring = models.TextField(choices=Ring.choices)
    index = models.BigIntegerField()
    entry = models.BinaryField()


class Segment(models.Model):
    """A sealed file of facts of one kind and month, with its rollups beside it.

    `leaf` is its place in the auditors' ring, `merged` the leaf from which on a merged file stands in its place: a
    snapshot of size s holds the segments with leaf < s and (merged is null or merged >= s).
    """

    path = models.TextField(primary_key=True)
    leaf = models.BigIntegerField()
    merged = models.BigIntegerField(null=True)
    kind = models.TextField()
    version = models.SmallIntegerField()
    month = models.DateField()
    rows = models.BigIntegerField()
    size = models.BigIntegerField()
    sha256 = models.BinaryField()
    rollups = models.JSONField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "leaf"])]


class Pin(models.Model):
    """A snapshot that a published report rests on: its files are kept."""

    size = models.BigIntegerField(primary_key=True)
    why = models.TextField()
