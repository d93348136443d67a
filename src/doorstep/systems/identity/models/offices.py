"""Offices: who acts for which unit in which role; mandates: who acts for which person or organisation."""

from typing import ClassVar

from django.db import models


class Office(models.Model):
    """`subject` has `role` for `unit` ("" the nation) on the days [valid_from, valid_to). Ended, never deleted.

    An office that needs a second person holds from `approved` on. A delegated one names the office it stems from.
    """

    id = models.UUIDField(primary_key=True)
    subject = models.TextField()
    unit = models.TextField(blank=True)
    role = models.TextField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    granted_by = models.TextField()
    granted = models.DateTimeField()
    approved_by = models.TextField(blank=True)
    approved = models.DateTimeField(null=True)
    stems_from = models.ForeignKey("self", models.PROTECT, null=True)
    ended = models.DateTimeField(null=True)
    ended_by = models.TextField(blank=True)
    why_ended = models.TextField(blank=True)
    reviewed = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "subject", "unit", "role", condition=models.Q(ended=None), name="one_office_a_role_and_unit"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["unit", "role"], name="office_unit")]


class Invitation(models.Model):
    """Somebody is asked to take an office: only the digest of the code is kept. Used once, within days."""

    id = models.UUIDField(primary_key=True)
    digest = models.BinaryField(unique=True)
    unit = models.TextField(blank=True)
    role = models.TextField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    invited_by = models.TextField()
    expires = models.DateTimeField()
    accepted = models.DateTimeField(null=True)
    withdrawn = models.DateTimeField(null=True)


class Mandate(models.Model):
    """`agent` (an account's subject) may act for a person or organisation in `services` on [valid_from, valid_to).

    `principal` is a key of a person concerned, as in the journal. Ended, never deleted.
    """

    id = models.UUIDField(primary_key=True)
    principal = models.TextField()
    agent = models.TextField()
    kind = models.TextField()
    services = models.JSONField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    granted = models.DateTimeField()
    granted_by = models.TextField()
    paper = models.TextField(blank=True)
    ended = models.DateTimeField(null=True)
    ended_by = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["agent"], name="mandate_agent"),
            models.Index(fields=["principal"], name="mandate_principal"),
        ]
