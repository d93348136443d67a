"""Offices: who acts for which unit in which role; mandates: who acts for which person or organisation."""

from typing import ClassVar

from django.db import models

from doorstep.systems.identity.models.register import Organisation, Person


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
    """`agent` may act for a person or an organisation in `services` on [valid_from, valid_to). Ended, never deleted.

    It holds from `confirmed` on: at once where the principal's own e-ID gave it, after a second officer's look at the
    `paper` (its reference) where one was brought to a counter of `unit`.
    """

    id = models.UUIDField(primary_key=True)
    agent = models.ForeignKey(Person, models.PROTECT, related_name="mandates")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="agents")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="agents")
    kind = models.TextField()
    services = models.JSONField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    granted_by = models.TextField()
    unit = models.TextField(blank=True)
    paper_kind = models.TextField(blank=True)
    paper_day = models.DateField(null=True)
    paper = models.TextField(blank=True)
    confirmed = models.DateTimeField(null=True)
    confirmed_by = models.TextField(blank=True)
    ended = models.DateTimeField(null=True)
    ended_by = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(person=None) ^ models.Q(organisation=None), name="mandate_of_person_or_organisation"
            ),
            models.UniqueConstraint(
                fields=["agent", "person", "organisation"],
                condition=models.Q(ended=None),
                nulls_distinct=False,
                name="one_mandate_an_agent_and_principal",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["unit", "id"], name="mandate_waiting", condition=models.Q(confirmed=None, ended=None)),
            models.Index(fields=["valid_to"], name="mandate_valid_to", condition=models.Q(ended=None)),
        ]
