"""A report is made once of what is known, out of sealed facts; the same again is the same one, whatever stops halfway."""

import itertools
import threading
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from django.db import connection

from doorstep.kernel.declare.indicators import INDICATORS, Cell
from doorstep.kernel.lake import files, rings, seal
from doorstep.kernel.lake.engine import snapshot
from doorstep.kernel.lake.models import Leaf, Pin, Ring, Segment
from doorstep.kernel.lake.notes import verify_checkpoint
from doorstep.kernel.store import units
from doorstep.kernel.store.models import FactBatch, Installation, JournalEntry, Unit
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.period import Period
from doorstep.kernel.values.reasons import Refused
from doorstep.systems.steering import queries, tasks
from doorstep.systems.steering.actions import request_report
from doorstep.systems.steering.models import Figure, Report, ReportRequest, Value
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.tests.builders import PUBLISHED
from doorstep.systems.steering.tests.records import (
    AT,
    HALF,
    HOUSES,
    LATER,
    ON_TIME,
    SECRETARY,
    STAYS,
    half_a_year,
    line,
    official_units,
    published,
    put,
    submit,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("home")]


@pytest.fixture(autouse=True)
def _units():
    official_units()


# What is stored


def test_a_refresh_seals_and_stores_what_moved():
    half_a_year()
    done = tasks.refresh(AT)
    assert (done.facts, done.snapshot) == (95, snapshot())
    assert not FactBatch.objects.exists()
    assert done.moved == Value.objects.count()
    cells = {(cell.unit, f"{cell.month:%Y-%m}"): cell.numerator for cell in queries.stored_cells(STAYS)}
    assert cells == {("H26", "2024-06"): 50, ("H38", "2024-01"): 30, ("H38", "2024-03"): 12}
    (cell,) = [cell for cell in queries.stored_cells(ON_TIME) if cell.unit == "H26"]
    assert (cell.numerator, cell.denominator) == (40, 50)


def test_a_refresh_with_nothing_new_stores_and_journals_nothing():
    half_a_year()
    first = tasks.refresh(AT)
    entries = JournalEntry.objects.count()
    assert tasks.refresh(LATER) == tasks.Refreshed(0, 0, first.snapshot)
    assert JournalEntry.objects.count() == entries


def test_only_what_moved_is_stored_again():
    half_a_year()
    tasks.refresh(AT)
    put(STAYS, ("H38.901.01", "2024-01-16", 1))
    done = tasks.refresh(LATER)
    assert done.facts == 1
    moved = Value.objects.filter(snapshot=done.snapshot).values_list("indicator", "unit", "month", "numerator")
    assert set(moved) == {(STAYS, "H38", date(2024, 1, 1), 31), (ON_TIME, "H38", date(2024, 1, 1), 31)}
    assert done.moved == 2


def test_what_was_taken_back_is_stored_as_nothing():
    put(STAYS, ("H38", "2024-01-15", 3))
    tasks.refresh(AT)
    put(STAYS, ("H38", "2024-01-15", -3))
    assert tasks.refresh(LATER).moved == 2
    assert queries.stored_cells(STAYS) == [Cell("H38", date(2024, 1, 1), 0)]
    assert queries.stored_cells(ON_TIME) == [Cell("H38", date(2024, 1, 1), 0, 0)]


def test_a_refresh_that_stopped_after_the_seal_goes_on(monkeypatch):
    half_a_year()
    with monkeypatch.context() as broken:
        broken.setattr(tasks, "store_values", lambda *_: (_ for _ in ()).throw(RuntimeError("crash")))
        with pytest.raises(RuntimeError, match="crash"):
            tasks.refresh(AT)
    assert not Value.objects.exists()
    assert tasks.refresh(LATER).moved > 0
    assert queries.stored_cells(STAYS)


# The report


def test_a_report_is_published_once():
    submit()
    half_a_year()
    report = published()
    assert len(list(report.lines())) == 37, "36 published figures, and one that is computed alone"
    row = Report.objects.get()
    assert (bytes(row.body), row.snapshot, row.period, row.unit) == (
        reports.to_json(report),
        report.evidence.size,
        "2024-H1",
        "",
    )
    ring = rings.reader(Ring.PUBLIC)
    assert ring.size == row.leaf + 1
    assert msgspec.json.decode(ring.entry(row.leaf))["report"] == row.sha256
    assert ring.check() is None
    assert Pin.objects.get().size == report.evidence.size


def test_what_is_computed_stands_beside_what_was_submitted():
    submit()
    half_a_year()
    report = published()
    stays, houses, on_time = (line(report, key) for key in (STAYS, HOUSES, ON_TIME))
    assert (stays.submitted.value, stays.computed.total.value) == (8778722, 92)
    assert stays.difference.absolute == 92 - 8778722
    assert {unit: count.value for unit, count in stays.computed.by_unit.items()} == {"H26": 50, "H38": 42}
    assert (houses.computed.total.value, houses.computed.by_month["2024-01"].value) == (3, 2)
    assert on_time.submitted is None
    assert on_time.computed.total.value == Decimal("89.1304"), "82 of 92 in time, to four decimals"
    assert line(report, "ipv6.rate").computed is None


def test_its_evidence_is_the_snapshot_and_its_signed_checkpoint():
    half_a_year()
    evidence = published().evidence
    assert evidence.size == snapshot() == len(evidence.segments) == 5
    head = verify_checkpoint(evidence.checkpoint.encode(), rings.reader(Ring.AUDITORS).verifier_key)
    assert head.size == evidence.size
    assert sum(segment.rows for segment in evidence.segments) == 95


def test_the_same_again_is_the_same_report():
    submit()
    half_a_year()
    first = published()
    leaves = Leaf.objects.count()
    for at in (AT, LATER, AT + timedelta(days=100)):
        assert published(at) == first
    assert Report.objects.count() == 1
    assert Leaf.objects.count() == leaves


@pytest.mark.django_db(transaction=True)
def test_two_who_make_the_same_report_at_once_make_one():
    half_a_year()
    one, other = at_once(lambda: published(AT), lambda: published(LATER))
    assert one == other == queries.report("2024-H1")
    assert Leaf.objects.filter(ring=Ring.PUBLIC).count() == Report.objects.get().leaf + 1


def test_facts_of_another_time_make_no_new_report():
    half_a_year()
    first = published()
    put(STAYS, ("H38", "2024-07-01", 5))
    assert published(LATER) == first
    assert Report.objects.count() == 1


@pytest.mark.parametrize("change", ["facts", "figures"])
def test_what_is_new_makes_a_new_report_and_the_old_one_stays(change):
    submit()
    half_a_year()
    first = published()
    if change == "facts":
        put(STAYS, ("H38.901.01", "2024-06-30", 5), ("H38.901.01", "2024-01-15", -1))
    else:
        submit(PUBLISHED.replace(b"8778722", b"8778723"), LATER)
    second = published(LATER)
    assert second != first
    assert Report.objects.count() == 2
    assert queries.report("2024-H1") == second
    said = line(second, STAYS)
    assert (said.computed.total.value, said.submitted.value) == ((96, 8778722) if change == "facts" else (92, 8778723))
    assert list(Report.objects.order_by("-made").values_list("snapshot", flat=True)) == [
        second.evidence.size,
        first.evidence.size,
    ]
    assert queries.by_digest(queries.published()[1].sha256) == first


def test_a_period_without_anything_is_refused_with_its_reason():
    half_a_year()
    submit()
    with pytest.raises(Refused) as refused:
        tasks.make_report(Period.parse("2019-Q3"), "", AT)
    assert [(one.code, one.field, one.given) for one in refused.value.reasons] == [
        ("steering.period_empty", "period", {"period": "2019-Q3"})
    ]
    assert not Report.objects.exists()
    assert not Leaf.objects.filter(ring=Ring.PUBLIC).exists()


@pytest.mark.parametrize("which", ["facts", "rollup"])
@pytest.mark.parametrize("code", ["altered", "gone"])
def test_nothing_is_published_on_a_file_that_is_not_as_it_was_sealed(which, code):
    half_a_year()
    tasks.refresh(AT)
    segment = Segment.objects.get(leaf=2)
    path = segment.path if which == "facts" else next(iter(segment.rollups.values()))["path"]
    file = files.root() / path
    whole = file.read_bytes()
    if code == "altered":
        file.write_bytes(whole[:-200] + bytes([whole[-200] ^ 1]) + whole[-199:])
    else:
        file.unlink()
    with pytest.raises(Refused) as refused:
        published()
    assert [(one.code, one.given) for one in refused.value.reasons] == [(f"kernel.lake_file_{code}", {"path": path})]
    assert not Report.objects.exists()
    assert not Leaf.objects.filter(ring=Ring.PUBLIC).exists()
    file.write_bytes(whole)
    assert line(published(), STAYS).computed.total.value == 92


def test_an_open_period_is_reported_until_today_and_again_when_it_is_over():
    half_a_year()
    early = AT - timedelta(days=100)
    first = published(early)
    assert first.until == date(2024, 4, 1)
    assert list(line(first, STAYS).computed.by_month) == ["2024-01", "2024-02", "2024-03", "2024-04"]
    assert published(early + timedelta(days=1)) == first, "the day alone says nothing new"
    over = published()
    assert over.until is None
    assert list(line(over, STAYS).computed.by_month)[-1] == "2024-06"
    for one in (first, over):
        assert not [step for step in tasks.verify(reports.to_json(one)) if isinstance(step, tasks.Difference)]
    with pytest.raises(Refused, match=r"steering\.period_ahead"):
        tasks.make_report(Period.parse("2025-H1"), "", AT)


def test_on_a_new_installation_nothing_is_there_to_report():
    with pytest.raises(Refused) as refused:
        published()
    assert refused.value.reasons[0].code == "steering.period_empty"


def test_figures_alone_make_a_report_that_can_be_proved():
    submit()
    report = published()
    assert len(list(report.lines())) == 36
    assert report.evidence == reports.Evidence(0, "")
    assert published(LATER) == report
    content = reports.to_json(report)
    assert [step for step in tasks.verify(content) if isinstance(step, tasks.Difference)] == []
    row = Figure.objects.get(key=STAYS)
    row.figure["value"] = "8778723"
    row.save()
    *_, found = tasks.verify(content)
    assert "/submitted/value: the report says '8778722', the records say '8778723'" in found.text


def test_a_unit_s_report_is_about_its_own_records():
    submit()
    half_a_year()
    report = published(unit="H38")
    assert line(report, STAYS).computed.total.value == 42
    assert {unit: c.value for unit, c in line(report, STAYS).computed.by_unit.items()} == {"H38.901": 30, "H38.902": 12}
    assert line(report, STAYS).submitted is None
    assert published(LATER, "H38") == report
    national = published(LATER)
    assert national.unit == ""
    assert queries.report("2024-H1", "H38") == report
    assert [one.unit for one in queries.published()] == ["", "H38"]


def test_a_unit_that_ended_with_the_period_still_has_its_report():
    half_a_year()
    Unit.objects.filter(code="H38").update(valid_to=HALF.end)
    assert line(published(unit="H38"), STAYS).computed.total.value == 42
    Unit.objects.filter(code="H38").update(valid_to=HALF.last)
    with pytest.raises(Refused, match="unknown_unit"):
        published(unit="H38")


def test_a_unit_of_the_legal_day_of_making_is_known():
    """17:00 UTC is the next day already."""
    half_a_year()
    Unit.objects.filter(code="H38").update(valid_from=date(2024, 7, 11))
    with pytest.raises(Refused, match="unknown_unit"):
        published(AT.replace(hour=16), "H38")
    assert published(AT.replace(hour=17), "H38")


def test_from_a_merger_on_the_records_of_both_units_count_for_the_one_that_went_on():
    """H63 merges into H38 on the first day of the second quarter; facts keep the unit that they were written for."""
    before, after = Period.parse("2024-Q1"), Period.parse("2024-Q2")
    put(STAYS, ("H38.901", "2024-03-31", 20), ("H63.901", "2024-03-31", 30), ("H63.901", "2024-04-01", 40))
    (gone,) = (row for row in units.rows() if row.code == "H63")
    units.load([msgspec.structs.replace(gone, valid_to=after.start, successor="H38")], restate=True)

    def computed(period, unit):
        found = line(tasks.make_report(period, unit, AT), STAYS).computed
        return found.total.value, {code: count.value for code, count in found.by_unit.items()}

    assert computed(before, "") == (50, {"H38": 20, "H63": 30})
    assert computed(after, "") == (90, {"H38": 90})
    assert computed(before, "H63") == (30, {"H63.901": 30})
    assert computed(after, "H38") == (90, {"H38": 70, "H38.901": 20})
    with pytest.raises(Refused):
        tasks.make_report(after, "H63", AT)


def test_a_unit_that_is_not_there_is_refused():
    half_a_year()
    for unit in ("H99", "h38", "H38.999", "X"):
        with pytest.raises(Refused) as refused:
            published(unit=unit)
        assert refused.value.reasons[0].code == "steering.unknown_unit"


def test_rollups_and_facts_build_the_same_report():
    submit()
    half_a_year()
    put(STAYS, ("H26.1.1", "2024-06-30", -3), ("G14", "2024-05-01", 11))
    size = tasks.refresh(AT).snapshot
    for unit, scale in (("", None), ("", Decimal("0.001")), ("H38", None)):
        one, other = (tasks.build(HALF, unit, AT, size, "", scale, source) for source in ("rollup", "facts"))
        assert reports.to_json(one) == reports.to_json(other)
        assert line(one, STAYS).computed.records


def test_a_report_as_known_at_an_earlier_snapshot():
    put(STAYS, ("H38", "2024-01-15", 3))
    early = tasks.refresh(AT).snapshot
    put(STAYS, ("H38", "2024-01-15", 4))
    late = tasks.refresh(AT).snapshot
    values = [line(tasks.build(HALF, "", AT, size, "", None), STAYS).computed.total.value for size in (early, late)]
    assert values == [3, 7]


def test_simulated_records_are_marked_with_their_scale():
    submit()
    half_a_year()
    Installation.objects.create(key="simulated", value={"scale": "0.001", "seed": 1})
    report = published()
    assert report.simulated_scale == Decimal("0.001")
    assert line(report, STAYS).difference.comparable == 92000


def test_a_report_that_stopped_before_its_leaf_was_signed_is_signed_by_the_next(monkeypatch):
    submit()
    half_a_year()
    sound, calls = rings.publish, itertools.count()
    with monkeypatch.context() as broken:
        broken.setattr(rings, "publish", lambda ring: {}["crash"] if next(calls) else sound(ring))
        with pytest.raises(KeyError, match="crash"):
            published()
    assert Report.objects.count() == 1
    assert rings.reader(Ring.PUBLIC).size == 0
    report = published(LATER)
    assert Report.objects.count() == 1
    assert report.made_at == AT
    assert rings.reader(Ring.PUBLIC).size == Leaf.objects.filter(ring=Ring.PUBLIC).count()


def test_a_report_that_stopped_before_it_was_published_leaves_nothing(monkeypatch):
    half_a_year()
    with monkeypatch.context() as broken:
        broken.setattr(Report.objects, "create", lambda **_: (_ for _ in ()).throw(RuntimeError("crash")))
        with pytest.raises(RuntimeError, match="crash"):
            published()
    assert not Leaf.objects.filter(ring=Ring.PUBLIC).exists()
    assert published(LATER).made_at == LATER


def test_figures_that_come_in_while_the_report_is_built_are_in_it(monkeypatch):
    """The import began before, so that whoever builds the report of that instant again finds them."""
    submit()
    build, calls = tasks.build, itertools.count()

    def overtaken(*args):
        built = build(*args)
        if not next(calls):
            submit(PUBLISHED.replace(b"8778722", b"8778723"), AT - timedelta(seconds=1))
        return built

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "build", overtaken)
        report = published()
    assert line(report, STAYS).submitted.value == 8778723
    assert Report.objects.count() == 1
    assert not [step for step in tasks.verify(reports.to_json(report)) if isinstance(step, tasks.Difference)]


def test_figures_that_come_in_after_the_report_are_not_of_its_time():
    submit()
    report = published(LATER)
    submit(PUBLISHED.replace(b"8778722", b"8778723"), AT)
    assert next(one.value for one in queries.figures(LATER) if one.key == STAYS) == 8778722
    assert next(one.value for one in queries.figures() if one.key == STAYS) == 8778723
    assert not [step for step in tasks.verify(reports.to_json(report)) if isinstance(step, tasks.Difference)]


def test_whoever_seals_meanwhile_does_not_spoil_the_evidence(monkeypatch):
    submit()
    half_a_year()
    build = tasks.build

    def overtaken(*args):
        put(STAYS, ("H38", "2024-01-20", 100))
        seal.seal()
        return build(*args)

    monkeypatch.setattr(tasks, "build", overtaken)
    report = published()
    monkeypatch.undo()
    head = verify_checkpoint(report.evidence.checkpoint.encode(), rings.reader(Ring.AUDITORS).verifier_key)
    assert head.size == report.evidence.size
    assert all(segment.leaf < head.size for segment in report.evidence.segments)
    assert not [step for step in tasks.verify(reports.to_json(report)) if isinstance(step, tasks.Difference)]


@pytest.mark.django_db(transaction=True)
def test_whoever_compacts_meanwhile_takes_no_file_away(monkeypatch):
    monkeypatch.setattr(seal, "MERGE_FROM", 3)
    for day in (1, 2):
        put(STAYS, ("H38", f"2024-01-{day:02}", 5))
        seal.seal()
    build = tasks.build

    def compact() -> None:
        try:
            put(STAYS, ("H38", "2024-01-20", 100))
            seal.seal()
            seal.seal()
        finally:
            connection.close()

    def overtaken(*args):
        thread = threading.Thread(target=compact)
        thread.start()
        thread.join()
        return build(*args)

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "build", overtaken)
        report = published()
    assert line(report, STAYS).computed.total.value == 10
    assert len(report.evidence.segments) == 2
    assert Segment.objects.exclude(merged=None).count() == 3
    assert not [step for step in tasks.verify(reports.to_json(report)) if isinstance(step, tasks.Difference)]
    Pin.objects.all().delete()
    seal.compact()
    assert not Segment.objects.exclude(merged=None).exists(), "afterwards they go"


def test_every_indicator_of_the_house_is_computed():
    half_a_year()
    tasks.refresh(AT)
    assert {STAYS, HOUSES, ON_TIME} <= set(INDICATORS)
    assert {STAYS, HOUSES, ON_TIME} == set(Value.objects.values_list("indicator", flat=True))


# Requests


def ask(period: str = "2024-H1", unit: str = "", at=AT) -> ReportRequest:
    return ReportRequest.objects.get(id=request_report(By(SECRETARY, at), period, unit))


def told(request: ReportRequest) -> tuple[bool, str, list[str]]:
    """Is it answered, with which report or why with none?"""
    request.refresh_from_db()
    return request.ended is not None, request.sha256, [one["code"] for one in request.reasons]


def test_what_was_requested_is_made_and_what_cannot_be_made_holds_up_nothing():
    submit()
    half_a_year()
    nation, empty, unit = ask(), ask("2019-Q3"), ask(unit="H38")
    tasks.make_requested(LATER)
    assert told(nation) == (True, queries.newest("2024-H1"), [])
    assert told(empty) == (True, "", ["steering.period_empty"])
    assert told(unit) == (True, queries.newest("2024-H1", "H38"), [])
    assert set(JournalEntry.objects.filter(action="steering.answer_request").values_list("actor", flat=True)) == {
        "task:steering"
    }
    entries = JournalEntry.objects.count()
    tasks.make_requested(LATER)
    assert JournalEntry.objects.count() == entries, "nothing waits, nothing is journalled"


def test_what_was_imported_before_the_request_is_in_the_report():
    submit()
    submit(PUBLISHED.replace(b"8778722", b"8778723"), LATER)
    ask(at=LATER)
    tasks.make_requested(LATER - timedelta(microseconds=1))
    assert not Report.objects.exists(), "it waits for the next turn"
    tasks.make_requested(LATER)
    assert line(queries.report("2024-H1"), STAYS).submitted.value == 8778723


def test_whoever_asks_again_while_the_report_is_made_gets_one_more(monkeypatch):
    submit()
    request = ask()
    build = tasks.build

    def overtaken(*args):
        submit(PUBLISHED.replace(b"8778722", b"8778723"), LATER)
        ask(at=LATER)
        return build(*args)

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "build", overtaken)
        tasks.make_requested(AT)
    assert told(request)[0] is False
    tasks.make_requested(LATER)
    assert told(request) == (True, queries.newest("2024-H1"), [])
    assert line(queries.report("2024-H1"), STAYS).submitted.value == 8778723
    assert Report.objects.count() == 2


def test_what_goes_wrong_unforeseen_is_said_and_told_to_the_operator(monkeypatch):
    submit()
    failing, fine = ask(), ask("2024-H1", "H26", LATER)
    with monkeypatch.context() as broken:
        broken.setattr(tasks, "build", lambda *_: {}["broken"])
        with pytest.raises(KeyError, match="broken"):
            tasks.make_requested(LATER)
    assert told(failing) == (True, "", ["steering.making_failed"])
    assert told(fine)[0] is False, "it waits for the next turn"
    tasks.make_requested(LATER)
    assert told(fine)[0] is True


def test_a_request_whose_maker_was_killed_waits_for_the_next_one(monkeypatch):
    submit()
    request = ask()
    with monkeypatch.context() as killed:
        killed.setattr(tasks, "build", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            tasks.make_requested(AT)
    assert told(request)[0] is False
    tasks.make_requested(LATER)
    assert told(request) == (True, queries.newest("2024-H1"), [])


def test_a_file_of_the_lake_that_is_gone_is_the_reason():
    half_a_year()
    tasks.refresh(AT)
    segment = Segment.objects.get(leaf=2)
    (files.root() / segment.path).unlink()
    request = ask()
    tasks.make_requested(AT)
    assert told(request) == (True, "", ["kernel.lake_file_gone"])
    ((shown, *_),) = [queries.requests()]
    assert [one.given for one in shown.reasons] == [{"path": segment.path}]


def test_reports_are_made_by_the_recurring_work():
    assert tasks.make_requested in [work for _, work in tasks.EVERY]
