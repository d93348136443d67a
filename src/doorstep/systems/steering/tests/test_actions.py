"""Figures come in once each with their history, values are stored when they move, reports are published with leaves."""

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import msgspec
import pytest

from doorstep.kernel.country import profile
from doorstep.kernel.declare.indicators import Cell
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.lake import rings
from doorstep.kernel.lake.models import Leaf, Pin, Ring
from doorstep.kernel.store import units
from doorstep.kernel.store.models import JournalEntry, Unit
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import NotAllowed, Refused
from doorstep.kernel.values.units import UnitCode
from doorstep.systems.steering import queries, tasks
from doorstep.systems.steering.actions import (
    answer_request,
    import_figures,
    publish_report,
    request_report,
    store_values,
)
from doorstep.systems.steering.models import Figure, Report, ReportRequest, Value
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.tests import builders
from doorstep.systems.steering.tests.builders import PUBLISHED
from doorstep.systems.steering.tests.records import AT, LATER, SECRETARY, STAYS, line, official_units, submit

pytestmark = pytest.mark.django_db
CLERK = By(tasks.CLERK, AT)
ROWS = {row["key"]: row for row in csv.DictReader(io.StringIO(PUBLISHED.decode()))}


@pytest.fixture(autouse=True)
def _units():
    official_units()


def file(*rows: dict[str, str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(ROWS[STAYS]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def value_of(key: str, at: datetime | None = None) -> Decimal | None:
    return next(figure.value for figure in queries.figures(at) if figure.key == key)


# Figures


def test_all_36_published_figures_come_in_as_submitted_ones():
    done = submit()
    assert (done.taken, done.new, done.reasons) == (36, 36, ())
    kept = {figure.key: figure for figure in queries.figures()}
    assert len(kept) == 36
    for key, row in ROWS.items():
        figure = kept[key]
        assert (figure.value, figure.baseline, figure.target) == tuple(
            Decimal(row[name]) if row[name] else None for name in ("value", "baseline", "target")
        )
        assert figure.as_of == date.fromisoformat(row["as_of"])
        assert figure.qualifier.replace("_", " ") == (row["qualifier"] or "none")
        assert figure.source == row["source"]
        assert figure.submitted_by == (row["submitted_by"] or "G22"), "somebody answers for each"
    entry = JournalEntry.objects.get()
    assert (entry.actor, entry.detail) == ("secretary", "36 figures")
    assert bytes(entry.digest) == sha256(PUBLISHED).digest()


def test_the_same_file_again_changes_nothing():
    submit()
    before = list(Figure.objects.order_by("id").values())
    again = submit(at=LATER)
    assert (again.taken, again.new, again.reasons) == (36, 0, ())
    assert list(Figure.objects.order_by("id").values()) == before
    assert JournalEntry.objects.filter(detail="0 figures").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_import_the_same_figures_at_once_enter_them_once():
    one, other = at_once(submit, lambda: submit(at=LATER))
    assert {one.new, other.new} == {36, 0}
    assert Figure.objects.count() == 36


def test_a_printed_zero_more_is_another_value():
    """60.0 is known to a tenth, 60 is not."""
    for value, new in (("60", 1), ("60.0", 1), ("60.0", 0)):
        assert submit(file(ROWS["ipv6.rate"] | {"value": value})).new == new


def test_a_unit_that_has_ended_still_answers_for_figures_of_its_time():
    Unit.objects.filter(code="H26").update(valid_to=AT.date())
    assert submit(file(ROWS[STAYS] | {"scope": "Ha Noi", "submitted_by": "H26"})).new == 1


def test_the_committee_answers_where_nobody_is_named():
    import_figures(By(SECRETARY, AT), file(ROWS[STAYS]))
    assert queries.figures()[0].submitted_by == profile().committee == "G14"


def test_whoever_acts_for_a_unit_submits_its_figures_only():
    actor = msgspec.structs.replace(SECRETARY, unit="G14")
    done = import_figures(By(actor, AT), PUBLISHED, "G22")
    assert {figure.submitted_by for figure in queries.figures()} == {"G14"}
    assert {reason.code for reason in done.reasons} == {"steering.figure_of_another"}
    assert done.new + len(done.reasons) == 36


def test_another_value_replaces_and_both_stay():
    submit()
    corrected = file(ROWS[STAYS] | {"value": "8778723"}, ROWS["ipv6.rate"])
    done = submit(corrected, LATER)
    assert (done.taken, done.new) == (2, 1)
    assert (value_of(STAYS), value_of("ipv6.rate")) == (8778723, 60)
    assert value_of(STAYS, AT) == 8778722, "as it stood then"
    assert value_of(STAYS, LATER - timedelta(microseconds=1)) == 8778722
    assert value_of(STAYS, LATER) == 8778723
    assert len(queries.figures(AT)) == len(queries.figures(LATER)) == 36
    assert list(Figure.objects.filter(key=STAYS).order_by("submitted").values_list("replaced", flat=True)) == [
        LATER,
        None,
    ]
    assert queries.figures(AT - timedelta(days=1)) == []


def test_a_value_that_comes_back_is_a_submission_of_its_own():
    for value, at in (("1", AT), ("2", LATER), ("1", LATER + timedelta(days=1))):
        assert submit(file(ROWS[STAYS] | {"value": value}), at).new == 1
    assert Figure.objects.filter(key=STAYS).count() == 3
    assert [value_of(STAYS, at) for at in (AT, LATER, None)] == [1, 2, 1]


def test_a_figure_of_another_day_stands_beside():
    submit()
    older = ROWS["ipv6.rate"] | {"as_of": "2023-12-31", "value": "59", "baseline_as_of": "2023-06-30"}
    assert submit(file(older), LATER).new == 1
    assert Figure.objects.filter(key="ipv6.rate", replaced=None).count() == 2


def test_figures_of_several_units_stand_beside_the_country_s():
    scopes = ("Ha Noi", "national", "H38")
    rows = [ROWS[STAYS] | {"scope": scope, "value": str(100 + place)} for place, scope in enumerate(scopes)]
    done = submit(file(*rows))
    assert (done.new, done.reasons) == (3, ())
    assert {figure.area: figure.value for figure in queries.figures()} == {"H26": 100, "": 101, "H38": 102}
    for order in (rows, rows[::-1]):
        submit(file(*order), LATER)
        built = reports.build_report(builders.PERIOD, queries.figures(), {}, {"H26", "H38"}, made_at=AT)
        assert line(built, STAYS).submitted.value == 101, "the country's report says the country's figure"
    assert submit(file(rows[0], rows[0])).reasons[0].code == "steering.duplicate_figure"


@pytest.mark.parametrize(
    ("changes", "owner", "code", "field"),
    [
        ({"computed_by": ""}, "G22", "steering.figure_without_owner", "submitted_by"),
        ({"submitted_by": "G99"}, "G22", "steering.unknown_unit", "submitted_by"),
        ({}, "ZZZ", "steering.unknown_unit", "submitted_by"),
        ({"measure_unit": ""}, "G22", "steering.figure_without_unit", "measure_unit"),
        ({"measure_unit": "furlongs"}, "G22", "steering.unknown_code", "measure_unit"),
        ({"value": "8,778,722"}, "G22", "steering.bad_number", "value"),
        ({"as_of": "2024-06-31"}, "G22", "steering.bad_date", "as_of"),
        ({"note": "=HYPERLINK(1)"}, "G22", "steering.formula_cell", "note"),
    ],
)
def test_a_bad_line_comes_back_with_its_place_and_the_good_ones_land(changes, owner, code, field):
    done = submit(file(ROWS["ipv6.rate"], ROWS[STAYS] | changes, ROWS["fiber.household_rate"]), owner=owner)
    assert [(reason.code, reason.field, reason.line) for reason in done.reasons] == [(code, field, 3)]
    assert {figure.key for figure in queries.figures()} == {"ipv6.rate", "fiber.household_rate"}
    assert (done.taken, done.new) == (2, 2)


def test_a_bad_line_does_not_end_the_figure_that_is_there():
    submit()
    submit(file(ROWS[STAYS] | {"value": "many"}), LATER)
    assert value_of(STAYS) == 8778722


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"key,value\n", PUBLISHED.decode().encode("utf-16")])
def test_what_is_no_such_file_leaves_nothing_but_its_journal_entry(content):
    done = submit(content)
    assert done.reasons
    assert not Figure.objects.exists()
    assert JournalEntry.objects.get().detail == "0 figures"


@pytest.mark.parametrize("role", ["steering.clerk", "lodging.keeper"])
def test_only_who_may_submit_submits(role):
    with pytest.raises(NotAllowed):
        import_figures(By(Actor("x", roles=(role,), level=3), AT), PUBLISHED, "G22")
    assert not Figure.objects.exists()


# Values

JANUARY, MARCH = date(2024, 1, 1), date(2024, 3, 1)


def stored(snapshot: int, *cells: Cell, key: str = STAYS) -> int:
    return store_values(CLERK, snapshot, {key: cells})


def test_only_what_moved_is_stored():
    first = (Cell("H26", JANUARY, 5), Cell("H38", JANUARY, 7), Cell("H38", MARCH, 1))
    assert stored(3, *first) == 3
    assert stored(4, *first) == 0
    assert stored(5, first[0], Cell("H38", JANUARY, 8), first[2], Cell("H63", MARCH, 2)) == 2
    assert Value.objects.filter(snapshot=4).count() == 0
    assert set(Value.objects.filter(snapshot=5).values_list("unit", "numerator")) == {("H38", 8), ("H63", 2)}
    assert set(Value.objects.filter(snapshot=3).values_list("unit", "numerator")) == {
        ("H26", 5),
        ("H38", 7),
        ("H38", 1),
    }
    assert [cell.numerator for cell in queries.stored_cells(STAYS)] == [5, 8, 1, 2]


def test_a_cell_that_vanished_becomes_zero_once():
    stored(3, Cell("H26", JANUARY, 5), Cell("H38", MARCH, 1))
    assert stored(4, Cell("H38", MARCH, 1)) == 1
    assert queries.stored_cells(STAYS) == [Cell("H26", JANUARY, 0), Cell("H38", MARCH, 1)]
    assert stored(5, Cell("H38", MARCH, 1)) == 0
    assert stored(6, Cell("H26", JANUARY, 5), Cell("H38", MARCH, 1)) == 1
    moved = Value.objects.filter(unit="H26").order_by("snapshot").values_list("snapshot", "numerator")
    assert list(moved) == [(3, 5), (4, 0), (6, 5)], "what was known at each snapshot stays"


def test_of_a_rate_both_sides_move_and_vanish():
    assert stored(3, Cell("H26", JANUARY, 4, 5), key="a") == 1
    assert stored(4, Cell("H26", JANUARY, 4, 6), key="a") == 1, "the denominator alone moved"
    assert stored(5, key="a") == 1
    assert queries.stored_cells("a") == [Cell("H26", JANUARY, 0, 0)]


def test_indicators_do_not_touch_each_other():
    stored(3, Cell("H26", JANUARY, 4), key="a")
    stored(3, Cell("H26", JANUARY, 5), key="b")
    stored(4, Cell("H26", JANUARY, 6), key="b")
    assert queries.stored_cells("a") == [Cell("H26", JANUARY, 4)]


def test_storing_is_the_clerk_s():
    with pytest.raises(NotAllowed):
        store_values(By(SECRETARY, AT), 3, {STAYS: [Cell("H26", JANUARY, 5)]})
    assert not Value.objects.exists()


# Reports


def test_a_published_report_is_a_leaf_and_so_are_its_months(home):
    submit()
    report = builders.report(evidence=reports.Evidence(7, "checkpoint"))
    digest = publish_report(CLERK, report)
    assert digest == sha256(reports.to_json(report)).hexdigest()
    leaves = [msgspec.json.decode(leaf.entry) for leaf in Leaf.objects.filter(ring=Ring.PUBLIC).order_by("index")]
    assert leaves == [
        {
            "cells": STAYS,
            "report": digest,
            "computed": msgspec.json.decode(reports.to_json(report))["sections"][8]["lines"][1]["computed"],
        },
        {"report": digest, "period": "2024-H1", "unit": "", "snapshot": 7},
    ]
    assert leaves[0]["computed"]["by_month"]["2024-01"]["numerator"] == 779
    assert queries.leaf_of(digest) == 1
    assert queries.report("2024-H1") == queries.by_digest(digest) == report
    assert Pin.objects.get().size == 7
    assert rings.publish(Ring.PUBLIC).size == 2
    assert digest in JournalEntry.objects.get(action="steering.publish_report").detail


def test_what_is_too_small_to_publish_is_in_no_leaf(home):
    rate = builders.indicator("lodging.on_time_rate", rate=True, smallest=10)
    cells = builders.cells(("H38", 1, 7, 9), ("H26", 1, 11, 12), ("H63", 1, 500, 501))
    report = reports.build_report(
        builders.PERIOD, [], {rate.key: reports.Computation(rate, cells)}, builders.UNITS, made_at=AT
    )
    publish_report(CLERK, report)
    said = msgspec.json.decode(Leaf.objects.get(index=0).entry)["computed"]["by_unit"]
    assert [said[unit]["numerator"] for unit in ("H26", "H38", "H63")] == [None, None, 500]
    assert line(report, rate.key).computed.by_unit["H38"].withheld


def test_publishing_is_not_everybody_s(home):
    with pytest.raises(NotAllowed):
        publish_report(By(Actor("x", roles=("lodging.keeper",), level=3), AT), builders.report())
    assert not Report.objects.exists()
    assert not Leaf.objects.exists()


# Requests


def test_a_request_waits_once_however_often_it_is_made():
    first, again = (request_report(By(SECRETARY, at), "2024-H1") for at in (AT, LATER))
    assert again == first
    (row,) = ReportRequest.objects.all()
    assert (row.period, row.unit, row.requested, row.ended) == ("2024-H1", "", LATER, None)
    assert JournalEntry.objects.filter(detail=f"report 2024-H1  request {row.id}").count() == 2
    others = [request_report(By(SECRETARY, AT), *which) for which in (("2024-H1", "H38"), ("2024",))]
    assert len({first, *others}) == 3


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_for_the_same_report_make_one():
    asked = at_once(*[lambda: request_report(By(SECRETARY, AT), "2024-H1", "H38")] * 6)
    (row,) = ReportRequest.objects.all()
    assert asked == [row.id] * 6


def test_once_answered_the_same_report_can_be_requested_again():
    first = request_report(By(SECRETARY, AT), "2024-H1")
    answer_request(CLERK, first, "", [reports.UNREADABLE("period")])
    assert request_report(By(SECRETARY, LATER), "2024-H1") != first
    waiting, answered = queries.requests()
    assert (waiting.waiting, answered.waiting) == (True, False)
    assert [one.code for one in answered.reasons] == ["steering.report_unreadable"]


@pytest.mark.parametrize(
    ("period", "unit", "code"),
    [("2024-H3", "", "period_unreadable"), ("2024-H1", "H99", "unknown_unit"), ("2024-Q4", "", "period_ahead")],
)
def test_what_is_no_report_cannot_be_requested(period, unit, code):
    with pytest.raises(Refused, match=f"steering.{code}"):
        request_report(By(SECRETARY, AT), period, unit)
    assert not ReportRequest.objects.exists()


def test_requesting_is_the_secretary_s_and_answering_is_not():
    with pytest.raises(NotAllowed):
        request_report(CLERK, "2024-H1")
    request = request_report(By(SECRETARY, AT), "2024-H1")
    with pytest.raises(NotAllowed):
        answer_request(By(SECRETARY, AT), request, "", [])
    with pytest.raises(NotAllowed):
        publish_report(By(SECRETARY, AT), builders.report())


def test_whoever_acts_for_a_unit_requests_its_reports_only():
    by = By(msgspec.structs.replace(SECRETARY, unit="H38"), AT)
    units.load([msgspec.structs.replace(profile().units.rows[0], code=UnitCode("H38.901"))])
    for unit in ("H38", "H38.901"):
        assert request_report(by, "2024-H1", unit)
    for unit in ("", "H26"):
        with pytest.raises(NotAllowed):
            request_report(by, "2024-H1", unit)
    assert [code for code, _ in queries.reportable(by.actor, AT.date(), "en")] == ["H38", "H38.901"]
