"""Viet Nam's calendar, units and tile map, as the domain reference lists them."""

import csv
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest

from doorstep.kernel.values.unit_tree import read_units
from doorstep.profiles.vietnam import PROFILE, profile
from doorstep.profiles.vietnam.calendar import CALENDAR
from doorstep.profiles.vietnam.units import GRID, PIN_PREFIXES, UNITS, invented_communes

DAY = date(2024, 6, 30)

FREE = {
    *(date(2024, 2, day) for day in range(8, 15)),
    *(date(2024, month, day) for month, day in ((1, 1), (4, 18), (4, 29), (4, 30), (5, 1), (9, 2), (9, 3))),
}


def test_the_working_days_of_2024():
    days = [date.fromordinal(ordinal) for ordinal in range(date(2024, 1, 1).toordinal(), date(2025, 1, 1).toordinal())]
    expected = {day for day in days if (day.weekday() < 5 and day not in FREE) or day == date(2024, 5, 4)}
    assert {day for day in days if CALENDAR.working_day(day)} == expected
    assert CALENDAR.years == {2024}
    assert all(special.source and special.certainty == "general-knowledge" for special in CALENDAR.special.values())


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        ("2024-05-21", 0, "2024-05-21"),
        ("2024-05-21", 1, "2024-05-22"),
        ("2024-05-24", 1, "2024-05-27"),
        ("2024-02-07", 1, "2024-02-15"),
        ("2024-04-26", 1, "2024-05-02"),
        ("2024-05-02", 2, "2024-05-04"),
        ("2024-05-03", 2, "2024-05-06"),
    ],
)
def test_working_days_are_counted_after_the_day(start, n, end):
    assert CALENDAR.add_working_days(date.fromisoformat(start), n) == date.fromisoformat(end)


def test_working_days_are_not_counted_backward():
    with pytest.raises(ValueError, match="forward"):
        CALENDAR.add_working_days(DAY, -1)


def test_the_legal_day_begins_at_local_midnight():
    assert CALENDAR.day(datetime(2024, 5, 21, 16, 59, tzinfo=UTC)) == date(2024, 5, 21)
    assert CALENDAR.day(datetime(2024, 5, 21, 17, 0, tzinfo=UTC)) == date(2024, 5, 22)


def test_sixty_three_localities_and_twenty_two_ministries():
    assert len(UNITS.localities(DAY)) == 63
    assert len(UNITS.ministries(DAY)) == 22
    assert {row.code for row in UNITS.rows if row.kind == "agency"} == {"G24"}
    assert sum(row.kind == "city" for row in UNITS.localities(DAY)) == 5
    assert len(PIN_PREFIXES) == 63


def test_the_shipped_rows_keep_their_certainty():
    text = files("doorstep.profiles.vietnam").joinpath("units.csv").read_text(encoding="utf-8")
    shipped = {line["code"]: line["certainty"] for line in csv.DictReader(text.splitlines())}
    assert {row.code: row.certainty for row in UNITS.rows} == shipped
    assert {row.code for row in UNITS.rows if row.certainty == "sourced" and row.code[0] == "H"} == {
        *("H14", "H29", "H38", "H41", "H49", "H57")
    }
    assert all(row.source for row in UNITS.rows)


def test_each_locality_has_a_cell_of_its_own():
    assert set(GRID) == {row.code for row in UNITS.localities(DAY)}
    assert len(set(GRID.values())) == 63
    assert GRID["H14"][1] < GRID["H26"][1] < GRID["H57"][1] < GRID["H29"][1] < GRID["H12"][1]


def test_what_lies_below_is_invented_and_says_so():
    rows = invented_communes("H38", 3, 2)
    assert [row.code for row in rows if row.kind == "commune"] == ["H38.901", "H38.902", "H38.903"]
    assert [row.parent for row in rows if row.code == "H38.903.02"] == ["H38.903"]
    assert {row.certainty for row in rows} == {"invented"}
    assert rows[0].names == {"vi": "Xã Ví Dụ 1", "en": "Sample commune 1"}
    with pytest.raises(ValueError, match="at most 99"):
        invented_communes("H38", 100)


def test_invented_communes_pass_as_an_import_would():
    header = "code,kind,name_vi,name_en,valid_from,source,certainty\n"
    lines = [
        f"{row.code},{row.kind},{row.names['vi']},{row.names['en']},{row.valid_from},{row.source},{row.certainty}\n"
        for row in invented_communes("H38", 99, 1)
    ]
    rows, reasons = read_units(header + "".join(lines), UNITS.rows)
    assert (len(rows), reasons) == (198, [])


def test_the_profile_tells_demo_from_production():
    assert not PROFILE.fictitious
    assert profile(fictitious=True).fictitious
    assert (PROFILE.currency.code, PROFILE.currency.decimals) == ("VND", 0)
    assert (PROFILE.language, PROFILE.calendar.zone.key) == ("vi", "Asia/Ho_Chi_Minh")
    assert all("sourced" in text or "general knowledge" in text for text in PROFILE.legal_bases.values())
