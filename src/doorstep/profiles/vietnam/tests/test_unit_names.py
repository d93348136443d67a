"""Each unit has a name of its own in each of the four languages, and published figures still find theirs."""

import csv
from collections import Counter
from importlib.resources import files

import pytest

from doorstep.profiles.vietnam import PROFILE
from doorstep.profiles.vietnam.units import UNITS
from doorstep.systems.steering.rules.figures import FigureScope
from doorstep.systems.steering.rules.rows import Answering, read_figures

LANGUAGES = ("vi", "en", "de", "ar")
NAMES = {str(row.code): row.names for row in UNITS.rows}


def shipped(name: str) -> dict[str, dict[str, str]]:
    text = files("doorstep.profiles.vietnam").joinpath(name).read_text(encoding="utf-8")
    return {line["code"]: line for line in csv.DictReader(text.splitlines())}


def test_all_units_have_four_names() -> None:
    assert len(NAMES) == 86
    for names in NAMES.values():
        assert set(names) == set(LANGUAGES)
        assert all(name and name == name.strip() for name in names.values())


def test_no_name_is_without_a_unit() -> None:
    assert shipped("unit-names.csv").keys() == NAMES.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_units_share_a_name(language: str) -> None:
    assert [name for name, count in Counter(names[language] for names in NAMES.values()).items() if count > 1] == []


def test_each_name_is_in_its_script() -> None:
    for names in NAMES.values():
        assert all("\u0600" <= letter <= "\u06ff" or letter in " -" for letter in names["ar"]), names
        assert all(letter.isascii() or letter in "äöüßÄÖÜ" for letter in names["de"]), names


def test_figures_find_provinces_by_their_english_name_on_the_list() -> None:
    listed = shipped("units.csv")
    assert {code: names["en"] for code, names in NAMES.items() if code[0] == "H"} == {
        code: line["name_en"] for code, line in listed.items() if code[0] == "H"
    }
    assert {code: names["vi"] for code, names in NAMES.items()} == {
        code: line["name_vi"] for code, line in listed.items()
    }


def test_ministries_say_that_they_are_ministries() -> None:
    for code, names in NAMES.items():
        if names["vi"].startswith("Bộ "):
            assert names["en"].startswith("Ministry of "), code
            assert "ministerium" in names["de"].lower(), code
            assert names["ar"].startswith("وزارة "), code
    assert NAMES["G14"]["de"] == "Ministerium für Information und Kommunikation"
    assert (NAMES["H26"]["de"], NAMES["H26"]["ar"]) == ("Hanoi", "هانوي")


def test_all_published_figures_are_taken_under_these_names() -> None:
    assert PROFILE.published is not None
    answering = Answering({code: names["en"] for code, names in NAMES.items()}, PROFILE.committee)
    figures, reasons = read_figures(PROFILE.published.read_bytes(), answering)
    assert (len(figures), reasons) == (36, [])
    assert {figure.area for figure in figures.values() if figure.scope is FigureScope.UNIT} == {"H26"}
