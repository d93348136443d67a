"""What happens to stays: the notice, and every change until the end. The keeper's other writes are in `houses`."""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from doorstep.kernel.country import law
from doorstep.kernel.store.journal import escape
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import reference, uuid7s
from doorstep.kernel.values.reasons import CHANGED, NOT_FOUND, NotFound, Reason, Stale, refuse
from doorstep.kernel.values.units import UnitCode
from doorstep.systems.lodging.country import Country
from doorstep.systems.lodging.facts import Channel, EstablishmentFirstNotified, FacilityType, GuestKind, StayNotified
from doorstep.systems.lodging.models import Establishment, Notice, OpenStay, Stay, StayVersion
from doorstep.systems.lodging.permissions import CORRECT, FOR_NOTICE, NOTIFY
from doorstep.systems.lodging.queries.keeper import Upload, kept_house
from doorstep.systems.lodging.queries.rows import House, house_of, stay_of
from doorstep.systems.lodging.rules import changes, deadlines, records
from doorstep.systems.lodging.rules.changes import STAY_STILL_OPEN, TwoStays, WhyCancelled
from doorstep.systems.lodging.rules.checking import check_stay
from doorstep.systems.lodging.rules.houses import HOUSE_CLOSED
from doorstep.systems.lodging.rules.persons import person_key

_json = msgspec.json.Encoder(enc_hook=str).encode

_COLUMNS = (
    "id, establishment_id, notice, line, person, kind, full_name, name_latin, birth, sex, nationality, document_type,"
    " document_number, phone, address, details, room, party, reason, arrival, expected_departure, notified, deadline,"
    " late, channel, version"
)
_DETAILS = ("ethnicity", "visa_number", "visa_until", "entry_date", "entry_gate", "purpose")


class Line(records.Stay, frozen=True, kw_only=True):
    """A stay to be notified; `two_stays` says why the person may have another open stay in the house."""

    two_stays: TwoStays | None = None


class Refusal(msgspec.Struct, frozen=True):
    """A line that was not taken, counted from 1, and why."""

    line: int
    reasons: tuple[Reason, ...]


class Notified(msgspec.Struct, frozen=True):
    """What became of a submission: its public reference (empty if no line was taken), the stays by line, the refusals."""

    reference: str
    at: datetime
    accepted: int
    late: int
    stays: tuple[str | None, ...]
    refused: tuple[Refusal, ...]


@action(NOTIFY, FOR_NOTICE)
def notify_stays(act: Act, house_code: str, lines: Sequence[Line | list[Reason]], channel: Channel) -> Notified:
    """Notify the stays of one house: good lines are taken, bad ones come back with their reasons.

    A line may be the list of reasons for which it could not even be read. A person who has an open stay in another
    house is taken like anybody else, and the police unit sees both: whoever runs a house must not learn from the answer
    where somebody stays. Raises NotFound for a house of others, Refused for a closed one.
    """
    country = law(Country, "lodging")
    house = kept_house(act.actor, house_code)
    refuse([HOUSE_CLOSED("house")] if house.closed else [])
    refused = {number: line for number, line in enumerate(lines, 1) if isinstance(line, list)}
    checked: dict[int, Line] = {}
    for number, line in enumerate(lines, 1):
        if not isinstance(line, list):
            found = check_stay(line, act.at, country)
            if found:
                refused[number] = found
            else:
                checked[number] = line
    ids = dict(zip(checked, map(str, uuid7s(act.at, len(checked))), strict=True))
    persons = {number: person_key(line.guest) for number, line in checked.items()}
    for number in _already_open(house.id, checked, persons, ids):
        refused[number] = [STAY_STILL_OPEN("document_number")]
        del checked[number]
    text, late = _rows(act, checked, persons, ids, house, channel, country)
    digest = sha256(text.encode()).digest()
    number_of_notice = ""
    if checked:
        number_of_notice = reference()
        Notice.objects.create(
            id=act.id,
            reference=number_of_notice,
            establishment_id=house.id,
            channel=channel,
            at=act.at,
            accepted=len(checked),
            late=sum(late),
            refused=len(refused),
            digest=digest,
        )
        with connection.cursor() as cursor, cursor.copy(f"COPY lodging_stay ({_COLUMNS}) FROM STDIN") as copy:
            copy.write(text)
        _emit(act, checked, late, UnitCode(house.unit), channel)
        _first_notice(act, house.id, house.facility_type, UnitCode(house.unit))
    subjects = list(dict.fromkeys(persons.values()))  # those too whose open stay was the reason of a refusal
    act.journal(subjects=subjects, fields=records.Stay.__struct_fields__, detail=f"house {house.code}", digest=digest)
    return Notified(
        number_of_notice,
        act.at,
        len(checked),
        sum(late),
        tuple(ids[number] if number in checked else None for number in range(1, len(lines) + 1)),
        tuple(Refusal(number, tuple(refused[number])) for number in sorted(refused)),
    )


@action(NOTIFY, FOR_NOTICE)
def answer_upload(act: Act, house_code: str, answer: Upload) -> Upload:
    """The end of a file whose chunks were notified: kept under the file's key, so that it can be read and asked again."""
    house = kept_house(act.actor, house_code)
    act.journal(detail=f"house {house.code} file of {answer.lines} lines, {answer.accepted} accepted")
    return answer


def _already_open(house: UUID, checked: dict[int, Line], persons: dict[int, str], ids: dict[int, str]) -> list[int]:
    """Claim the persons' open stays in the house; returns the lines, unless flagged, whose person has one there already.

    Sorted by person, so that two submissions that share people wait for each other and never deadlock.
    """
    claims: dict[str, int] = {}
    for number in checked:
        claims.setdefault(persons[number], number)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lodging_openstay (person, establishment, stay)"
            " SELECT person, %s, stay FROM unnest(%s::text[], %s::uuid[]) AS claim (person, stay) ORDER BY person"
            " ON CONFLICT DO NOTHING RETURNING person",
            (house, list(claims), [ids[number] for number in claims.values()]),
        )
        if cursor.rowcount == len(checked):
            return []
        claimed = {claims[person] for (person,) in cursor.fetchall()}
    return [number for number, line in checked.items() if number not in claimed and line.two_stays is None]


def _rows(
    act: Act,
    checked: dict[int, Line],
    persons: dict[int, str],
    ids: dict[int, str],
    house: House,
    channel: Channel,
    country: Country,
) -> tuple[str, list[bool]]:
    """The stays in COPY's text format, and which of them are late."""
    house_id, notice, at = str(house.id), str(act.id), act.at.isoformat()
    family = [persons[number] for number, line in checked.items() if line.relation is records.Relation.CLOSE_FAMILY]
    before = _notified_before(house, family, act.at, country)
    rows, lates = [], []
    for number, line in checked.items():
        guest, person = line.guest, persons[number]
        due = deadlines.due(
            line, house.facility_type, remote=house.remote, notified_before=person in before, country=country
        )
        late = due is not None and due.missed(act.at)
        details = _details(line) | ({"two_stays": line.two_stays.value} if line.two_stays else {})
        fields = (
            ids[number],
            house_id,
            notice,
            str(number),
            person,
            guest.kind,
            guest.full_name,
            guest.name_latin,
            guest.birth.isoformat(),
            guest.sex,
            guest.nationality,
            guest.document_type,
            guest.document_number,
            guest.phone,
            guest.address,
            _json(details).decode() if details else "{}",
            line.room,
            line.party,
            line.reason,
            line.arrival.isoformat(),
            line.expected_departure.isoformat(),
            at,
            due.by.isoformat() if due else "\\N",
            due.cause if due and late else "",
            channel,
            "1",
        )
        row = "\t".join(fields)
        if "\\" in row or "\n" in row or "\r" in row or row.count("\t") >= len(fields):
            row = "\t".join([*map(escape, fields[:-4]), *fields[-4:]])  # the last are our own, and NULL is no text
        rows.append(row)
        lates.append(late)
    rows.append("")
    return "\n".join(rows), lates


def _notified_before(house: House, people: Sequence[str], at: datetime, country: Country) -> set[str]:
    """Those whom the house notified before `at`, where that may spare them a further notice."""
    if not people or not deadlines.family_once(house.facility_type, country):
        return set()
    stays = Stay.objects.filter(establishment=house.id, person__in=people, cancelled=None, notified__lt=at)
    return set(stays.values_list("person", flat=True))


def _details(stay: records.Stay) -> dict[str, str]:
    """What few guests have, kept as one document; `queries.rows.stay_of` reads it."""
    found = {name: str(value) for name in _DETAILS if (value := getattr(stay.guest, name))}
    if stay.relation is not records.Relation.NONE:
        found["relation"] = stay.relation.value
    return found


def _emit(act: Act, lines: dict[int, Line], late: list[bool], unit: str, channel: Channel) -> None:
    rows = len(lines)
    act.facts(
        StayNotified.KIND,
        {
            "day": [act.day.isoformat()] * rows,
            "unit": [unit] * rows,
            "guest_kind": [line.guest.kind for line in lines.values()],
            "channel": [channel.value] * rows,
            "late": late,
            "n": [1] * rows,
        },
    )


def _first_notice(act: Act, house: UUID, facility_type: FacilityType, unit: str) -> None:
    if Establishment.objects.filter(id=house, first_notice=None).update(first_notice=act.at):
        act.fact(EstablishmentFirstNotified(day=act.day, unit=UnitCode(unit), facility_type=facility_type))


@action(CORRECT, FOR_NOTICE)
def correct_stay(act: Act, house_code: str, stay: UUID, version: int, after: records.Stay, why: str) -> None:
    """Replace what a stay says; the earlier version is kept. Raises Stale if somebody changed it since `version`."""
    row, before = _locked(act, house_code, stay, version)
    country = law(Country, "lodging")
    refuse(
        changes.check_correction(
            before, after, departed=row.departed, cancelled=row.cancelled is not None, at=act.at, country=country
        )
    )
    person, details = person_key(after.guest), _details(after)
    if person != row.person and row.departed is None:
        # First the new person's, then the old: whoever waits for another claim must not hold back a person.
        refuse([] if _claim(person, row) else [STAY_STILL_OPEN("document_number")])
        _leave(row)
    elif "two_stays" in row.details:
        details["two_stays"] = row.details["two_stays"]
    guest, house = after.guest, house_of(row.establishment)
    before_it = person in _notified_before(house, [person], row.notified, country)
    due = deadlines.due(after, house.facility_type, remote=house.remote, notified_before=before_it, country=country)
    new = {
        "person": person,
        "kind": guest.kind.value,
        "sex": guest.sex.value,
        "document_type": guest.document_type.value,
        "document_number": str(guest.document_number),
        "details": details,
        "reason": after.reason.value,
        "deadline": due.by if due else None,
        "late": due.cause.value if due and due.missed(row.notified) else "",
    }
    plain = ("full_name", "name_latin", "birth", "nationality", "phone", "address")
    new |= {name: getattr(guest, name) for name in plain}
    new |= {name: getattr(after, name) for name in ("room", "party", "arrival", "expected_departure")}
    was_late = bool(row.late)
    old_kind = GuestKind(row.kind)
    _change(act, row, before, "correct", why, changes.changed_fields(before, after), **new)
    if (bool(row.late), row.kind) != (was_late, old_kind.value):
        _count(act, row, old_kind, late=was_late, n=-1)
        _count(act, row, guest.kind, late=bool(row.late), n=1)


@action(CORRECT, FOR_NOTICE)
def extend_stay(act: Act, house_code: str, stay: UUID, version: int, departure: date) -> None:
    """A later expected departure."""
    row, before = _locked(act, house_code, stay, version)
    refuse(
        changes.check_extension(
            before,
            departure,
            departed=row.departed,
            cancelled=row.cancelled is not None,
            country=law(Country, "lodging"),
        )
    )
    _change(act, row, before, "extend", "", ["expected_departure"], expected_departure=departure)


@action(NOTIFY, FOR_NOTICE)
def check_out(act: Act, house_code: str, stay: UUID, version: int, left: datetime) -> None:
    """The guest left: the stay ends, and the person may come again."""
    row, before = _locked(act, house_code, stay, version)
    cancelled = row.cancelled is not None
    refuse(changes.check_checkout(before, left, departed=row.departed, cancelled=cancelled, at=act.at))
    _leave(row)
    _change(act, row, before, "check_out", "", ["departed"], departed=left)


@action(NOTIFY, FOR_NOTICE)
def check_out_due(act: Act, house_code: str) -> int:
    """Everybody whose expected departure has come left on that day at noon, or just now; returns how many."""
    house = kept_house(act.actor, house_code)
    country = law(Country, "lodging")
    due = Stay.objects.select_for_update().filter(
        establishment=house.id, departed=None, cancelled=None, expected_departure__lte=act.day, arrival__lte=act.at
    )
    rows = list(due.order_by("id"))
    versions = []
    for row, number in zip(rows, uuid7s(act.at, len(rows)), strict=True):
        earlier = msgspec.to_builtins(stay_of(row), enc_hook=str)
        versions.append(
            StayVersion(id=number, stay=row.id, version=row.version, change="check_out", why="", before=earlier)
        )
    StayVersion.objects.bulk_create(versions)
    with connection.cursor() as cursor:
        ids = [row.id for row in rows]
        cursor.execute(
            "UPDATE lodging_stay SET version = version + 1, departed ="
            " greatest(arrival, least((expected_departure + time '12:00') AT TIME ZONE %s, %s)) WHERE id = ANY(%s)",
            [country.zone.key, act.at, ids],
        )
        people = list(dict.fromkeys(row.person for row in rows))
        cursor.execute("DELETE FROM lodging_openstay WHERE person = ANY(%s) AND stay = ANY(%s)", [people, ids])
    act.journal(subjects=people, fields=["departed"], detail=f"house {house_code} due")
    return len(rows)


@action(CORRECT, FOR_NOTICE)
def cancel_stay(act: Act, house_code: str, stay: UUID, version: int, why: WhyCancelled) -> None:
    """Take back a notice that was a mistake: it stays in the record and is counted no more."""
    row, before = _locked(act, house_code, stay, version)
    refuse(changes.check_cancellation(cancelled=row.cancelled is not None))
    _leave(row)
    _change(act, row, before, "cancel", why.value, ["cancelled"], cancelled=act.at)
    _count(act, row, GuestKind(row.kind), late=bool(row.late), n=-1)


def _locked(act: Act, house_code: str, stay: UUID, version: int) -> tuple[Stay, records.Stay]:
    house = kept_house(act.actor, house_code)
    found = Stay.objects.select_for_update(of=("self",)).select_related("establishment")
    row = found.filter(id=stay, establishment=house.id).first()
    if row is None:
        raise NotFound(NOT_FOUND("stay"))
    if row.version != version:
        raise Stale(CHANGED())
    return row, stay_of(row)


def _change(
    act: Act, row: Stay, before: records.Stay, change: str, why: str, fields: Sequence[str], **new: Any
) -> None:
    """Keep the earlier version, write the new one, journal both persons concerned."""
    people = list(dict.fromkeys((row.person, new.get("person", row.person))))
    earlier = msgspec.to_builtins(before, enc_hook=str)
    StayVersion.objects.create(
        id=act.id, stay=row.id, version=row.version, change=change, why=why[:300], before=earlier
    )
    for name, value in {**new, "version": row.version + 1}.items():
        setattr(row, name, value)
    row.save(update_fields=[*new, "version"])
    act.journal(subjects=people, fields=fields, detail=f"{change} {row.id}", digest=sha256(_json(earlier)).digest())


def _claim(person: str, row: Stay) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lodging_openstay (person, establishment, stay) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (person, row.establishment_id, row.id),
        )
        return bool(cursor.rowcount)


def _leave(row: Stay) -> None:
    """Whoever has this as the open stay in the house has none there any more."""
    OpenStay.objects.filter(person=row.person, establishment=row.establishment_id, stay=row.id).delete()


def _count(act: Act, row: Stay, kind: GuestKind, *, late: bool, n: int) -> None:
    """A fact of the day on which the notice was accepted, whichever day it is now."""
    day = law(Country, "lodging").day(row.notified)
    unit = UnitCode(row.establishment.unit)
    act.fact(StayNotified(day=day, unit=unit, guest_kind=kind, channel=Channel(row.channel), late=late), n=n)
