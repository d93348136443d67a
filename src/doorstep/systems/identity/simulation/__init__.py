"""How people get their e-IDs: half a year of collecting, approving and activating in all provinces, through the real actions."""

import itertools
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from doorstep.kernel.country import profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.simulation import Simulation
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.text import N_
from doorstep.systems.identity.actions import batches, opening
from doorstep.systems.identity.actions.arrivals import import_persons
from doorstep.systems.identity.actions.batches import Line
from doorstep.systems.identity.actions.eid import Applicant
from doorstep.systems.identity.facts import Holder, Level, Stage
from doorstep.systems.identity.rules.arrivals import Batch
from doorstep.systems.identity.simulation import demo

RECORDS, RECORDS_BEFORE = 75_700_000, 70_200_000
ACTIVATED = 55_250_000
ACCOUNTS = 16_390_000
"""Published for the first half of 2024; `RECORDS_BEFORE` is the published baseline of December 2023."""

FIRST_SERIAL = 1_500_000
"""Serials of made-up numbers from here on are e-ID holders', as far as every country makes them."""

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô", "Giàng", "Lò")
MIDDLE = ("Văn", "Thị", "Minh", "Thu", "Đức", "Ngọc", "Quang", "Mai")
GIVEN = ("An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Khánh", "Lan", "Nam", "Oanh", "Phúc", "Sơn", "Thảo", "Vân")


def people() -> list[dict[str, str]]:
    """Whom the demo lets in with one tap."""
    officer, clerk = N_("Officer for e-identity"), N_("Registrar of the population register")
    administrator, protector = N_("Administrator of a unit"), N_("Data protection officer")
    unit = demo_commune()
    return [
        {"subject": "demo:mai", "name": "Mai", "role": "identity.person", "unit": "", "title": N_("Person")},
        {"subject": "demo:officer", "name": "Tuấn", "role": "identity.officer", "unit": unit, "title": officer},
        {"subject": "demo:registrar", "name": "Oanh", "role": "identity.registrar", "unit": unit, "title": clerk},
        {"subject": "demo:admin", "name": "Dũng", "role": "identity.administrator", "unit": "", "title": administrator},
        {"subject": "demo:protector", "name": "Hạnh", "role": "identity.protector", "unit": "", "title": protector},
    ]


def prepare_demo(at: datetime) -> None:
    """Accounts and offices of everybody whom the demo lets in."""
    demo.prepare(at, demo_commune())


def simulate(simulation: Simulation) -> None:
    """What stood before the period comes as opening facts; within it, desks collect, approve and activate month by month."""
    chance = simulation.random("identity")
    records, activated = simulation.share(RECORDS), simulation.share(ACTIVATED)
    new = records - simulation.share(RECORDS_BEFORE)
    new_active = new * activated // records if records else 0
    places = _communes(simulation.period.start)
    _open(simulation, places, records - new, activated - new_active, simulation.share(ACCOUNTS))
    serials = itertools.count(FIRST_SERIAL)
    months = list(simulation.period.months())
    done = active = 0
    provinces = {place.partition(".")[0]: place for place in reversed(places)}  # the first commune of each
    visits = [(month, place) for month in months for place in provinces.values()]
    for number, (month, place) in enumerate(visits, 1):
        many = new * number // len(visits) - done
        done += many
        wanted = new_active * number // len(visits) - active
        if many:
            active += _visit(simulation, place, month, many, wanted, chance, serials)
        if number % len(provinces) == 0:
            simulation.say(f"identity: {done} of {new} records, {active} of {new_active} activated")


def _visit(
    simulation: Simulation, place: str, month: date, many: int, wanted: int, chance: Random, serials: Iterator[int]
) -> int:
    """A mobile desk's day in a commune: persons are entered, collected, approved by a colleague, and activated."""
    zone = profile().calendar.zone
    day = month + timedelta(days=chance.randrange(1, 25))
    at = min(datetime.combine(day, time(9), zone), simulation.until)
    desk, colleague, registrar = (
        Actor(f"simulated:{name}:{place}", place, (role,), 2, "simulation")
        for name, role in (
            ("desk", "identity.officer"),
            ("colleague", "identity.officer"),
            ("registrar", "identity.registrar"),
        )
    )
    activated = 0
    for start in range(0, many, batches.MOST):
        size = min(many - start, batches.MOST)
        numbers = _enter(By(registrar, at), place, size, chance, serials)
        applicants = [Line(number, Applicant(Level.TWO, phone=_phone(chance))) for number in numbers]
        collected = batches.collect_many(By(desk, at + timedelta(hours=1)), place, applicants)
        if collected.refused:
            raise RuntimeError(f"the simulation made a record that the rules refuse: {collected.refused[0].code}")
        approved = batches.approve_many(By(colleague, at + timedelta(days=1)), [UUID(one) for one in collected.done])
        ready = [UUID(one) for one in approved.done[: max(0, wanted - activated)]]
        if ready:
            activated += len(batches.activate_at_desk(By(desk, at + timedelta(days=2)), ready).done)
    return activated


def _enter(by: By, place: str, size: int, chance: Random, serials: Iterator[int]) -> list[Masked]:
    rows = []
    for _ in range(size):
        female = chance.random() < 0.5
        born = date(chance.randrange(1945, 2008), chance.randrange(1, 13), chance.randrange(1, 29))
        name = f"{chance.choice(FAMILY)} {chance.choice(MIDDLE)} {chance.choice(GIVEN)}"
        number = profile().fictitious_number(born, female, next(serials))
        rows.append((number, name, born.isoformat(), "female" if female else "male"))
    numbers, names, births, sexes = (list(column) for column in zip(*rows, strict=True))
    empty = [""] * size
    batch = Batch(
        lines=range(1, size + 1),
        number=numbers,
        full_name=names,
        birth=births,
        sex=sexes,
        unit=[place] * size,
        address=[f"{chance.randrange(1, 300)} Đường Ví Dụ" for _ in rows],
        nationality=empty,
        resident_since=empty,
        died=empty,
    )
    done = import_persons(by, batch)
    if done.refused:
        raise RuntimeError(f"the simulation made a person that the rules refuse: {done.refused[0].reasons}")
    return [Masked(number) for number in numbers]


def _open(simulation: Simulation, places: list[str], records: int, activated: int, accounts: int) -> None:
    """Counts of before the period, spread over the communes, in facts of the day before it."""
    by = By(Actor("simulated:opening", roles=("identity.clock",), via="simulation"), _eve(simulation.period.start))
    for stage, total in ((Stage.COLLECTED, records), (Stage.ACTIVATED, activated)):
        opening.open_eids(by, stage, Holder.CITIZEN, Level.TWO, _spread(total, places))
    opening.open_accounts(by, Holder.CITIZEN, _spread(accounts, places))
    simulation.say(f"identity: {records} records, {activated} activated, {accounts} accounts from before the period")


def _spread(total: int, places: list[str]) -> dict[str, int]:
    return {
        place: total * number // len(places) - total * (number - 1) // len(places)
        for number, place in enumerate(places, 1)
    }


def _eve(day: date) -> datetime:
    return datetime.combine(day - timedelta(days=1), time(12), profile().calendar.zone)


def _phone(chance: Random) -> str:
    phone: str = profile().fictitious_phone(chance.randrange(100_000))
    return phone


def demo_commune() -> str:
    """Where the demo's people live: the first made-up commune of the demo's locality."""
    code: str = profile().units.invented_communes(profile().demo_locality, 1, 0)[0].code
    return code


def _communes(day: date) -> list[str]:
    provinces = [row.code for row in profile().units.localities(day)]
    return [unit.code for province in provinces for unit in units.below(province, day)]
