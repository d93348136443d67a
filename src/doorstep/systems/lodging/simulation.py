"""How keepers and guests behave: half a year of lodging in all provinces, through the real actions."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.simulation import Simulation
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason
from doorstep.kernel.values.text import N_
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.actions import houses, stays
from doorstep.systems.lodging.actions.stays import Line
from doorstep.systems.lodging.country import Country, DocumentType, Sex
from doorstep.systems.lodging.facts import Channel, FacilityType, GuestKind
from doorstep.systems.lodging.rules.changes import WhyCancelled
from doorstep.systems.lodging.rules.records import Guest, StayReason

ESTABLISHMENTS = 93_388
NOTIFICATIONS = 8_778_722
"""Published for the first half of 2024; what comes out is the scale times these."""

DEMO_SERIALS = 10_000
"""Serials of made-up numbers below this are the demo house's."""

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô", "Giàng", "Lò")
MIDDLE = ("Văn", "Thị", "Minh", "Thu", "Đức", "Ngọc", "Quang", "Mai")
GIVEN = ("An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Khánh", "Lan", "Nam", "Oanh", "Phúc", "Sơn", "Thảo", "Vân")
ABROAD = (
    *(("DE", "Anna Beispiel"), ("FR", "Luc Exemple"), ("KR", "Kim Sample"), ("JP", "Yuki Sample")),
    *(("AU", "Sam Example"), ("EG", "Salma Mithal"), ("LA", "Kham Sample"), ("US", "Pat Example")),
)
HOUSE_NAMES = {
    FacilityType.TOURIST: ("Nhà nghỉ Hoa Ban", "Khách sạn Ví Dụ", "Homestay Mẫu", "Khách sạn Sông Mẫu"),
    FacilityType.HEALTH: ("Bệnh viện Ví Dụ", "Trạm y tế Mẫu"),
    FacilityType.RENTAL: ("Nhà trọ Bình Yên", "Dãy trọ Ví Dụ"),
    FacilityType.HOUSEHOLD: ("Nhà ông Nguyễn Văn Ví Dụ", "Nhà bà Trần Thị Mẫu"),
    FacilityType.OTHER: ("Nhà khách Ví Dụ", "Ký túc xá Mẫu"),
}
"""Made-up names, as houses of each kind are called: hotel, hospital, rooms to let, family, hostel."""


def simulate(simulation: Simulation) -> None:
    """Houses enrol, notify from the first day to the last, sometimes late or by mistake, and check out who leaves."""
    chance = simulation.random("lodging")
    count, wanted = simulation.share(ESTABLISHMENTS), simulation.share(NOTIFICATIONS)
    places = _places(simulation.period.start, count, chance)
    shares = _shares(wanted, len(places), chance)
    serials = iter(range(DEMO_SERIALS, 100_000_000))
    days = [
        simulation.period.start + timedelta(days=n)
        for n in range(1, (simulation.period.end - simulation.period.start).days)
    ]
    opens = law(Country, "lodging").start(simulation.period.start) + timedelta(hours=9)
    facilities = [row.type for row in in_force(law(Country, "lodging").facilities, simulation.period.start)]
    done = 0
    for number, (unit, share) in enumerate(zip(places, shares, strict=True), 1):
        actor = Actor(f"simulated:keeper:{number}", roles=("lodging.keeper",), via="simulation")
        facility, remote = chance.choice(facilities), chance.random() < 0.1
        name, address = f"{chance.choice(HOUSE_NAMES[facility])} {number}", f"{number} Đường Ví Dụ"
        code = houses.enrol_establishment(By(actor, opens), name, facility, unit, address, remote=remote).code
        _House(actor, code, chance, serials, simulation.until).run(days, share)
        done += share
        if number % max(len(places) // 10, 1) == 0:
            simulation.say(f"lodging: {number} of {len(places)} houses, {done} of {wanted} notices")


class _House:
    """One house with its keeper, who acts until `until` and no later."""

    def __init__(self, actor: Actor, code: str, chance: Random, serials: Iterator[int], until: datetime) -> None:
        self.actor, self.code, self.chance, self.serials, self.until = actor, code, chance, serials, until
        self.country = law(Country, "lodging")
        self.fictitious_number = profile().fictitious_number
        self.rooms = [str(number) for number in range(101, 130)]
        self.lateness = 0.04
        self.next_check_out = date.min

    def run(self, days: Sequence[date], share: int) -> None:
        """Notify `share` stays that stand, in chronological order; now and then one more that is cancelled."""
        if share == 0:
            return
        parties = sorted(self.chance.choices(days, k=max(1, share // self.chance.choice((3, 8, 20, 40)))))
        sizes = _shares(share, len(parties), self.chance)
        for day, size in zip(parties, sizes, strict=True):
            for start in range(0, size, 500):
                self.notify(day, min(size - start, 500))
        stays.check_out_due(By(self.actor, self.until), self.code)

    def notify(self, day: date, size: int) -> None:
        zone = self.country.zone
        came = datetime.combine(day, time(self.chance.randrange(13, 22), self.chance.randrange(60)), zone)
        late = self.chance.random() < self.lateness
        said = came + (timedelta(hours=26) if late else timedelta(minutes=self.chance.randrange(2, 45)))
        if said >= self.until:
            said = came + timedelta(minutes=1)
        if day >= self.next_check_out:
            self.next_check_out = day + timedelta(days=5)
            stays.check_out_due(By(self.actor, came - timedelta(minutes=30)), self.code)
        lines: list[Line | list[Reason]] = [self.guest(came) for _ in range(size)]
        mistake = self.chance.random() < 0.02
        if mistake:
            lines.append(self.guest(came))
        channel = Channel.API if size > 20 else self.chance.choice((Channel.PAGE, Channel.SCAN, Channel.UPLOAD))
        done = stays.notify_stays(By(self.actor, said), self.code, lines, channel)
        if done.refused:
            raise RuntimeError(f"the simulation made a stay that the rules refuse: {done.refused[0].reasons}")
        if mistake:
            at = said + timedelta(minutes=5)
            stays.cancel_stay(By(self.actor, at), self.code, UUID(done.stays[-1]), 1, WhyCancelled.NEVER_CAME)

    def guest(self, came: datetime) -> Line:
        chance = self.chance
        born = date(chance.randrange(1950, 2006), chance.randrange(1, 13), chance.randrange(1, 29))
        female = chance.random() < 0.5
        serial = next(self.serials)
        if chance.random() < 0.12:
            nationality, name = chance.choice(ABROAD)
            identity: dict[str, Any] = {
                "kind": GuestKind.FOREIGN,
                "full_name": name,
                "nationality": nationality,
                "document_type": DocumentType.PASSPORT,
                "document_number": Masked(f"X{serial:08}"),
                "purpose": "tourism",
            }
        else:
            identity = {
                "kind": GuestKind.DOMESTIC,
                "full_name": f"{chance.choice(FAMILY)} {chance.choice(MIDDLE)} {chance.choice(GIVEN)}",
                "nationality": self.country.nationality,
                "document_type": DocumentType.NATIONAL_ID,
                "document_number": Masked(self.fictitious_number(born, female, serial)),
                "address": f"{chance.randrange(1, 300)} Đường Ví Dụ",
            }
        sex = Sex.FEMALE if female else Sex.MALE
        return Line(
            guest=Guest(birth=born, sex=sex, **identity),
            arrival=came,
            expected_departure=self.country.day(came) + timedelta(days=chance.randrange(1, 4)),
            reason=chance.choice(tuple(StayReason)),
            room=chance.choice(self.rooms),
        )


def _places(day: date, count: int, chance: Random) -> list[str]:
    """A commune for each house: every province has one as far as they reach, the rest go by chance."""
    provinces = [row.code for row in profile().units.localities(day)]
    chosen = (provinces * (1 if count >= len(provinces) else 0) + chance.choices(provinces, k=count))[:count]
    communes = {province: [unit.code for unit in units.below(province, day)] for province in set(chosen)}
    return [chance.choice(communes[province]) for province in chosen]


def _shares(total: int, parts: int, chance: Random) -> list[int]:
    """`total` in so many whole parts, unequal, each at least 1 where it goes."""
    if not parts:
        return []
    weights = [chance.random() + 0.2 for _ in range(parts)]
    spare = max(total - parts, 0)
    whole = [min(1, total) + int(spare * weight / sum(weights)) for weight in weights]
    for place in range(total - sum(whole)):
        whole[place % parts] += 1
    return whole


def demo_province() -> str:
    """Where the demo's people are: Lao Cai, whose report is our source, or the last locality of another country."""
    codes = [row.code for row in profile().units.localities(date(2024, 1, 1))]
    return "H38" if "H38" in codes else codes[-1]


def people() -> list[dict[str, str]]:
    keeper, officer = N_("Lodging keeper"), N_("Police officer for residence")
    return [
        {"subject": "demo:keeper", "name": "Hoa", "role": "lodging.keeper", "unit": "", "title": keeper},
        {"subject": "demo:police", "name": "Minh", "role": "lodging.police", "unit": demo_province(), "title": officer},
    ]


def prepare_demo(at: datetime) -> None:
    """A house for the demo's keeper with rooms, bookings and guests of the last weeks, and a neighbour's in the next
    commune; both are often late, and one guest stays in both, so that the police unit finds what it looks for.
    """
    actor = Actor("demo:keeper", roles=("lodging.keeper",), via="simulation")
    if queries.keeper.houses(actor):
        return
    by, country = By(actor, at), law(Country, "lodging")
    own_commune, next_commune, *_ = units.below(demo_province(), country.day(at))
    chance, serials = Random(0), iter(range(DEMO_SERIALS))  # noqa: S311  nothing here is secret
    neighbour = Actor("demo:neighbour", roles=("lodging.keeper",), via="simulation")
    own = _demo_house(by, "Nhà nghỉ Hoa Ban", own_commune.code, chance, serials)
    other = _demo_house(By(neighbour, at), "Homestay Mẫu", next_commune.code, chance, serials)
    in_both: list[Line | list[Reason]] = [own.guest(at - timedelta(hours=1))]
    for house in (own, other):
        stays.notify_stays(By(house.actor, at), house.code, in_both, Channel.PAGE)
    for number, (beds, price) in enumerate(((2, 350_000), (2, 350_000), (3, 450_000), (4, 600_000)), 101):
        houses.put_room(by, own.code, str(number), beds, price)
    for room, name, first, nights in (
        ("104", "Lò Thị Mai", 1, 2),
        ("103", "Phạm Đức An", 3, 3),
        ("104", "Kim Sample", 0, 1),
    ):
        arrival = country.day(at) + timedelta(days=first)
        houses.book(by, own.code, room, name, 2, arrival, arrival + timedelta(days=nights))


def _demo_house(by: By, name: str, commune: str, chance: Random, serials: Iterator[int]) -> "_House":
    """A house that notified guests on each of the last 24 days."""
    country = law(Country, "lodging")
    today = country.day(by.at)
    code = houses.enrol_establishment(by, name, FacilityType.TOURIST, commune, "12 Đường Ví Dụ").code
    house = _House(by.actor, code, chance, serials, by.at)
    house.rooms, house.lateness = ["101", "102", "103"], 0.2
    for back in range(24, 0, -1):
        house.notify(today - timedelta(days=back), chance.choice((1, 1, 2, 3)))
    stays.check_out_due(by, code)
    return house
