"""Lines of an upload become stays, or reasons with line, field and repair; nothing makes the reader stumble."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.reasons import REASONS, Reason
from doorstep.systems.lodging.country import DocumentType, Sex
from doorstep.systems.lodging.facts import GuestKind
from doorstep.systems.lodging.rules.columns import COLUMNS, by_field, read_header
from doorstep.systems.lodging.rules.records import Stay
from doorstep.systems.lodging.rules.rows import read_row
from doorstep.systems.lodging.tests.builders import AT, TESTLAND, VIETNAM, row

VECTORS = json.loads(Path(__file__).with_name("vectors").joinpath("rows.json").read_text(encoding="utf-8"))


def cells_of(case):
    return {field: cell for field, cell in row(**case["change"]).items() if field not in case.get("drop", ())}


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["about"])
def test_a_line_becomes_a_stay(case):
    assert isinstance(read_row(cells_of(case), 2, VIETNAM.lodging, AT), Stay)


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["about"])
def test_a_bad_line_comes_back_with_every_reason(case):
    reasons = read_row(cells_of(case), 7, VIETNAM.lodging, AT)
    assert sorted((reason.code.partition(".")[2], reason.field, reason.line) for reason in reasons) == sorted(
        (code, field, 7) for code, field in case["reasons"]
    )


def test_what_a_line_says_is_what_the_stay_says():
    stay = read_row(
        row(
            kind="nước ngoài",
            nationality="deu",
            document_number="c01x 00t47",
            full_name="Erika\u00a0Mustermann",
            sex="F",
        )
        | {"visa_until": "30/06/2024", "relation": "người thân", "party": "M1", "reason": "thăm thân"},
        2,
        VIETNAM.lodging,
        AT,
    )
    guest = stay.guest
    assert (guest.kind, guest.nationality, guest.sex) == (GuestKind.FOREIGN, "DE", Sex.FEMALE)
    assert (guest.document_type, guest.document_number) == (DocumentType.PASSPORT, "C01X00T47")
    assert (guest.full_name, guest.birth, guest.visa_until) == (
        "Erika Mustermann",
        date(1990, 5, 21),
        date(2024, 6, 30),
    )
    assert stay.arrival == datetime(2024, 5, 21, 13, 0, tzinfo=UTC)
    assert (stay.expected_departure, stay.reason, stay.relation, stay.party) == (
        date(2024, 5, 23),
        "family",
        "close_family",
        "M1",
    )
    assert "C01X00T47" not in repr(stay)


def test_a_number_of_a_made_up_person_is_refused_in_production():
    from doorstep.profiles.vietnam import PROFILE

    reasons = read_row(row(phone="0000123456"), 2, PROFILE.lodging, AT)
    assert [reason.code for reason in reasons] == ["vietnam.personal_number_fictitious", "vietnam.phone_fictitious"]


@pytest.mark.parametrize("language", [0, 1])
def test_columns_are_known_in_english_and_vietnamese(language):
    names = {column.names[language]: column.field for column in COLUMNS}
    assert read_header(list(names)) == list(names.values())
    cells = by_field(names)
    assert all(field == cell for field, cell in cells.items())
    assert len(cells) == len(COLUMNS)


def test_a_header_is_read_whatever_its_case_accents_and_order():
    header = ["SO_GIAY_TO", " ngay  sinh", "HỌ VÀ TÊN", "gio den", "Arrival Date", "", "ngay di"]
    assert read_header(header) == [
        *("document_number", "birth", "full_name", "arrival_time", "arrival_date", "", "expected_departure")
    ]


def test_a_header_with_a_column_missing_twice_or_unknown_is_refused():
    header = ["full_name", "Họ tên", "birth", "document_number", "arrival_date", "expected_departure", "Shoe size"]
    assert [(reason.code, reason.line, reason.given["column"]) for reason in read_header(header)] == [
        ("lodging.column_unknown", 1, "Shoe size"),
        ("lodging.column_twice", 1, "Full name / Họ và tên"),
        ("lodging.column_missing", 1, "Arrival time / Giờ đến"),
    ]


def test_testland_reads_its_own_guests_by_its_own_clock():
    cells = row(
        full_name="Oak",
        document_number=TESTLAND.fictitious_number(date(1990, 5, 21), False, 7),
        arrival_date="22/05/2024",
        arrival_time="00:15",
        expected_departure="03/06/2024",
        phone="2-34-56",
    )
    stay = read_row(cells, 2, TESTLAND.lodging, AT)
    assert stay.arrival == datetime(2024, 5, 21, 13, 45, tzinfo=UTC)
    assert stay.guest.nationality == "XT"
    longer = read_row(cells | {"expected_departure": "05/06/2024"}, 2, TESTLAND.lodging, AT)
    assert [(reason.code, reason.given) for reason in longer] == [("lodging.stay_too_long", {"nights": 13})]


words = st.text() | st.sampled_from(
    [
        "31/02/2024",
        "9999-12-31",
        "0001-01-01",
        "24:00",
        "2024-05-21T20:00+23:59",
        "\ud800",
        "=1",
        "٣",
        "DE",
        "DEU",
        "foreign",
    ]
)


@given(
    st.dictionaries(st.sampled_from([*(column.field for column in COLUMNS), "arrival"]) | st.text(), words),
    st.booleans(),
)
def test_arbitrary_text_never_raises(changes, at_home):
    country = (VIETNAM if at_home else TESTLAND).lodging
    for cells in (changes, row() | changes):
        found = read_row(cells, 3, country, AT)
        if not isinstance(found, Stay):
            assert found
            assert all(isinstance(reason, Reason) and reason.code in REASONS and reason.line == 3 for reason in found)


@given(st.text())
def test_a_reason_never_repeats_the_document_number(number):
    found = read_row(row(document_number=f"SECRET{number}"), 2, VIETNAM.lodging, AT)
    assert "SECRET" not in repr(found)
