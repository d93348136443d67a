"""What the simulation makes: at scale s, s times the published figures, and the same again from the same seed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from doorstep.kernel.access import look
from doorstep.kernel.country import profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.lake import seal
from doorstep.kernel.lake.engine import Engine, snapshot
from doorstep.kernel.simulation import Simulation
from doorstep.kernel.store import units
from doorstep.kernel.store.models import FactBatch, JournalEntry
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.values.period import Period
from doorstep.systems.lodging import queries, simulation
from doorstep.systems.lodging.facts import EstablishmentFirstNotified, FacilityType, StayNotified
from doorstep.systems.lodging.indicators import ESTABLISHMENTS, NOTIFICATIONS, ON_TIME_RATE
from doorstep.systems.lodging.models import Establishment, OpenStay, Stay
from doorstep.systems.lodging.permissions import FOR_HOUSE, FOR_SUPERVISION
from doorstep.systems.lodging.tasks import delete_old
from doorstep.systems.lodging.tests.scene import facts

pytestmark = pytest.mark.django_db

PERIOD = Period.parse("2024-H1")
UNTIL = datetime(2024, 6, 30, tzinfo=UTC)
SCALE = Decimal("0.000107")
"""9.99 houses and 939.3 notices: rounding to whole ones stays within 1 %."""


@pytest.fixture(autouse=True)
def communes(db):
    official = profile().units
    units.load(unit for row in official.localities(PERIOD.start) for unit in official.invented_communes(row.code, 2, 0))


def simulate(scale, seed):
    said = []
    simulation.simulate(Simulation(Decimal(scale), seed, PERIOD, UNTIL, said.append))
    return said


def computed(indicator, source):
    """Sums of numerators and of denominators over all provinces and months."""
    engine = Engine()
    try:
        cells = engine.evaluate([indicator], snapshot(), source)[indicator.key]
    finally:
        engine.close()
    return sum(cell.numerator for cell in cells), sum(cell.denominator or 0 for cell in cells), cells


def test_the_figures_come_out_at_the_scale(home):
    said = simulate(SCALE, 3)
    waiting = sum(FactBatch.objects.values_list("rows", flat=True))
    assert seal.seal().facts == waiting
    for indicator, published in (
        (ESTABLISHMENTS, simulation.ESTABLISHMENTS),
        (NOTIFICATIONS, simulation.NOTIFICATIONS),
    ):
        for source in ("rollup", "facts"):
            found, _, cells = computed(indicator, source)
            assert abs(found / (published * float(SCALE)) - 1) < 0.01
            assert {cell.unit for cell in cells} <= {row.code for row in profile().units.localities(PERIOD.start)}
            assert all(cell.month in PERIOD for cell in cells)
    on_time, notified, _ = computed(ON_TIME_RATE, "rollup")
    assert notified == computed(NOTIFICATIONS, "rollup")[0] == Stay.objects.filter(cancelled=None).count()
    assert 0.85 < on_time / notified < 1, "some are late"
    assert Stay.objects.exclude(cancelled=None).exists(), "some were mistakes"
    assert Stay.objects.exclude(departed=None).count() > 0.9 * notified
    assert OpenStay.objects.count() == Stay.objects.filter(departed=None, cancelled=None).count()
    assert set(Stay.objects.values_list("kind", flat=True)) == {"domestic", "foreign"}
    assert not Stay.objects.filter(kind="domestic").exclude(document_number__startswith="9").exists()
    assert set(JournalEntry.objects.values_list("via", flat=True)) == {"simulation"}
    assert said
    assert said[-1].startswith("lodging: 10 of 10 houses, 939 of 939")


def test_the_same_seed_makes_the_same_facts_and_another_seed_others():
    def run(seed):
        simulate("0.00002", seed)
        found = facts(StayNotified.KIND), facts(EstablishmentFirstNotified.KIND)
        people = Counter(Stay.objects.values_list("person", "arrival", "departed", "late"))
        OpenStay.objects.all().delete()
        Stay.objects.all().delete()
        FactBatch.objects.all().delete()
        return found, people

    first, again, other = run(1), run(1), run(2)
    assert first == again
    assert first[0][0].total() == other[0][0].total() == round(simulation.NOTIFICATIONS * 0.00002)
    assert first[0][1].total() == other[0][1].total() == round(simulation.ESTABLISHMENTS * 0.00002)
    assert first != other


def test_every_province_has_a_house_as_far_as_they_reach():
    chance = Simulation(Decimal(1), 1, PERIOD, UNTIL, print).random("lodging")
    provinces = {row.code for row in profile().units.localities(PERIOD.start)}
    for count in (1, 62, 63, 64, 200):
        places = simulation._places(PERIOD.start, count, chance)
        assert len(places) == count
        reached = {place.partition(".")[0] for place in places}
        assert reached == provinces if count >= 63 else len(reached) <= count


@pytest.mark.parametrize(("total", "parts"), [(0, 0), (0, 3), (3, 3), (100, 7), (878, 9)])
def test_shares_add_up_and_leave_nobody_out(total, parts):
    shares = simulation._shares(total, parts, Simulation(Decimal(1), 3, PERIOD, UNTIL, print).random("x"))
    assert len(shares) == parts
    assert sum(shares) == total
    assert min(shares, default=0) >= (1 if total >= parts > 0 else 0)


@pytest.mark.parametrize("at", [datetime(2024, 5, 21, 3, tzinfo=UTC), datetime(2026, 11, 24, 3, tzinfo=UTC)], ids=str)
def test_a_demo_of_any_day_shows_its_keeper_and_its_police_unit_something(at):
    """What was simulated for 2024 may be deleted by then: the first night's work of the tasks."""
    ensure_months(at.date() - timedelta(days=31), at.date())
    simulate("0.00002", 1)
    for _ in range(2):
        simulation.prepare_demo(at)
    delete_old(at)
    assert Stay.objects.filter(establishment__keeper__subject__startswith="simulated:").exists() is (at.year == 2024)

    keeper, officer = (Actor(one["subject"], one["unit"], (one["role"],)) for one in simulation.people())
    today = profile().lodging.day(at)
    (own,) = queries.keeper.houses(keeper)
    assert len(look(keeper, FOR_HOUSE, at, queries.keeper.guests, own, today)) > 1
    assert look(keeper, FOR_HOUSE, at, queries.rooms.missing_tonight, own, at)
    seen = look(officer, FOR_SUPERVISION, at, queries.police.notices_in_area, today)
    assert len({row.unit for row in seen}) > 1
    assert sum(row.another_open for row in seen) == 2
    assert look(officer, FOR_SUPERVISION, at, queries.police.notices_in_area, today, late=True)


def test_houses_are_called_as_their_kind_is():
    assert set(simulation.HOUSE_NAMES) == set(FacilityType)
    simulate(SCALE, 3)
    houses = list(Establishment.objects.values_list("facility_type", "name"))
    assert houses
    for kind, name in houses:
        assert name.rpartition(" ")[0] in simulation.HOUSE_NAMES[FacilityType(kind)]
