"""The demo's people can be tried with: cards that check, applications to decide on, a ward and an organisation."""

from datetime import UTC, date, datetime, timedelta

import pytest

from doorstep.kernel.access import looking
from doorstep.kernel.country import profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import Unit
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.systems.identity.actions import documents
from doorstep.systems.identity.queries.care import in_care
from doorstep.systems.identity.queries.home import applications
from doorstep.systems.identity.rules.chip.findings import Verdict
from doorstep.systems.identity.rules.documents import read_chip_files
from doorstep.systems.identity.simulation import demo_commune, prepare_demo
from doorstep.systems.identity.simulation.home import FIRST_SERIAL, OWNER, TO_TRY

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 5, 3, tzinfo=UTC)


@pytest.fixture
def prepared(settings, tmp_path):
    settings.HOME = tmp_path
    ensure_months(AT.date(), AT.date())
    code = demo_commune()
    for unit, kind in ((code, "commune"), (code.partition(".")[0], "province")):
        values = {"kind": kind, "parent": unit.rpartition(".")[0], "names": {"en": unit}, "source": "test"}
        Unit.objects.create(code=unit, valid_from=date(2000, 1, 1), **values)
    prepare_demo(AT)
    return profile()


def test_everything_can_be_tried(prepared, tmp_path):
    officer = Actor("officer", demo_commune(), ("identity.officer",), level=2)
    later = By(officer, AT + timedelta(hours=1))
    found = {}
    for file in (tmp_path / "portraits").glob("*.zip"):
        files = read_chip_files([file.read_bytes()])
        told = documents.check_document(later, Masked(""), files, "", "")
        found.setdefault(file.stem.partition("-")[2], set()).add((told.verdict, told.good, told.known))
    assert found == {
        "chip": {(Verdict.AUTHENTIC, True, True)},
        "chip-altered": {(Verdict.ALTERED, False, True)},
    }
    first = prepared.fictitious_number(date(1992, 4, 11), True, FIRST_SERIAL)
    code, _, lines = (tmp_path / "portraits" / f"{first}-card.txt").read_text().partition("\n\n")
    told = documents.check_document(later, Masked(""), None, lines, code)
    assert (told.reasons, told.differs, told.number) == ((), (), first)
    with looking():
        cared = in_care(Actor(OWNER, roles=("identity.person",), level=2), AT.date())
        waiting = applications(officer, AT.date())
    assert [(one.organisation, one.state and one.state.value) for one in cared] == [(False, None), (True, "notified")]
    assert {(one.full_name, one.matched) for one in waiting} == {(TO_TRY[1], True), (TO_TRY[2], False)}
