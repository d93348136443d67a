"""Bulk import: one batch of columns is one transaction; good lines land, bad ones come back with their reasons."""

from collections.abc import Collection, Iterable
from hashlib import sha256

import msgspec
from django.db import connection

from doorstep.kernel.country import law
from doorstep.kernel.store import units
from doorstep.kernel.store.journal import escape
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import uuid7s
from doorstep.kernel.values.names import search_words
from doorstep.kernel.values.reasons import Reason
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import Person
from doorstep.systems.identity.permissions import FOR_REGISTER, REGISTER
from doorstep.systems.identity.queries.register import record_of
from doorstep.systems.identity.rules import register as rules
from doorstep.systems.identity.rules.arrivals import Arrival, Batch, read_batch
from doorstep.systems.identity.rules.offices import within
from doorstep.systems.identity.rules.register import Record

_ARRIVING = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS identity_arriving (line integer, id uuid, number text, full_name text,"
    " words text[], likeness integer, birth date, sex text, nationality text, died text, unit text, address text,"
    " since date) ON COMMIT DELETE ROWS"
)
_ENTER = (
    "WITH entered AS (INSERT INTO identity_person (id, number, full_name, words, likeness, birth, sex, nationality, died,"
    " unit, address, version) SELECT id, number, full_name, words, likeness, birth, sex, nationality,"
    " nullif(died, '')::date, unit, address, 1 FROM identity_arriving ORDER BY number"
    " ON CONFLICT (number) DO NOTHING RETURNING id)"
    " INSERT INTO identity_residence (id, person_id, kind, unit, address, valid_from, valid_to)"
    " SELECT id, id, 'permanent', unit, address, since, nullif(died, '')::date + 1"
    " FROM identity_arriving JOIN entered USING (id)"
)
"""Sorted by number, so that two imports that share people wait for each other and never deadlock."""
_THERE_BEFORE = (
    "SELECT line FROM identity_arriving a WHERE NOT EXISTS (SELECT FROM identity_person p WHERE p.id = a.id)"
)
_LIKELY_SAME = (
    "SELECT line FROM identity_arriving a CROSS JOIN LATERAL (SELECT FROM identity_person p WHERE p.birth = a.birth"
    " AND p.likeness = a.likeness AND p.number <> a.number LIMIT 1) AS other ORDER BY line"
)


class Refusal(msgspec.Struct, frozen=True):
    """A line that was not taken, and why."""

    line: int
    reasons: tuple[Reason, ...]


class Imported(msgspec.Struct, frozen=True):
    """What became of a batch: how many lines the register holds now as they say, of these `known` before, the lines
    that came back, and the lines whose person is likely in the register under another number.
    """

    taken: int
    known: int
    refused: tuple[Refusal, ...]
    likely_same: tuple[int, ...]


@action(REGISTER, FOR_REGISTER)
def import_persons(act: Act, batch: Batch) -> Imported:
    """Enter persons with their residence. A line that says what the register says already is taken, and changes nothing.

    Raises NotAllowed, Conflict as every action; never Refused: what is wrong with a line comes back with it.
    """
    country = law(Country, "identity")
    communes = units.communes({unit for unit in batch.unit if unit.isprintable()}, act.day)
    area = {unit for unit in communes if within(unit, act.actor.unit)}
    arrivals, refused = read_batch(batch, communes=area, day=act.day, country=country)
    refused |= {
        line: [rules.OUTSIDE_AREA("unit", line=line)]
        for line, unit in zip(batch.lines, batch.unit, strict=True)
        if unit in communes and unit not in area
    }
    first: dict[str, Arrival] = {}
    repeated = [one for one in arrivals if first.setdefault(one.record.number, one) is not one]
    text = _rows(act, first.values())
    there_before, likely_same = _enter(text, len(first))
    there: dict[str, Record] = {one.record.number: one.record for one in first.values() if one.line not in there_before}
    key = rules.subject_of("", country)  # numbers have no blanks: what the key adds stands before them
    people = [f"{key}{number}" for number in there]
    repeated += [one for one in first.values() if one.line in there_before]
    records = {**there, **_records(one.record.number for one in repeated if one.record.number not in there)}
    known = 0
    for one in repeated:
        if one.record == records[one.record.number]:
            known += 1
        else:
            refused[one.line] = [rules.NUMBER_TAKEN("number", line=one.line)]
    act.journal(
        subjects=people,
        fields=[*Record.__struct_fields__, "residence"],
        detail=f"{len(people)} entered, {known} known, {len(refused)} refused",
        digest=sha256(text.encode()).digest(),
    )
    return Imported(
        len(people) + known,
        known,
        tuple(Refusal(line, tuple(refused[line])) for line in sorted(refused)),
        tuple(line for line in likely_same if line not in there_before),
    )


def _enter(text: str, count: int) -> tuple[set[int], list[int]]:
    """Lines whose number was there before, and lines whose person is likely there under another number.

    `text` holds `count` persons; the others are entered with their residence, whose id is the person's.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVING)
        with cursor.copy("COPY identity_arriving FROM STDIN") as copy:
            copy.write(text)
        cursor.execute(_ENTER)
        there_before: set[int] = set()
        if cursor.rowcount < count:
            cursor.execute(_THERE_BEFORE)
            there_before = {line for (line,) in cursor.fetchall()}
        cursor.execute(_LIKELY_SAME)
        return there_before, [line for (line,) in cursor.fetchall()]


def _rows(act: Act, arrivals: Collection[Arrival]) -> str:
    """The persons in COPY's text format, in the order of the columns of `_ARRIVING`."""
    rows = []
    for one, own in zip(arrivals, uuid7s(act.at, len(arrivals)), strict=True):
        record = one.record
        words = search_words(record.full_name)
        fields = (
            str(one.line),
            own.hex,
            record.number,
            record.full_name,
            '{"' + '","'.join(words) + '"}',  # letters and digits; quoted, since somebody is called Null
            str(rules.likeness(words)),
            str(record.birth),
            record.sex,
            record.nationality,
            str(record.died or ""),
            one.unit,
            one.address,
            str(one.since),
        )
        row = "\t".join(fields)
        if "\\" in row or "\n" in row or "\r" in row or row.count("\t") >= len(fields):
            row = "\t".join([escape(field) for field in fields])
        rows.append(row)
    rows.append("")
    return "\n".join(rows)


def _records(numbers: Iterable[str]) -> dict[str, Record]:
    found = Person.objects.filter(number__in=[*numbers])
    return {row.number: record_of(row) for row in found}
