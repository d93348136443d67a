"""The kernel's tables: journal, facts on their way to the lake, idempotency keys, units, tokens, installation."""

from typing import ClassVar

from django.db import models


class JournalEntry(models.Model):
    """Who did or looked at what, why, by which law. The id is a UUIDv7: it carries the time and picks the partition."""

    id = models.UUIDField(primary_key=True)
    actor = models.TextField()
    unit = models.TextField()
    via = models.TextField()
    action = models.TextField()
    purpose = models.TextField()
    basis = models.TextField()
    fields = models.TextField()
    detail = models.TextField()
    digest = models.BinaryField()


class JournalSubject(models.Model):
    """One row for each person that an entry concerns: what a person reads of the journal."""

    pk = models.CompositePrimaryKey("subject", "id")
    subject = models.TextField()
    id = models.UUIDField()


class FactBatch(models.Model):
    """Facts of one kind from one action, as encoded columns; deleted when they are sealed."""

    kind = models.TextField()
    version = models.SmallIntegerField()
    recorded = models.DateField()
    rows = models.IntegerField()
    columns = models.BinaryField()


class IdempotencyKey(models.Model):
    """What was answered to (subject, action, key), and the digest of the body that it was asked with."""

    pk = models.CompositePrimaryKey("subject", "action", "key")
    subject = models.TextField()
    action = models.TextField()
    key = models.TextField()
    digest = models.BinaryField()
    answer = models.BinaryField()
    at = models.DateTimeField()


class Unit(models.Model):
    """One dated row of the tree of administrative units; a code has several rows where it was renamed or moved."""

    pk = models.CompositePrimaryKey("code", "valid_from")
    code = models.TextField()
    kind = models.TextField()
    parent = models.TextField(blank=True)
    names = models.JSONField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    successor = models.TextField(blank=True)
    source = models.TextField()
    certainty = models.TextField()


class AccessToken(models.Model):
    """A program's key to the API: the digest of a secret that was shown once, and the actor it stands for."""

    id = models.UUIDField(primary_key=True)
    digest = models.BinaryField(unique=True)
    label = models.TextField()
    subject = models.TextField()
    unit = models.TextField(blank=True)
    roles = models.JSONField()
    created = models.DateTimeField()
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject"])]


class Installation(models.Model):
    """What this installation is: one row a key (`database`: which one it is; `simulated`: scale, seed and period;
    `journal`: the day to digest).
    """

    key = models.TextField(primary_key=True)
    value = models.JSONField()
