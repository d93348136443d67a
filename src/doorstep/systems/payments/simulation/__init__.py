"""How people pay: half a year of orders in all provinces, paid by transfer or in cash, through the real actions."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from uuid import UUID

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.simulation import Simulation
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.text import N_
from doorstep.systems.payments.actions import bank_accounts, opening, orders, settlement, tills
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import BankAccount
from doorstep.systems.payments.rules.evidence import Credit, Evidence
from doorstep.systems.payments.rules.orders import Asked, Line

PAYMENTS, VALUE = 28_800_000, 14_528_000_000_000
"""Published for the first half of 2024: payments so far, and what they add up to in whole units of the currency."""
BEFORE = 9, 10
"""Which part of them is simulated as having been made before the period: our choice, as nothing is published."""
IN_CASH = 20
"""One payment in so many is made in cash, beside those above."""
ASKER = "simulated:services"


def people() -> list[dict[str, str]]:
    """Whom the demo lets in with one tap."""
    unit = profile().demo_locality
    cashier, treasurer = N_("Cashier"), N_("Treasurer")
    return [
        {"subject": "demo:cashier", "name": "Nga", "role": "payments.cashier", "unit": unit, "title": cashier},
        {"subject": "demo:treasurer", "name": "Phúc", "role": "payments.treasurer", "unit": unit, "title": treasurer},
        {"subject": "demo:treasurer:2", "name": "Yến", "role": "payments.treasurer", "unit": unit, "title": treasurer},
    ]


def simulate(simulation: Simulation) -> None:
    """What was paid before the period comes as opening facts; within it, each province's people pay month by month."""
    chance = simulation.random("payments")
    provinces = [row.code for row in profile().units.localities(simulation.period.start)]
    number, value = simulation.share(PAYMENTS), simulation.share(VALUE)
    part, whole = BEFORE
    before, worth = number * part // whole, value * part // whole
    eve = datetime.combine(simulation.period.start - timedelta(days=1), time(12), profile().calendar.zone)
    opening.open_payments(
        By(_clock(), eve), {unit: _cut(before, at, provinces) for at, unit in enumerate(provinces)}, worth
    )
    accounts = {unit: _account(unit, eve, serial) for serial, unit in enumerate(provinces)}
    amounts = _amounts(number - before, value - worth, chance)
    bookings = count(1)
    visits = [(month, unit) for month in simulation.period.months() for unit in provinces]
    for place, (month, unit) in enumerate(visits):
        _month(unit, accounts[unit], month, amounts[place :: len(visits)], chance, bookings)
        if (place + 1) % len(provinces) == 0:
            simulation.say(f"payments: {month:%Y-%m} is paid")
    for unit, account in accounts.items():
        if unit != profile().demo_locality:  # nobody pays there any more, and the bank need not be asked
            bank_accounts.end_bank_account(By(_treasurer(unit, 1), simulation.until), account)


def _month(unit: str, account: UUID, month: date, amounts: list[int], chance: Random, bookings: Iterator[int]) -> None:
    """A month's orders of a province, each paid some days later; now and then one in cash."""
    asked = datetime.combine(month + timedelta(days=chance.randrange(1, 15)), time(8), profile().calendar.zone)
    paid = asked + timedelta(days=chance.randrange(1, 9), hours=chance.randrange(8))
    codes = [_ask(unit, amount, asked, chance) for amount in amounts]
    if codes:
        credits_of = [_credit(code, amount, paid, next(bookings)) for code, amount in zip(codes, amounts, strict=True)]
        settlement.record_credits(By(_clock(), paid), account, credits_of, Evidence.CALLBACK)
    cash = len(amounts) // IN_CASH
    if cash:
        by = By(Actor(f"simulated:cashier:{unit}", unit, ("payments.cashier",), 2, "simulation"), paid)
        counted = 0
        tills.open_till(by, f"{month:%Y-%m}", counted)
        for _ in range(cash):
            amount = chance.randrange(1, 40) * 5_000
            tills.take_cash(by, _ask(unit, amount, asked, chance))
            counted += amount
        tills.close_till(by, counted)


def _ask(unit: str, amount: int, at: datetime, chance: Random) -> str:
    """The code of a new order."""
    kind = chance.choice((FeeKind.FEE, FeeKind.FEE, FeeKind.CHARGE, FeeKind.OTHER))
    by = By(Actor(ASKER, roles=("payments.asker",), via="simulation"), at)
    wanted = Asked(
        order=UUID(int=chance.getrandbits(128), version=4),
        asker=ASKER,
        subject=f"{unit}-{at:%y%m%d}-{chance.randrange(10_000):04}",
        unit=unit,
        payer="",
        lines=(Line(kind.value, kind, amount),),
        until=at + timedelta(days=10),
    )
    return orders.request_order(by, wanted).code


def _credit(code: str, amount: int, at: datetime, booking: int) -> Credit:
    country = law(Country, "payments")
    return Credit(
        booking=f"simulated-{booking}",
        amount=amount,
        currency=profile().currency.code,
        memo=country.plain_memo(code) if booking % 3 else code,
        booked=at,
        day=at.date(),
        from_bank=country.fictitious_bank,
        from_account=Masked(country.fictitious_account(500_000 + booking)),
        from_name="NGUYEN VAN VI DU",
    )


def _account(unit: str, at: datetime, serial: int) -> UUID:
    """A province's account at the made-up bank: one names it, another approves it."""
    country = law(Country, "payments")
    first, second = (By(_treasurer(unit, number), at) for number in (1, 2))
    named = bank_accounts.propose_bank_account(
        first, unit, country.fictitious_bank, country.fictitious_account(100 + serial), f"KHO BAC VI DU {unit}"
    )
    bank_accounts.decide_bank_account(second, named.id, approve=True)
    return named.id


def _amounts(number: int, value: int, chance: Random) -> list[int]:
    """So many amounts of some variety that add up to `value`."""
    if not number:
        return []
    weights = [chance.choice((1, 2, 3, 5, 8, 20)) for _ in range(number)]
    found = [max(1, value * weight // sum(weights) // 1000 * 1000) for weight in weights]
    found[0] += value - sum(found)
    return found


def _cut(total: int, place: int, provinces: list[str]) -> int:
    return total * (place + 1) // len(provinces) - total * place // len(provinces)


def _treasurer(unit: str, number: int) -> Actor:
    return Actor(f"simulated:treasurer:{number}", unit, ("payments.treasurer",), 2, "simulation")


def _clock() -> Actor:
    return Actor("simulated:clock", roles=("payments.clock",), via="simulation")


def prepare_demo(at: datetime) -> None:
    """For the demo's people: an order that waits, one that is paid, one paid wrongly, and one paid twice."""
    unit = profile().demo_locality
    known = BankAccount.objects.filter(unit=unit, approved__isnull=False, ended=None).first()
    account = known.id if known else _account(unit, at - timedelta(days=1), 9_000)
    chance, earlier = Random(0), at - timedelta(hours=3)  # noqa: S311  nothing here is secret
    codes = [_ask(unit, amount, earlier, chance) for amount in (150_000, 80_000, 320_000, 45_000)]
    told = [
        _credit(codes[1], 80_000, earlier, 900_000_001),
        _credit(codes[2], 300_000, earlier, 900_000_002),
        _credit(codes[3], 45_000, earlier, 900_000_003),
        _credit(codes[3], 45_000, earlier, 900_000_004),
        _credit("HOC PHI", 1_250_000, earlier, 900_000_005),
    ]
    settlement.record_credits(By(_clock(), at), account, told, Evidence.CALLBACK)
