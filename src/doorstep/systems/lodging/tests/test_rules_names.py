"""Names of people all over the world pass; what is no name does not."""

import json
from pathlib import Path

import pytest

from doorstep.kernel.values.names import LONGEST
from doorstep.systems.lodging.rules.names import check_name

VECTORS = json.loads(Path(__file__).with_name("vectors").joinpath("names.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "name_latin"), VECTORS["accepted"])
def test_a_name_passes(name, name_latin):
    assert check_name(name, name_latin) == []


@pytest.mark.parametrize(("name", "name_latin", "code", "field"), VECTORS["refused"])
def test_what_is_no_name_is_refused_where_it_stands(name, name_latin, code, field):
    assert [(reason.code, reason.field) for reason in check_name(name, name_latin)] == [(code, field)]


def test_a_name_has_an_end():
    assert check_name("A" * LONGEST, "") == []
    assert [reason.given for reason in check_name("A" * (LONGEST + 1), "")] == [{"limit": LONGEST}]


def test_the_reason_names_the_sign_not_the_person():
    assert check_name("Minh 7", "")[0].given == {"character": "U+0037"}
