"""Data protection: questions about the journal, and the register of breaches."""

from typing import ClassVar

from django.db import models


class JournalQuestion(models.Model):
    """What somebody asks about a journal entry that concerns them, and the answer; one open an entry and person.

    `entry` is the entry's id, `subject` the key under which it concerns the person, `unit` that of whoever acted.
    `reminded`: of which of the hours `rules.incidents.AHEAD` the officers have been told.
    """

    id = models.UUIDField(primary_key=True)
    entry = models.UUIDField()
    subject = models.TextField()
    unit = models.TextField(blank=True)
    text = models.TextField()
    asked_by = models.TextField()
    due = models.DateTimeField(null=True)
    reminded = models.SmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    answered = models.DateTimeField(null=True)
    answered_by = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "entry", "subject", condition=models.Q(answered=None), name="one_open_question_an_entry"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["entry"], name="question_entry"),
            models.Index(fields=["unit", "id"], condition=models.Q(answered=None), name="question_open"),
        ]


class Incident(models.Model):
    """A breach of data protection and its clock; what is known of it stands in its versions, the newest last.

    `unit` keeps the register. `due` is by when the authority is to be told, empty where no law says, `reminded` as above,
    `told` how many of the people concerned were told.
    """

    id = models.UUIDField(primary_key=True)
    reference = models.TextField(unique=True)
    unit = models.TextField(blank=True)
    version = models.IntegerField(default=1)
    due = models.DateTimeField(null=True)
    reminded = models.SmallIntegerField(null=True)
    notified = models.DateTimeField(null=True)
    notified_by = models.TextField(blank=True)
    notice_reference = models.TextField(blank=True)
    late_reason = models.TextField(blank=True)
    told = models.IntegerField(default=0)
    closed = models.DateTimeField(null=True)
    closed_by = models.TextField(blank=True)
    why_closed = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["unit", "id"], name="incident_unit")]


class IncidentVersion(models.Model):
    """What was known of a breach, from the first entry on; `content` is `rules.incidents.Incident`."""

    id = models.UUIDField(primary_key=True)
    incident = models.ForeignKey(Incident, models.PROTECT)
    version = models.IntegerField()
    actor = models.TextField()
    content = models.JSONField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("incident", "version", name="incident_version_once")]
