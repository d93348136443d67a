"""Outside OpenID Providers that people sign in with, how each is read, and which of its staff names is whose account."""

from typing import ClassVar

from django.db import models

from doorstep.systems.identity.models.accounts import Account


class OutsideProvider(models.Model):
    """An outside e-ID or a unit's directory, for the people or staff of `unit` ("" the nation). Ended, never changed.

    `secret` and `private` (our key, its public half as a JSON Web Key beside it) are sealed under the installation's
    secret. It is offered on the days [enabled_from, enabled_to) while one of its readings is confirmed.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.TextField()
    name = models.TextField()
    unit = models.TextField(blank=True)
    issuer = models.TextField()
    client = models.TextField()
    method = models.TextField()
    secret = models.TextField(blank=True)
    secret_expires = models.DateTimeField(null=True)
    private = models.TextField(blank=True)
    public = models.JSONField(null=True)
    enabled_from = models.DateField()
    enabled_to = models.DateField(null=True)
    registered = models.DateTimeField()
    registered_by = models.TextField()
    ended = models.DateTimeField(null=True)


class OutsideReading(models.Model):
    """How a provider is read from `valid_from` on, until a later one that is confirmed: by whom entered, from which source.

    `claims` says which claim means what, `levels` which `acr` is which level. It holds once a second person confirmed it.
    """

    id = models.UUIDField(primary_key=True)
    provider = models.ForeignKey(OutsideProvider, models.PROTECT, related_name="readings")
    claims = models.JSONField()
    levels = models.JSONField()
    scope = models.TextField()
    source = models.TextField()
    valid_from = models.DateField()
    entered_by = models.TextField()
    confirmed = models.DateTimeField(null=True)
    confirmed_by = models.TextField(blank=True)


class OutsideLink(models.Model):
    """Somebody's name in a directory, and the account that it opens. Ended, never deleted.

    `sub` is the directory's lasting identifier: where the name comes with another one, it was given to somebody else.
    """

    id = models.UUIDField(primary_key=True)
    provider = models.ForeignKey(OutsideProvider, models.PROTECT)
    account = models.ForeignKey(Account, models.PROTECT)
    sub = models.TextField()
    login = models.TextField()
    linked = models.DateTimeField()
    ended = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("provider", "sub", condition=models.Q(ended=None), name="one_outside_link_a_sub"),
            models.UniqueConstraint(
                "provider", "account", condition=models.Q(ended=None), name="one_outside_link_an_account"
            ),
        ]
