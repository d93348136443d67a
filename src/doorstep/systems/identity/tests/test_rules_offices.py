"""Who may grant what, by vectors."""

from datetime import date, timedelta

import pytest

from doorstep.kernel.declare.scopes import Actor
from doorstep.systems.identity import permissions  # noqa: F401  declares the roles
from doorstep.systems.identity.rules import offices
from doorstep.systems.identity.rules.offices import Term

DAY = date(2024, 3, 1)
ADMIN = Actor("admin", "H38", ("identity.administrator",), level=2)
OPEN = Term(DAY)


def codes(reasons):
    return [one.code.removeprefix("identity.") for one in reasons]


@pytest.mark.parametrize(
    ("subject", "unit", "role", "term", "wrong"),
    [
        ("minh", "H38", "identity.officer", OPEN, []),
        ("minh", "H38.901", "identity.officer", Term(DAY, date(2024, 3, 2)), []),
        ("minh", "H39", "identity.officer", OPEN, ["unit_outside"]),
        ("minh", "H380", "identity.officer", OPEN, ["unit_outside"]),
        ("minh", "", "identity.officer", OPEN, ["unit_outside"]),
        ("minh", "'; --", "identity.officer", OPEN, ["unit_outside"]),
        ("minh", "H38", "no.such", OPEN, ["role_unknown"]),
        ("minh", "H38", "identity.person", OPEN, ["role_unknown"]),
        ("minh", "H38", "identity.officer", Term(DAY, DAY), ["office_days_reversed"]),
        ("admin", "H38", "identity.officer", OPEN, ["office_own"]),
    ],
)
def test_a_grant(subject, unit, role, term, wrong):
    assert codes(offices.check_grant(ADMIN, subject, unit, role, term)) == wrong


def test_a_powerful_office_needs_a_third_person():
    assert codes(offices.check_approval(ADMIN, "minh", "lan")) == []
    assert codes(offices.check_approval(ADMIN, "minh", "admin")) == ["office_same_person"]
    assert codes(offices.check_approval(ADMIN, "admin", "lan")) == ["office_own"]


@pytest.mark.parametrize(
    ("own", "term", "wrong"),
    [
        (OPEN, Term(DAY, DAY + timedelta(days=30)), []),
        (OPEN, Term(DAY, DAY + timedelta(days=91)), ["office_too_long"]),
        (OPEN, Term(DAY), ["office_too_long"]),
        (OPEN, Term(DAY, DAY), ["office_days_reversed"]),
        (Term(DAY, DAY + timedelta(days=10)), Term(DAY, DAY + timedelta(days=11)), ["office_not_in_force"]),
        (Term(DAY + timedelta(days=1)), Term(DAY, DAY + timedelta(days=2)), ["office_not_in_force"]),
    ],
)
def test_lending(own, term, wrong):
    assert codes(offices.check_delegation(own, term, DAY)) == wrong


def test_a_review_is_due_after_a_year():
    assert offices.review_by(date(2022, 3, 1)) == date(2023, 3, 1)


@pytest.mark.parametrize(
    ("unit", "administrators", "found"),
    [
        ("H38.901", {"H38.901": ["a"], "H38": ["b"], "": ["c"]}, "H38.901"),
        ("H38.901", {"H38.902": ["a"], "H3": ["b"], "": ["c"]}, ""),
        ("H38.901", {"H38": []}, None),
        ("", {"H38": ["b"]}, None),
        ("", {"": ["c"]}, ""),
    ],
)
def test_who_looks_after_a_units_offices(unit, administrators, found):
    assert offices.administrators_for(unit, administrators) == found


def test_a_file_of_staff():
    lines, reasons = offices.read_staff(
        "\ufefflogin;role;unit;valid_from;valid_to\nlan;identity.officer;H38;2024-03-01;\n\n"
        "minh;identity.officer;H38.901;1/3/2024;2024-13-01\nhoa;identity.officer;H38;soon;\n"
    )
    assert [(one.line, one.login, one.term) for one in lines] == [(2, "lan", Term(DAY))]
    assert [(one.code, one.field, one.line) for one in reasons] == [
        ("identity.staff_day", "valid_to", 4),
        ("identity.staff_day", "valid_from", 5),
    ]
    assert codes(offices.read_staff("name,role\nx,y")[1]) == ["staff_columns"]
    assert codes(offices.read_staff("")[1]) == ["staff_columns"]
    assert {(one.what, one.to, one.why) for one in lines} == {(offices.What.GRANT, "", "")}
    many = "login,role,unit,valid_from,valid_to\n" + "a,b,c,2024-01-01,\n" * 2_001
    assert codes(offices.read_staff(many)[1]) == ["staff_lines"]


def test_a_file_that_says_what_each_line_does():
    lines, reasons = offices.read_staff(
        "what,login,role,unit,to,valid_from,valid_to,why\n"
        ",lan,identity.officer,H38,,2024-03-01,,\n"
        "Transfer,lan,identity.officer,H38,H38.901,2024-03-01,,\n"
        "end,lan,identity.officer,H38,,,,retired\n"
        "invite,,identity.officer,H38,,2024-03-01,2024-04-01,\n"
        "transfer,lan,identity.officer,H38,H38.901,,,\n"
        "end,lan,identity.officer,H38,,soon,,\n"
        "promote,lan,identity.officer,H38,,2024-03-01,,\n"
    )
    what = offices.What
    assert [(one.line, one.what, one.term, one.to, one.why) for one in lines] == [
        (2, what.GRANT, Term(DAY), "", ""),
        (3, what.TRANSFER, Term(DAY), "H38.901", ""),
        (4, what.END, None, "", "retired"),
        (5, what.INVITE, Term(DAY, date(2024, 4, 1)), "", ""),
    ]
    assert [(one.code, one.field, one.line) for one in reasons] == [
        ("identity.staff_day", "valid_from", 6),
        ("identity.staff_day", "valid_from", 7),
        ("identity.staff_what", "what", 8),
    ]


@pytest.mark.parametrize(
    ("place", "unit", "inside"),
    [
        ("H38.901", "", True),
        ("", "", True),
        ("H38.901", "H38", True),
        ("H38", "H38", True),
        ("H381", "H38", False),
        ("H38", "H38.901", False),
        ("", "H38", False),
        ("nonsense", "", False),
    ],
)
def test_an_area_is_a_unit_and_what_lies_below(place, unit, inside):
    assert offices.within(place, unit) is inside
