"""e-IDs: one for each person or organisation, from collection to revocation, with every step that it took."""

from typing import ClassVar

from django.db import models

from doorstep.systems.identity.models.register import Organisation, Person


class Eid(models.Model):
    """An e-ID as it is now. `unit` is the commune where it counts, `due` the legal day by which it must be approved."""

    id = models.UUIDField(primary_key=True)
    person = models.OneToOneField(Person, models.PROTECT, null=True)
    organisation = models.OneToOneField(Organisation, models.PROTECT, null=True)
    holder = models.TextField()
    level = models.TextField()
    state = models.TextField()
    unit = models.TextField()
    phone = models.TextField(blank=True)
    email = models.TextField(blank=True)
    language = models.TextField(blank=True)
    due = models.DateField()
    collected = models.DateTimeField()
    approved = models.DateTimeField(null=True)
    notified = models.DateTimeField(null=True)
    activated = models.DateTimeField(null=True)
    locked = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)
    lock_cause = models.TextField(blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(person=None) ^ models.Q(organisation=None), name="eid_of_person_or_organisation"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["unit", "state", "id"], name="eid_unit_state"),
            models.Index(fields=["phone"], name="eid_phone"),
        ]


class EidChange(models.Model):
    """One step of an e-ID: from which state to which, by whom, and why.

    `capture` is what the biometric system calls the capture that the step rests on, with its quality and score, and
    `document` the reference of the check of the document.
    """

    id = models.UUIDField(primary_key=True)
    eid = models.ForeignKey(Eid, models.PROTECT)
    version = models.IntegerField()
    change = models.TextField()
    state = models.TextField()
    level = models.TextField()
    actor = models.TextField()
    why = models.TextField(blank=True)
    capture = models.TextField(blank=True)
    quality = models.SmallIntegerField(null=True)
    score = models.SmallIntegerField(null=True)
    document = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("eid", "version", name="eid_change_once")]
