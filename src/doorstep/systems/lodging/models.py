"""Lodging's tables. Stays and their earlier versions are partitioned by month; uniqueness that spans months lives in OpenStay."""

from typing import ClassVar

from django.db import models


class Establishment(models.Model):
    """A house that takes guests. `unit` is the commune whose police receives its notices."""

    id = models.UUIDField(primary_key=True)
    code = models.TextField(unique=True)
    name = models.TextField()
    facility_type = models.TextField()
    unit = models.TextField()
    address = models.TextField()
    remote = models.BooleanField(default=False)
    enrolled = models.DateTimeField()
    closed = models.DateTimeField(null=True)
    first_notice = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["unit"])]


class Keeper(models.Model):
    """Who acts for an establishment; ended, never deleted."""

    establishment = models.ForeignKey(Establishment, models.PROTECT)
    subject = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("establishment", "subject", condition=models.Q(until=None), name="one_keeper_row")
        ]
        indexes: ClassVar = [models.Index(fields=["subject"])]


class Room(models.Model):
    """A room, with its price a night in minor units of the profile's currency."""

    establishment = models.ForeignKey(Establishment, models.PROTECT)
    number = models.TextField()
    beds = models.SmallIntegerField()
    price = models.BigIntegerField()
    retired = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("establishment", "number", name="room_number_once"),
            models.CheckConstraint(condition=models.Q(beds__gt=0), name="room_has_beds"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="room_price_not_negative"),
        ]


class Booking(models.Model):
    """A promise of a room: half-open [arrival, departure). Not a notice, and deleted with its purpose."""

    id = models.UUIDField(primary_key=True)
    establishment = models.ForeignKey(Establishment, models.PROTECT)
    room = models.ForeignKey(Room, models.PROTECT)
    guest_name = models.TextField()
    guests = models.SmallIntegerField()
    arrival = models.DateField()
    departure = models.DateField()
    cancelled = models.DateTimeField(null=True)
    arrived = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(departure__gt=models.F("arrival")), name="booking_has_nights")
        ]
        indexes: ClassVar = [models.Index(fields=["establishment", "arrival"])]


class Notice(models.Model):
    """One accepted submission of one or more stays: what the signed acknowledgement speaks of."""

    id = models.UUIDField(primary_key=True)
    reference = models.TextField(unique=True)
    establishment = models.ForeignKey(Establishment, models.PROTECT)
    channel = models.TextField()
    at = models.DateTimeField()
    accepted = models.IntegerField()
    late = models.IntegerField()
    refused = models.IntegerField()
    digest = models.BinaryField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["establishment", "at"])]


class Stay(models.Model):
    """A guest's stay as it is known now; earlier versions are in StayVersion. Partitioned by the month of the notice.

    No `deadline` means that no notice was needed.
    """

    id = models.UUIDField(primary_key=True)
    establishment = models.ForeignKey(Establishment, models.PROTECT, db_index=False)
    notice = models.UUIDField()
    line = models.IntegerField()
    person = models.TextField()
    kind = models.TextField()
    full_name = models.TextField()
    name_latin = models.TextField()
    birth = models.DateField()
    sex = models.TextField()
    nationality = models.TextField()
    document_type = models.TextField()
    document_number = models.TextField()
    phone = models.TextField()
    address = models.TextField()
    details = models.JSONField()
    room = models.TextField()
    party = models.TextField()
    reason = models.TextField()
    arrival = models.DateTimeField()
    expected_departure = models.DateField()
    departed = models.DateTimeField(null=True)
    cancelled = models.DateTimeField(null=True)
    notified = models.DateTimeField()
    deadline = models.DateTimeField(null=True)
    late = models.TextField()
    channel = models.TextField()
    version = models.SmallIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["establishment", "arrival"], name="stay_by_house"),
            models.Index(fields=["notice"], name="stay_by_notice"),
        ]


class StayVersion(models.Model):
    """What a stay said before a correction, extension, check-out or cancellation. `id` is that action's."""

    id = models.UUIDField(primary_key=True)
    stay = models.UUIDField(db_index=True)
    version = models.SmallIntegerField()
    change = models.TextField()
    why = models.TextField()
    before = models.JSONField()


class OpenStay(models.Model):
    """Who is staying where now: one row a person and house across all months. A flagged second stay in a house has none."""

    pk = models.CompositePrimaryKey("person", "establishment")
    person = models.TextField()
    establishment = models.UUIDField()
    stay = models.UUIDField()


class NoGuests(models.Model):
    """The keeper said that nobody stays tonight."""

    pk = models.CompositePrimaryKey("establishment", "day")
    establishment = models.ForeignKey(Establishment, models.PROTECT)
    day = models.DateField()
    said = models.DateTimeField()
