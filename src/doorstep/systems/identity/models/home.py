"""Applications for an e-ID from home, documents that were checked, and the files that checks of chips rest on."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from doorstep.systems.identity.models.eid import Eid
from doorstep.systems.identity.models.register import Person


class Application(models.Model):
    """Somebody asks for an e-ID from home, for themselves or for a ward. What was typed is not kept, nor is the portrait;
    `phone` and `email` go once the decision is told.

    `unfit` says why nobody will decide on it, which the applicant is not told; without a `person` it fitted nobody. At
    `answer_at`, at an hour of an office, such a one is refused, and whoever has no e-ID is told so; None from then on.
    The capture's `reference`, `score` and `matched` are what the biometric system answered about the portrait; `chip`
    is the verdict on the chip, where one was read, and `code_agreed` tells that the card's code said the same.
    """

    id = models.UUIDField(primary_key=True)
    reference = models.TextField(unique=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True)
    guardian = models.ForeignKey(Eid, models.PROTECT, null=True, related_name="applications_for_wards")
    state = models.TextField()
    unfit = models.TextField(blank=True)
    unit = models.TextField(blank=True)
    phone = models.TextField(blank=True)
    email = models.TextField(blank=True)
    language = models.TextField(blank=True)
    capture = models.TextField(blank=True)
    matched = models.BooleanField(default=False)
    score = models.SmallIntegerField(default=0)
    code_agreed = models.BooleanField(default=False)
    chip = models.TextField(blank=True)
    begun = models.DateTimeField()
    proven = models.DateTimeField(null=True)
    due = models.DateField(null=True)
    answer_at = models.DateTimeField(null=True)
    decided = models.DateTimeField(null=True)
    decided_by = models.TextField(blank=True)
    cause = models.TextField(blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "person", condition=models.Q(state="waiting", unfit=""), name="one_waiting_application"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["answer_at"], condition=~models.Q(phone=""), name="application_answer"),
            models.Index(fields=["unit", "state", "id"], name="application_unit"),
        ]


class DocumentCheck(models.Model):
    """What the check of a document found: the verdict on its chip, the codes of what speaks against it, the fields in
    which it is not what the register says. `good` checks can be cited for a day. Nothing that the document itself says is kept.
    """

    id = models.UUIDField(primary_key=True)
    reference = models.TextField(unique=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True)
    verdict = models.TextField(blank=True)
    found = ArrayField(models.TextField())
    differs = ArrayField(models.TextField())
    good = models.BooleanField()
    signer = models.TextField(blank=True)
    unit = models.TextField(blank=True)
    officer = models.TextField()


class TrustFile(models.Model):
    """A file that checks of chips rest on: a state's certificate, a link to a newer one, a signer's, or a list of revoked
    ones. `states` are the issuers for which a state's certificate is trusted; `owner` is told before it expires.
    `issuer` is a digest of its issuer's name, by which a newer list follows an older one.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.TextField()
    name = models.TextField()
    content = models.BinaryField()
    fingerprint = models.TextField(unique=True)
    issuer = models.TextField()
    states = ArrayField(models.TextField())
    owner = models.TextField()
    source = models.TextField()
    expires = models.DateTimeField(null=True)
    added_by = models.TextField()
    removed = models.DateTimeField(null=True)
