"""Bulk import: good lines land with residence and journal, bad ones come back with line, column and repair."""

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry
from doorstep.kernel.store.writing import By, Once
from doorstep.kernel.values.reasons import NotAllowed, Refused
from doorstep.systems.identity.actions.arrivals import import_persons
from doorstep.systems.identity.contract import Sex
from doorstep.systems.identity.models import Person, Residence
from doorstep.systems.identity.queries.register import record_of
from doorstep.systems.identity.rules.arrival_files import LONGEST_LINE, chunks, read_layout
from doorstep.systems.identity.rules.arrivals import COLUMNS, Arrival, Batch, read_batch
from doorstep.systems.identity.tests.people import (
    AT,
    BY,
    DAY,
    ELSEWHERE,
    HERE,
    VIETNAM,
    codes,
    enter,
    journal,
    key,
    places,
    record,
    registrar,
)

CELLS = {"full_name": "Nguyễn Văn Ví Dụ", "birth": "21/05/1990", "sex": "nam", "unit": HERE, "address": "12 Đường Mẫu"}


def line(serial=1, **changes):
    return {**dict.fromkeys(COLUMNS, ""), **CELLS, "number": record(serial).number, **changes}


def batch(*lines, first=2):
    columns = {name: [one[name] for one in lines] for name in COLUMNS}
    return Batch(lines=range(first, first + len(lines)), **columns)


def judged(*lines):
    return read_batch(batch(*lines), communes={HERE}, day=DAY, country=VIETNAM.identity)


# Lines


def test_a_line_becomes_a_person_with_a_residence():
    (one,), refused = judged(line(nationality="deu", resident_since="2020-01-01", died="2024-01-01"))
    assert one == Arrival(
        *(2, record(nationality="DE", died=date(2024, 1, 1))),
        *(HERE, "12 Đường Mẫu", date(2020, 1, 1)),
    )
    assert refused == {}
    (plain,), _ = judged(line(sex=" MALE "))
    assert (plain.record, plain.since) == (record(), date(1990, 5, 21))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"birth": ""}, [("text_missing", "birth")]),
        ({"birth": "31/02/1990"}, [("date_unreadable", "birth")]),
        ({"sex": "?"}, [("sex_unknown", "sex")]),
        ({"sex": ""}, [("sex_unknown", "sex")]),
        ({"resident_since": "x", "died": "y"}, [("date_unreadable", "resident_since"), ("date_unreadable", "died")]),
        ({"number": ""}, [("personal_number_malformed", "number")]),
        ({"number": record(sex=Sex.FEMALE).number}, [("personal_number_sex", "number")]),
        ({"birth": "21/05/1991"}, [("personal_number_birth", "number")]),
        ({"unit": "H38"}, [("not_a_commune", "unit")]),
        ({"full_name": "=cmd|' /C calc'!A0"}, [("name_character", "full_name")]),
        ({"address": "@SUM(A1)"}, [("text_formula", "address")]),
        ({"address": ""}, [("text_missing", "address")]),
        ({"nationality": "??"}, [("nationality_unknown", "nationality")]),
        ({"resident_since": "1980-01-01"}, [("before_birth", "resident_since")]),
        ({"resident_since": "2024-01-02", "died": "2024-01-01"}, [("after_death", "resident_since")]),
        ({"died": "1980-01-01"}, [("died_before_birth", "died"), ("after_death", "resident_since")]),
    ],
)
def test_a_bad_line_comes_back_with_its_reasons(changes, found):
    good, refused = judged(line(1), line(2, **changes), line(3))
    assert [one.line for one in good] == [2, 4]
    assert codes(refused[3]) == found
    assert {one.line for one in refused[3]} == {3}


@given(st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=30)))
def test_no_text_breaks_the_judgement(cells):
    good, refused = judged(line(1, **cells))
    assert len(good) + len(refused) == 1


# Files


def parts(text, size=100):
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    return list(chunks(file, read_layout(file), size))


HEADER = "number,full_name,birth,sex,unit,address"


def rows(chunk):
    return list(zip(chunk.batch.lines, chunk.batch.number, chunk.batch.full_name, strict=True))


def test_a_file_is_read_in_chunks_with_its_line_numbers():
    text = f"\ufeff{HEADER}\r\n" + "".join(f" 0{n} 1 ,Lan {n},,,,\r\n" for n in range(5)) + "\r\n  \n5,Nga,,,,"
    found = parts(text, 3)
    assert [rows(one) for one in found] == [
        [(2, "001", "Lan 0"), (3, "011", "Lan 1"), (4, "021", "Lan 2")],
        [(5, "031", "Lan 3"), (6, "041", "Lan 4")],
        [(9, "5", "Nga")],
    ]
    assert found[0].batch.died == ["", "", ""]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cells_in_quotation_marks(delimiter):
    names = HEADER.replace(",", delimiter)
    (found,) = parts(
        f'{names}{delimiter}# note\n1{delimiter}"Lan{delimiter} ""Hoa"""{delimiter}{delimiter}{delimiter}\n'
    )
    assert rows(found) == [(2, "1", f'Lan{delimiter} "Hoa"')]


def test_a_line_that_cannot_be_read_spoils_itself_only():
    lines = [
        *(HEADER.encode(), b"1,Lan,,,,", "2,Hòa,,,,".encode("latin-1"), b'3,"Lan,,,,', b"4,Lan,,,,,,7", b"5,La\0n,,,,"),
        *(b"6," + b"x" * 3 * LONGEST_LINE, b'7,ab"c,"d,,,', b"8,Lan,,,,,,", b"9,Lan"),
    ]
    (found,) = parts(b"\n".join(lines))
    assert [number for number, *_ in rows(found)] == [2, 9, 10]
    assert {number: codes([one])[0][0] for number, one in found.unread.items()} == {
        3: "encoding_unknown",
        4: "cells_unreadable",
        5: "cells_unreadable",
        6: "encoding_unknown",
        7: "line_too_long",
        8: "cells_unreadable",
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["file_empty"]),
        ("\n", ["file_empty"]),
        (HEADER.encode("utf-16"), ["encoding_unknown"]),
        (HEADER.encode("utf-16-le"), ["encoding_unknown"]),
        ("number,full_name,birth,sex,unit", ["column_missing"]),
        (f"{HEADER},Shoe size", ["column_unknown"]),
        (f"{HEADER},NUMBER", ["column_twice"]),
        ("nothing", ["column_unknown", *["column_missing"] * 6]),
        ('"number', ["column_missing"] * 6),
    ],
)
def test_a_first_line_that_names_no_columns_spoils_the_file(text, found):
    with pytest.raises(Refused) as told:
        parts(text)
    assert [one.code.partition(".")[2] for one in told.value.reasons] == found


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(content):
    for one in parts(HEADER.encode() + b"\n" + content, 7):
        assert len(one.batch.lines) + len(one.unread) <= 7


# Entering


@pytest.mark.django_db
def test_good_lines_land_with_one_entry_in_the_journal():
    places()
    done = import_persons(BY, batch(line(1), line(2, sex="?"), line(3, unit=ELSEWHERE), line(4, died="2024-01-05")))
    assert (done.taken, done.known, done.likely_same) == (2, 0, (2, 5))
    assert [(one.line, codes(one.reasons)) for one in done.refused] == [
        (3, [("sex_unknown", "sex")]),
        (4, [("outside_area", "unit")]),
    ]
    one = Person.objects.get(number=record(1).number)
    assert record_of(one) == record(1)
    assert (one.words, one.unit, one.address, one.version) == (["du", "nguyen", "van", "vi"], HERE, "12 Đường Mẫu", 1)
    assert list(Residence.objects.order_by("valid_to").values_list("unit", "valid_from", "valid_to")) == [
        (HERE, date(1990, 5, 21), date(2024, 1, 6)),
        (HERE, date(1990, 5, 21), None),
    ]
    ((people, fields),) = journal("import_persons")
    assert people == {key(record(1).number), key(record(4).number)}
    assert "birth" in fields.split()
    assert JournalEntry.objects.get().detail == "2 entered, 0 known, 2 refused"


@pytest.mark.django_db
def test_what_is_there_already_is_known_or_refused():
    enter(1)
    lines = [line(1), line(1, full_name="Nguyễn Văn Khác"), line(2), line(2), line(2, full_name="Lan")]
    done = import_persons(BY, batch(*lines))
    assert (done.taken, done.known) == (3, 2)
    assert {one.line: codes(one.reasons) for one in done.refused} == {
        number: [("number_taken", "number")] for number in (3, 6)
    }
    again = import_persons(BY, batch(*lines))
    assert (again.taken, again.known, again.refused) == (3, 3, done.refused)
    assert Person.objects.count() == Residence.objects.count() == 2


@pytest.mark.django_db
def test_the_same_batch_gets_the_same_answer():
    places()
    by = By(registrar(), AT, Once("file 2-3", b"digest"))
    told = batch(line(1), line(2, birth=""))
    first = import_persons(by, told)
    assert import_persons(by, told) == first
    assert first.known == 0
    assert len(journal("import_persons")) == 1


@pytest.mark.django_db
def test_texts_that_look_like_escapes_land_as_they_are():
    places()
    address = "\\N 7\\t \\\\ {}\\.,'"
    import_persons(BY, batch(line(1, address=address, full_name="Null Null"), line(2, address="\\N")))
    assert Person.objects.get(number=record(1).number).address == address
    assert Person.objects.get(number=record(1).number).words == ["null"]
    assert Residence.objects.get(person__number=record(2).number).address == "\\N"


@pytest.mark.django_db
def test_an_empty_batch_and_units_that_no_database_takes():
    places()
    assert import_persons(BY, batch()).taken == 0
    done = import_persons(BY, batch(line(1, unit="H38\0"), line(2, unit="\ud800"), line(3, address="a\0b")))
    assert [codes(one.reasons) for one in done.refused] == [
        [("not_a_commune", "unit")],
        [("not_a_commune", "unit")],
        [("text_unreadable", "address")],
    ]


@pytest.mark.django_db
def test_nobody_imports_without_the_scope():
    with pytest.raises(NotAllowed):
        import_persons(By(Actor("nobody"), AT), batch(line(1)))
