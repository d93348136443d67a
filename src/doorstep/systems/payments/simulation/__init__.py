"""How people pay: half a year of orders in all provinces, paid by transfer or in cash, through the real actions."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from uuid import UUID

from django.db.models import Sum

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.simulation import Simulation
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.text import N_
from doorstep.systems.payments.actions import bank_accounts, fee_statements, opening, orders, settlement, tills
from doorstep.systems.payments.actions.payers import key_of
from doorstep.systems.payments.contract import FeeKind, FeesStated
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import BankAccount, Order, Statement
from doorstep.systems.payments.queries.bank import banking_day_of
from doorstep.systems.payments.rules.camt053 import Booking, Head
from doorstep.systems.payments.rules.evidence import Credit, Evidence
from doorstep.systems.payments.rules.orders import Asked, Line

PAYMENTS, VALUE = 28_800_000, 14_528_000_000_000
"""Published for the first half of 2024: payments so far, and what they add up to in whole units of the currency."""
BEFORE = 9, 10
"""Which part of them is simulated as having been made before the period: our choice, as nothing is published."""
IN_CASH = 20
"""One payment in so many is made in cash, beside those above."""
ASKER = "simulated:services"
OWES = "demo:mai"
"""Who of the demo's people is asked to pay."""
PURPOSES = (
    {
        "vi": "Bản trích lục có chứng thực",
        "en": "Certified extract from the register",
        "de": "Beglaubigter Registerauszug",
        "ar": "مستخرج مصدَّق من السجل",
    },
    {
        "vi": "Giấy phép xây dựng nhà ở",
        "en": "Permit for building a house",
        "de": "Baugenehmigung für ein Haus",
        "ar": "رخصة بناء منزل",
    },
    {"vi": "Giấy phép lái xe", "en": "Driving licence", "de": "Führerschein", "ar": "رخصة قيادة"},
)
"""What made-up people pay for."""


DEMO_ACCOUNT, DEMO_AMOUNTS = 9_000, (150_000, 80_000, 320_000, 45_000)


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
    for unit, account in accounts.items():  # nobody pays there any more, and no bank knows them
        bank_accounts.end_bank_account(By(_treasurer(unit, 1), simulation.until), account)


def _month(unit: str, account: UUID, month: date, amounts: list[int], chance: Random, bookings: Iterator[int]) -> None:
    """A month's orders of a province, each paid some days later; now and then one in cash."""
    asked = datetime.combine(month + timedelta(days=chance.randrange(1, 15)), time(8), profile().calendar.zone)
    paid = asked + timedelta(days=chance.randrange(1, 9), hours=chance.randrange(8))
    owed = [_ask(unit, amount, asked, chance) for amount in amounts]
    day = banking_day_of(paid)
    evening = datetime.combine(day, time(20), profile().calendar.zone)
    stated = [(one.order, one.amount) for one, _ in owed]
    if owed:
        came = [_credit(code, one.amount, paid, next(bookings)) for one, code in owed]
        settlement.record_credits(By(_clock(), paid), account, came, Evidence.CALLBACK)
        opening.open_statement(By(_clock(), evening), account, day, _statement(account, came))
    cash = len(amounts) // IN_CASH
    if cash:
        by = By(Actor(f"simulated:cashier:{unit}", unit, ("payments.cashier",), 2, "simulation"), paid)
        counted = 0
        tills.open_till(by, f"{month:%Y-%m}", counted)
        for _ in range(cash):
            one, code = _ask(unit, chance.randrange(1, 40) * 5_000, asked, chance)
            tills.take_cash(by, code)
            counted += one.amount
            stated.append((one.order, one.amount))
        tills.close_till(by, counted)
    if stated:
        fees = tuple(zip(*stated, strict=True))
        asker = _asker(unit)
        told = FeesStated(asker.subject, asker.subject, day, 1, 1, *fees)
        fee_statements.state_fees(By(asker, evening), told)


def _ask(unit: str, amount: int, at: datetime, chance: Random, payer: str = "") -> tuple[Asked, str]:
    """A new order, and its code."""
    kind = chance.choice((FeeKind.FEE, FeeKind.FEE, FeeKind.CHARGE, FeeKind.OTHER))
    purpose = chance.choice(PURPOSES)
    by = By(_asker(unit), at)
    wanted = Asked(
        order=UUID(int=chance.getrandbits(128), version=4),
        asker=by.actor.subject,
        subject=f"{unit}-{at:%y%m%d}-{chance.randrange(10_000):04}",
        unit=unit,
        payer=payer,
        purpose=purpose,
        lines=(Line(kind.value, kind, amount, purpose),),
        until=at + timedelta(days=10),
    )
    return wanted, orders.request_order(by, wanted).code


def _credit(code: str, amount: int, at: datetime, booking: int) -> Credit:
    country = law(Country, "payments")
    return Credit(
        booking=f"simulated-{booking}",
        amount=amount,
        currency=profile().currency.code,
        memo=country.plain_memo(code) if booking % 3 else code,
        booked=at,
        day=banking_day_of(at),
        from_bank=country.fictitious_bank,
        from_account=Masked(country.fictitious_account(500_000 + booking)),
        from_name="NGUYEN VAN VI DU",
    )


def _statement(account: UUID, came: list[Credit]) -> list[Head | Booking]:
    """What the bank says at the end of a day on which this came, and nothing went."""
    row, day = BankAccount.objects.get(id=account), came[0].day
    before = Statement.objects.filter(account=row).aggregate(found=Sum("credits"))["found"] or 0
    head = Head(
        number=f"{row.number}-{day}",
        page=1,
        last=True,
        account=row.number,
        bank=row.bank,
        day=day,
        opening=before,
        closing=before + sum(one.amount for one in came),
    )
    bookings = [
        Booking(
            booking=one.booking,
            amount=one.amount,
            incoming=True,
            booked=one.booked,
            memo=one.memo,
            reference="",
            returned="",
            from_bank=one.from_bank,
            from_account=str(one.from_account),
            from_name=one.from_name,
            to_bank=row.bank,
            to_account=row.number,
        )
        for one in came
    ]
    return [head, *bookings]


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


def _asker(unit: str) -> Actor:
    """The services of a unit, which ask for what is owed."""
    return Actor(f"{ASKER}:{unit}", roles=("payments.asker",), via="simulation")


def _clock() -> Actor:
    return Actor("simulated:clock", roles=("payments.clock",), via="simulation")


def prepare_demo(at: datetime) -> None:
    """For the demo's people: orders of one payer that wait, at an account that the stand-in for a bank keeps."""
    unit, asked = profile().demo_locality, at - timedelta(hours=3)
    _account(unit, asked, DEMO_ACCOUNT)
    chance = Random(0)  # noqa: S311  nothing here is secret
    payer = key_of(By(Actor(OWES), at)) or ""
    for amount in DEMO_AMOUNTS:
        _ask(unit, amount, asked, chance, payer)


def demo_payments(at: datetime) -> list[Credit]:
    """What people have paid into the account since: one order, one with too little, one twice, and something unknown."""
    asker = _asker(profile().demo_locality).subject
    asked = Order.objects.filter(asker=asker, account__ended=None)
    right, less, twice = (asked.get(amount=amount) for amount in DEMO_AMOUNTS[1:])
    told = [
        (right.code, right.amount),
        (less.code, less.amount - 20_000),
        (twice.code, twice.amount),
        (twice.code, twice.amount),
        ("HOC PHI", 1_250_000),
    ]
    return [_credit(memo, amount, at, DEMO_ACCOUNT + place) for place, (memo, amount) in enumerate(told)]
