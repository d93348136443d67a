"""The activation drive: who was reached how, and appointments at home or at a mobile desk."""

from typing import ClassVar

from django.db import models

from doorstep.systems.identity.models.eid import Eid


class Contact(models.Model):
    """An officer reached for somebody who has not activated: how it went, and why it is not done yet."""

    id = models.UUIDField(primary_key=True)
    eid = models.ForeignKey(Eid, models.PROTECT, db_index=False)
    at = models.DateTimeField()
    officer = models.TextField()
    hindrance = models.TextField()
    note = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["eid", "at"], name="contact_eid")]


class Appointment(models.Model):
    """A day and time at which an officer comes, or a mobile desk stands somewhere."""

    id = models.UUIDField(primary_key=True)
    eid = models.ForeignKey(Eid, models.PROTECT)
    unit = models.TextField()
    kind = models.TextField()
    day = models.DateField()
    slot = models.TextField()
    place = models.TextField()
    made_by = models.TextField()
    kept = models.DateTimeField(null=True)
    cancelled = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "eid", condition=models.Q(kept=None, cancelled=None), name="one_open_appointment_an_eid"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["unit", "day"], name="appointment_unit_day")]
