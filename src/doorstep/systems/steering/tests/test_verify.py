"""A published report holds against the records; one changed byte anywhere is named, with the place where it stands."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from doorstep.kernel.lake import files, rings, seal
from doorstep.kernel.lake.models import Pin, Ring, Segment
from doorstep.systems.steering import tasks
from doorstep.systems.steering.models import Figure, Report
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.tests.builders import PUBLISHED
from doorstep.systems.steering.tests.records import (
    LATER,
    STAYS,
    half_a_year,
    official_units,
    published,
    put,
    submit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def content(home: Path) -> bytes:
    """The published report's file."""
    official_units()
    submit()
    half_a_year()
    return reports.to_json(published())


def steps(content: bytes) -> tuple[list[str], str]:
    """What holds, and the difference that ends it ("" for none)."""
    held, found = [], ""
    for step in tasks.verify(content):
        assert not found, "nothing comes after the first difference"
        if isinstance(step, tasks.Difference):
            found = step.text
        else:
            held.append(step)
    return held, found


def test_an_unchanged_report_holds(content):
    held, found = steps(content)
    assert found == ""
    assert held[0] == "report 2024-H1, 37 figures"
    assert held[1].startswith("checkpoint of 5 leaves is signed by localhost/log/auditors")
    assert held[2].startswith("5 segments")
    assert held[3].startswith("every figure, recomputed from the facts")
    assert "of the public ring of" in held[4]
    assert len(held) == 5


def test_proving_changes_nothing(content):
    assert steps(content) == steps(content)


def test_a_unit_s_report_holds_too():
    assert steps(reports.to_json(published(unit="H38")))[1] == ""


# The file


def test_a_changed_number_is_named_with_both_values(content):
    for right, wrong in ((b'"value":"8778722"', b'"value":"8778723"'), (b'"numerator":92', b'"numerator":93')):
        assert right in content
        found = steps(content.replace(right, wrong, 1))[1]
        assert found.startswith("/sections/8/lines/")
        assert "the report says" in found
        assert wrong.split(b":")[1].strip(b'"').decode() in found


WORDS = (
    (b"IPv6 adoption", b"IPv4 adoption", "/submitted/name: the report says 'IPv4 adoption', the records say 'IPv6 ad"),
    (b'"submitted_by":"G14"', b'"submitted_by":"G15"', "the report says 'G15', the records say 'G14'"),
    (b'"qualifier":"estimate"', b'"qualifier":"about"', "the report says 'about', the records say 'estimate'"),
    (b'"H38":{', b'"H39":{', "/by_unit/H38: the report says None"),
    (b'"up",', b'"up.about",', "/sentences/0: the report says 'up.about', the records say 'up'"),
    (b'"simulated_scale":null', b'"simulated_scale":"0.5"', "the report says"),
    (b"2024-07-10T07:00:00Z", b"2024-07-10T08:00:00Z", "no report with the digest"),
)


def test_a_changed_word_is_named(content):
    for right, wrong, said in WORDS:
        assert right in content
        assert said in steps(content.replace(right, wrong, 1))[1]


BYTES = (
    (lambda c: c + b"\n", "canonical"),
    (lambda c: c.replace(b'"unit":""', b'"unit": ""', 1), "canonical"),
    (lambda c: c.replace(b"IPv6", b"\\u0049Pv6", 1), "canonical"),
    (lambda c: c.replace(b'"sections"', b'"more":1,"sections"', 1), "canonical"),
    (lambda c: c.replace(b"T07:00:00Z", b"T07:00:00+00:00"), "canonical"),
    (lambda c: c[:-20], "no report"),
    (lambda c: c.replace(b'"label":"2024-H1"', b'"label":"2024-H2"'), "no report"),
    (lambda c: c.replace(b'"made_at"', b'"made_at_"'), "no report"),
    (lambda c: c.replace(b"IPv6", b"\xffPv6", 1), "no report"),
    (lambda _: b"", "no report"),
    (lambda _: b"{}", "no report"),
    (lambda _: b"[" * 100_000, "no report"),
)


def test_what_is_not_the_file_as_it_was_written_is_refused(content):
    for place, (changed, said) in enumerate(BYTES):
        assert changed(content) != content
        held, found = steps(changed(content))
        assert held == []
        assert said in found, place


def test_any_one_byte_that_is_changed_is_found(content):
    places = range(7, len(content), max(len(content) // 40, 1))
    for place in places:
        wrong = bytearray(content)
        wrong[place] ^= 1
        assert steps(bytes(wrong))[1], f"byte {place}: {content[place - 20 : place + 20]!r}"


def forged(content: bytes, change: Callable[[dict], None]) -> bytes:
    """The file with something else in it, in canonical form again."""
    document = msgspec.json.decode(content)
    change(document)
    read = reports.from_json(msgspec.json.encode(document))
    assert isinstance(read, reports.Report)
    return reports.to_json(read)


FORGED = (
    (lambda e: e["segments"].pop(), "/evidence/segments/4: the report says None"),
    (lambda e: e["segments"][0].update(leaf=3), "leaf 3 says otherwise"),
    (lambda e: e["segments"][0].update(leaf=10**6), "leaf 1000000"),
    (lambda e: e["segments"][0].update(leaf=-1), "leaf -1"),
    (lambda e: e["segments"][0].update(rows=1), "leaf 0 says otherwise"),
    (lambda e: e["segments"][0].update(sha256="0" * 64), "leaf 0 says otherwise"),
    (lambda e: e["segments"][0].update(path="../../../etc/passwd"), "leaf 0 says otherwise"),
    (lambda e: e.update(size=4), "the checkpoint speaks of 5 leaves, the report of 4"),
    (lambda e: e.update(size=10**9), "the checkpoint speaks of 5 leaves"),
    (lambda e: e.update(checkpoint=e["checkpoint"].replace("\n5\n", "\n6\n"), size=6), "the signature"),
    (lambda e: e.update(checkpoint=""), "not a signed note"),
    (lambda e: e.update(checkpoint="", segments=[], size=0), "the records say"),
)


def test_forged_evidence_does_not_hold(content):
    for place, (change, said) in enumerate(FORGED):
        assert said in steps(forged(content, lambda document, change=change: change(document["evidence"])))[1], place


def test_a_report_that_claims_to_rest_on_nothing_does_not_hold(content):
    assert steps(forged(content, lambda document: document.update(evidence=None)))[1]


def test_a_report_that_nobody_published_does_not_hold(content):
    built = reports.from_json(content)
    other = reports.to_json(tasks.build(built.period, "", LATER, built.evidence.size, built.evidence.checkpoint, None))
    held, found = steps(other)
    assert len(held) == 4, "its figures are those of the records"
    assert found.startswith("no report with the digest ")


# The lake


@dataclass
class Lake:
    segment: Segment
    rollup: Path
    facts: Path


@pytest.fixture
def lake(content) -> Lake:
    segment = Segment.objects.get(leaf=2)
    path = next(iter(segment.rollups.values()))["path"]
    return Lake(segment, files.root() / path, files.root() / segment.path)


def flip(path: Path, place: int = -200) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_fact_file_with_one_other_byte_is_named(content, lake):
    for place in (0, 10, -200, -1):
        flip(lake.facts, place)
        held, found = steps(content)
        assert len(held) == 2, "the file and the checkpoint"
        assert found == f"{lake.segment.path}: the file is not the one that was sealed"
        flip(lake.facts, place)
    assert steps(content)[1] == ""


def test_a_rollup_file_with_one_other_byte_is_named(content, lake):
    flip(lake.rollup)
    assert steps(content)[1] == f"{lake.rollup.relative_to(files.root())}: the file is not the one that was sealed"


@pytest.mark.parametrize("which", ["facts", "rollup"])
def test_a_file_that_is_gone_is_named(content, lake, which):
    path = getattr(lake, which)
    path.unlink()
    found = steps(content)[1]
    assert path.name in found
    assert "the file is gone" in found


def test_a_file_put_in_another_s_place_is_named(content, lake):
    other = files.root() / Segment.objects.get(leaf=0).path
    lake.facts.write_bytes(other.read_bytes())
    assert steps(content)[1].startswith(f"{lake.segment.path}: ")


def test_a_segment_that_the_register_lost_is_named(content, lake):
    lake.segment.delete()
    found = steps(content)[1]
    assert "the report says" in found


# The log


def tile(ring: Ring) -> Path:
    return next((rings.folder(ring) / "tile" / "entries").rglob("*.p/*"))


def alter_entry(ring: Ring, old: bytes, new: bytes) -> None:
    path = tile(ring)
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def test_an_altered_leaf_is_named(content, lake):
    digest = bytes(lake.segment.sha256).hex().encode()
    alter_entry(Ring.AUDITORS, digest, digest[::-1])
    assert steps(content)[1] == f"{lake.segment.path}: leaf 2 is not in the checkpoint"


def test_a_leaf_altered_together_with_its_file_is_named(content, lake):
    old = bytes(lake.segment.sha256).hex().encode()
    flip(lake.facts)
    new = files.sha256(lake.segment.path).hex().encode()
    alter_entry(Ring.AUDITORS, old, new)
    Segment.objects.filter(leaf=2).update(sha256=files.sha256(lake.segment.path))
    assert steps(content.replace(old, new))[1] == f"{lake.segment.path}: leaf 2 is not in the checkpoint"


@pytest.mark.parametrize("ring", list(Ring))
def test_a_tile_that_is_cut_or_gone_is_named(content, ring):
    path = tile(ring)
    path.write_bytes(path.read_bytes()[:-1])
    assert "tile/entries/000" in steps(content)[1]
    path.unlink()
    assert "the file is missing" in steps(content)[1]


@pytest.mark.parametrize("altered", [b"0" * 64, None])
def test_an_altered_leaf_of_the_public_ring_is_named(content, altered):
    report = Report.objects.get()
    digest = report.sha256.encode()
    path = tile(Ring.PUBLIC)
    entries = path.read_bytes()
    place = entries.rindex(digest)
    if altered is None:  # no longer JSON
        place, altered = entries.rindex(b'{"period"'), b"["
    path.write_bytes(entries[:place] + altered + entries[place + len(altered) :])
    assert steps(content)[1] == f"leaf {report.leaf} is not in the public ring"


def test_a_public_ring_that_is_gone_or_too_short_is_named(content):
    folder = rings.folder(Ring.PUBLIC)
    (folder / "key").rename(folder / "key.away")
    assert "the file is gone" in steps(content)[1]
    (folder / "key.away").rename(folder / "key")
    Report.objects.update(leaf=10**6)
    assert "1000000" in steps(content)[1]


def test_a_public_leaf_of_another_report_is_named(content):
    Report.objects.update(leaf=0)
    assert steps(content)[1].startswith("leaf 0 ")


def test_a_log_signed_by_another_key_is_named(content):
    key = rings.folder(Ring.AUDITORS) / "key"
    key.write_bytes((rings.folder(Ring.PUBLIC) / "key").read_bytes())
    assert "did not sign" in steps(content)[1]


# The database


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("note", "a remark", "/submitted/note: the report says '', the records say 'a remark'"),
        ("value", "8778723", "the report says '-8778630', the records say '-8778631'"),
    ],
)
def test_a_figure_changed_in_the_database_is_named(content, field, value, said):
    row = Figure.objects.get(key=STAYS)
    row.figure[field] = value
    row.save()
    assert said in steps(content)[1]


def test_a_figure_removed_from_the_database_is_named(content):
    Figure.objects.filter(key="ipv6.rate").delete()
    assert "the records say" in steps(content)[1]


def test_a_report_removed_from_the_database_is_named(content):
    Report.objects.all().delete()
    assert steps(content)[1].startswith("no report with the digest")


# Time


def test_an_older_report_still_holds_after_further_facts_figures_and_compaction(content, monkeypatch):
    submit(PUBLISHED.replace(b"8778722", b"8778723"), LATER)
    for number in range(seal.MERGE_FROM + 1):
        put(STAYS, ("H38.901.01", f"2024-01-{number + 1:02}", 2), ("H26", "2024-06-01", 1))
        tasks.refresh(LATER)
    newer = reports.to_json(published(LATER))
    assert Segment.objects.exclude(merged=None).exists(), "segments of the old snapshot were merged"
    for one in (content, newer):
        assert steps(one)[1] == ""
    seal.compact()
    seal.seal()
    for one in (content, newer):
        assert steps(one)[1] == ""
    Pin.objects.filter(size=5).delete()
    seal.compact()
    seal.seal()
    assert "the file is gone" in steps(content)[1], "without its pin the old snapshot is not kept"
    assert steps(newer)[1] == ""
