"""Accounts: what somebody signs in with. One for each activated e-ID, and for staff whom an administrator invited."""

from typing import ClassVar

from django.db import models

from doorstep.systems.identity.models.eid import Eid


class Account(models.Model):
    """`subject` names the account in journal, offices and sessions, and says nothing about the person.

    `password` and `passcode` are Argon2id strings (RFC 9106), empty where there is none. `channel` and `language` are how
    its owner chose to be told, empty before the choice. `closed` ends the account.
    """

    id = models.UUIDField(primary_key=True)
    subject = models.TextField(unique=True)
    eid = models.OneToOneField(Eid, models.PROTECT, null=True)
    name = models.TextField()
    login = models.TextField(unique=True)
    phone = models.TextField(blank=True)
    email = models.TextField(blank=True)
    language = models.TextField(blank=True)
    channel = models.TextField(blank=True)
    password = models.TextField(blank=True)
    passcode = models.TextField(blank=True)
    created = models.DateTimeField()
    entered = models.DateTimeField(null=True)
    locked = models.DateTimeField(null=True)
    closed = models.DateTimeField(null=True)


class Passkey(models.Model):
    """A WebAuthn credential (Level 3): COSE public key and the counter last seen."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT)
    credential = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField()
    label = models.TextField()
    created = models.DateTimeField()
    used = models.DateTimeField(null=True)
    removed = models.DateTimeField(null=True)


class OneTimeCode(models.Model):
    """A code sent to somebody: only its digest is kept, for minutes and a few attempts. One a subject and purpose."""

    pk = models.CompositePrimaryKey("subject", "purpose")
    subject = models.TextField()
    purpose = models.TextField()
    digest = models.BinaryField()
    expires = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires"], name="one_time_code_expires")]


class RefusedSignIn(models.Model):
    """Why somebody was not let in, under the reference that the person was shown; for the help desk, kept for days."""

    reference = models.TextField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    subject = models.TextField(blank=True)
    cause = models.TextField()
