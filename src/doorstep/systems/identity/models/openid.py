"""The OpenID Provider: relying parties, what people agreed to, the grants in force, and the keys that sign."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from doorstep.systems.identity.models.accounts import Account


class RelyingParty(models.Model):
    """A hospital, bank or province that people sign in to. Its `id` is its client_id.

    `secret` is a digest, the one before it holds until `old_until`. `keys` is a JSON Web Key Set. Ended, never deleted.
    """

    id = models.UUIDField(primary_key=True)
    name = models.TextField()
    unit = models.TextField(blank=True)
    purpose = models.TextField()
    redirects = ArrayField(models.TextField())
    after_logout = ArrayField(models.TextField())
    sector = models.TextField()
    claims = ArrayField(models.TextField())
    method = models.TextField()
    algorithm = models.TextField()
    pushed_only = models.BooleanField(default=False)
    keys = models.JSONField(null=True)
    secret = models.BinaryField(null=True)
    secret_expires = models.DateTimeField(null=True)
    old_secret = models.BinaryField(null=True)
    old_until = models.DateTimeField(null=True)
    registered = models.DateTimeField()
    registered_by = models.TextField()
    ended = models.DateTimeField(null=True)


class Consent(models.Model):
    """What a person lets a relying party know, and what not, in which words it was asked. A new answer is a new row."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT)
    party = models.ForeignKey(RelyingParty, models.PROTECT)
    given = ArrayField(models.TextField())
    declined = ArrayField(models.TextField())
    purpose = models.TextField()
    language = models.TextField()
    at = models.DateTimeField()
    ended = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("account", "party", condition=models.Q(ended=None), name="one_consent_a_party")
        ]


class Grant(models.Model):
    """One sign-in at a relying party: its code, then its tokens, of which nothing else is kept. Deleted at `expires`.

    `exchanged` is when the code was used, `generation` that of the refresh token in force.
    """

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT, db_index=False)
    party = models.ForeignKey(RelyingParty, models.PROTECT, db_index=False)
    scope = models.TextField()
    claims = ArrayField(models.TextField())
    in_id_token = ArrayField(models.TextField())
    redirect = models.TextField()
    challenge = models.TextField()
    nonce = models.TextField(blank=True)
    signed = models.DateTimeField()
    level = models.SmallIntegerField()
    methods = ArrayField(models.TextField())
    expires = models.DateTimeField()
    exchanged = models.DateTimeField(null=True)
    generation = models.IntegerField(default=0)
    ended = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "party"], name="grant_account_party"),
            models.Index(fields=["expires"], name="grant_expires"),
        ]


class PushedRequest(models.Model):
    """The parameters of an authorization request that a relying party pushed (RFC 9126); used once, within minutes."""

    digest = models.TextField(primary_key=True)
    party = models.ForeignKey(RelyingParty, models.PROTECT, db_index=False)
    told = models.JSONField()
    expires = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires"], name="pushed_request_expires")]


class SigningKey(models.Model):
    """A key pair: `public` as a JSON Web Key, `private` sealed under the installation's secret."""

    id = models.UUIDField(primary_key=True)
    algorithm = models.TextField()
    public = models.JSONField()
    private = models.TextField()
    signs_from = models.DateTimeField()
    signs_to = models.DateTimeField()
