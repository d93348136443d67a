"""A look at somebody's record leaves a row for that person; a query of such records answers in no other way."""

import hashlib
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import msgspec
import pytest
from django.db import IntegrityError

from doorstep.kernel.access import look, personal
from doorstep.kernel.declare import scopes
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, READ_IT, TRYING
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NOT_FOUND, NotAllowed, NotFound

pytestmark = pytest.mark.django_db
AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
PIN = "900090000123"


class Record(msgspec.Struct, frozen=True):
    full_name: str
    document: Masked
    subject_key: str


HOA = Record("Hoà", Masked(PIN), f"pin:{PIN}")


@personal(READ_IT)
def record(actor: Actor, name: str, *, exact: bool = False) -> Record:
    if name != "Hoà":
        raise NotFound(NOT_FOUND())
    return HOA


@personal(READ_IT)
def records(actor: Actor, unit: str = "", day: str | None = None, *, late: bool = False) -> list[Record]:
    return [HOA]


def test_one_record_is_one_row_for_its_person():
    assert look(ACTOR, TRYING, AT, record, "Hoà", exact=True) == HOA
    entry = JournalEntry.objects.get()
    assert (entry.actor, entry.unit, entry.via) == ("trier", "", "page")
    assert (entry.action, entry.purpose) == ("kernel.look.record", TRYING.code)
    assert entry.fields == "full_name document"
    assert entry.id.int >> 80 == int(AT.timestamp() * 1000)
    (subject,) = JournalSubject.objects.all()
    assert (subject.subject, subject.id) == (f"pin:{PIN}", entry.id)
    assert bytes(entry.digest) == hashlib.sha256(msgspec.json.encode(HOA, enc_hook=str)).digest()


class Home(msgspec.Struct, frozen=True):
    unit: str
    since: str = ""


class Wrapped(msgspec.Struct, frozen=True):
    subject_key: str
    found: Record
    told_fields: ClassVar = ("name",)


@personal(READ_IT)
def wrapped(actor: Actor) -> Wrapped:
    return Wrapped(HOA.subject_key, HOA)


class Whole(msgspec.Struct, frozen=True):
    id: UUID
    home: Home
    record: Record
    changes: tuple[str, ...]
    subject_key: str


@personal(READ_IT)
def whole(actor: Actor) -> Whole:
    return Whole(UUID(int=1), Home("H38"), HOA, (), HOA.subject_key)


def test_a_look_names_the_fields_that_told_something():
    look(ACTOR, TRYING, AT, whole)
    look(ACTOR, TRYING, AT, wrapped)
    assert sorted(JournalEntry.objects.values_list("fields", flat=True)) == ["name", "unit full_name document"]


def test_a_list_is_one_row_with_its_filter_and_names_nobody():
    assert look(ACTOR, TRYING, AT, records, "H38", "2024-03-01", late=True) == [HOA]
    entry = JournalEntry.objects.get()
    assert (entry.detail, entry.fields) == ("H38 2024-03-01 late=True", "")
    assert PIN not in entry.detail
    assert not JournalSubject.objects.exists()


def test_a_number_that_was_looked_for_is_masked_in_the_journal():
    look(ACTOR, TRYING, AT, records, Masked(PIN), day=Masked(PIN))
    assert PIN not in JournalEntry.objects.get().detail
    assert "123" in JournalEntry.objects.get().detail


def test_two_looks_are_two_entries():
    for _ in range(2):
        look(ACTOR, TRYING, AT, record, "Hoà")
    assert JournalEntry.objects.count() == JournalSubject.objects.count() == 2
    assert len(set(JournalSubject.objects.values_list("id", flat=True))) == 2


def test_what_was_not_seen_is_not_journalled():
    with pytest.raises(NotFound):
        look(ACTOR, TRYING, AT, record, "nobody")
    with pytest.raises(NotAllowed):
        look(Actor("stranger"), TRYING, AT, record, "Hoà")
    assert not JournalEntry.objects.exists()


def test_without_a_journal_nothing_is_seen():
    with pytest.raises(IntegrityError, match="no partition"):
        look(ACTOR, TRYING, datetime(1999, 1, 1, tzinfo=UTC), record, "Hoà")
    assert not JournalEntry.objects.exists()


def test_outside_a_look_a_personal_query_answers_nobody():
    for query in (record, records):
        assert query.personal
        with pytest.raises(RuntimeError, match=rf"{query.__name__} returns personal fields"):
            query(ACTOR, "Hoà")


def test_after_a_look_that_failed_the_door_is_closed_again():
    with pytest.raises(NotFound):
        look(ACTOR, TRYING, AT, record, "nobody")
    with pytest.raises(RuntimeError, match="look"):
        record(ACTOR, "Hoà")


def test_a_look_needs_the_scope_of_the_query_not_another(monkeypatch):
    monkeypatch.setattr(scopes, "ROLES", {**scopes.ROLES})
    scopes.Role("tryout.doer", "Doer", (DO_IT,))
    with pytest.raises(NotAllowed) as refused:
        look(Actor("doer", roles=("tryout.doer",)), TRYING, AT, record, "Hoà")
    assert refused.value.reasons[0].given == {"scope": READ_IT.code}


def test_the_entry_says_by_which_law(monkeypatch):
    monkeypatch.setitem(scopes.BASES, TRYING.code, "Article 1 of the Law on Trying")
    look(msgspec.structs.replace(ACTOR, unit="H38.901", via="token:7"), TRYING, AT, record, "Hoà")
    entry = JournalEntry.objects.get()
    assert (entry.basis, entry.unit, entry.via) == ("Article 1 of the Law on Trying", "H38.901", "token:7")
    assert isinstance(entry.id, UUID)
