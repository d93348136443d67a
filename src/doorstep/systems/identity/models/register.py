"""The population register: persons, where they lived, who answers for minors; organisations with their tax codes."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.fields.json import KT

from doorstep.systems.identity.rules.register import NUMBER_CHANGES


class Person(models.Model):
    """A person as known now; earlier versions are in PersonVersion. `words` are the name's, without diacritics.

    `unit` and `address` repeat the present permanent residence, so that lists of an area need no join. `likeness` is
    32 bits of the name's words: with the birth date it finds who is likely the same person.
    """

    id = models.UUIDField(primary_key=True)
    number = models.TextField()
    full_name = models.TextField()
    words = ArrayField(models.TextField())
    likeness = models.IntegerField(default=0)
    birth = models.DateField()
    sex = models.TextField()
    nationality = models.TextField()
    died = models.DateField(null=True)
    unit = models.TextField(blank=True)
    address = models.TextField(blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("number", name="person_number")]
        indexes: ClassVar = [
            GinIndex(fields=["words"], name="person_words"),
            models.Index(fields=["birth", "likeness"], name="person_birth"),
            models.Index(fields=["unit", "id"], name="person_unit"),
        ]


class PersonVersion(models.Model):
    """What a person's record was before a change: from which day the change holds, why, on which paper, by whom."""

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT)
    version = models.IntegerField()
    cause = models.TextField()
    valid_from = models.DateField()
    source = models.TextField()
    actor = models.TextField()
    before = models.JSONField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("person", "version", name="person_version_once")]
        indexes: ClassVar = [
            models.Index(  # who had a number before
                KT("before__number"), condition=models.Q(cause__in=NUMBER_CHANGES), name="person_version_number"
            )
        ]


class Correction(models.Model):
    """A typing error that somebody found: what the record should say; a second person decides. One open a person.

    `version` is the record's that the proposal was made on, `after` holds the fields that change.
    """

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT)
    version = models.IntegerField()
    after = models.JSONField()
    source = models.TextField()
    proposed_by = models.TextField()
    decided = models.DateTimeField(null=True)
    decided_by = models.TextField(blank=True)
    approved = models.BooleanField(null=True)
    why = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("person", condition=models.Q(decided=None), name="one_open_correction")
        ]


class Residence(models.Model):
    """Where a person lives or lived: permanent or temporary, in which unit, half-open [valid_from, valid_to)."""

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT, db_index=False)
    kind = models.TextField()
    unit = models.TextField()
    address = models.TextField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            # Two without an end would be equal here: one present residence a kind, found by person.
            models.UniqueConstraint(
                fields=["person", "kind", "valid_to"], nulls_distinct=False, name="one_present_residence_a_kind"
            )
        ]


class Guardian(models.Model):
    """Who answers for a minor, from when to when; the ward's coming of age ends it without a change here."""

    id = models.UUIDField(primary_key=True)
    ward = models.ForeignKey(Person, models.PROTECT, related_name="guardians")
    guardian = models.ForeignKey(Person, models.PROTECT, related_name="wards")
    relation = models.TextField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("ward", "guardian", condition=models.Q(valid_to=None), name="guardian_once"),
            models.CheckConstraint(condition=~models.Q(ward=models.F("guardian")), name="guardian_is_another"),
        ]


class Organisation(models.Model):
    """An organisation or household business with its tax code; `representative` is a personal number."""

    id = models.UUIDField(primary_key=True)
    tax_code = models.TextField()
    kind = models.TextField()
    name = models.TextField()
    words = ArrayField(models.TextField())
    representative = models.TextField(blank=True)
    unit = models.TextField()
    address = models.TextField()
    active_from = models.DateField()
    active_to = models.DateField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("tax_code", name="organisation_tax_code")]
        indexes: ClassVar = [
            GinIndex(fields=["words"], name="organisation_words"),
            models.Index(fields=["representative"], name="organisation_representative"),
        ]


class OrganisationVersion(models.Model):
    """What an organisation's record was before a change, from which day the change holds, on which paper, by whom."""

    id = models.UUIDField(primary_key=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT)
    version = models.IntegerField()
    valid_from = models.DateField()
    source = models.TextField()
    actor = models.TextField()
    before = models.JSONField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("organisation", "version", name="organisation_version_once")]
