"""The kernel's tables: journal, facts and messages on their way, idempotency keys, units, tokens, limits, notices, installation."""

from typing import ClassVar

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class JournalEntry(models.Model):
    """Who did or looked at what, for whom, why, by which law. The id is a UUIDv7: it carries the time and picks the partition."""

    id = models.UUIDField(primary_key=True)
    actor = models.TextField()
    principal = models.TextField(db_default="")
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


class Message(models.Model):
    """What one system is told by another; deleted by the transaction that handles it.

    `due` is when it may be tried, empty while it is parked; `failure` is the kind of the last one, never the content.
    """

    hearer = models.TextField()
    subject = models.TextField()
    kind = models.TextField()
    content = models.BinaryField()
    at = models.DateTimeField()
    via = models.TextField()
    due = models.DateTimeField(null=True)
    failures = models.SmallIntegerField()
    failure = models.TextField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["hearer", "subject", "id"])]


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


class Spent(models.Model):
    """Something that was used and may not be used again before `until`."""

    pk = models.CompositePrimaryKey("kind", "key")
    kind = models.TextField()
    key = models.BinaryField()
    until = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["until"], name="spent_until")]


class ActorSession(AbstractBaseSession):
    """A browser's session; `session_key` is a digest of its cookie. `subject` is empty while nobody is signed in."""

    subject = models.TextField(blank=True, db_index=True)
    device = models.TextField(blank=True)
    began = models.DateTimeField()


class Spending(models.Model):
    """What was spent of a limit: until `free_at` the key has used some of it; `passed` is the last spend's answer.

    The key is a keyed hash. The table is UNLOGGED: a crash of the database empties it, and nothing waits for its disk.
    """

    key = models.BinaryField(primary_key=True)
    free_at = models.DateTimeField()
    passed = models.BooleanField()


class Notice(models.Model):
    """What a person is told; the id is a UUIDv7, which carries the time and picks the partition.

    `due` is when it is to be sent, and null once nothing more will be. `target` is a phone, an e-mail address or the
    lines of a postal one; of a closed notice only the end is kept. `sent` is when it went out, `read` when it was read.
    """

    id = models.UUIDField(primary_key=True)
    subject = models.TextField()
    kind = models.TextField()
    secret = models.BooleanField()
    given = models.JSONField()
    language = models.TextField(blank=True)
    channel = models.TextField()
    target = models.TextField(blank=True)
    unit = models.TextField(blank=True)
    state = models.TextField()
    reason = models.TextField(blank=True)
    attempts = models.SmallIntegerField(default=0)
    due = models.DateTimeField(null=True)
    expires = models.DateTimeField()
    sent = models.DateTimeField(null=True)
    read = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject", "-id"], name="notice_inbox"),
            models.Index(fields=["channel", "due"], name="notice_due", condition=models.Q(due__isnull=False)),
        ]


class Installation(models.Model):
    """What this installation is: one row a key (`database`: which one it is; `simulated`: scale, seed and period;
    `journal`: the day to digest).
    """

    key = models.TextField(primary_key=True)
    value = models.JSONField()
