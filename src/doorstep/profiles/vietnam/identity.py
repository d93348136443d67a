"""Viet Nam's law on e-identity: time limits, ages and secrets, each dated and with its source."""

from collections.abc import Mapping
from datetime import date, timedelta

from doorstep.kernel.values.dates import Certainty
from doorstep.kernel.values.reasons import Reason
from doorstep.kernel.values.text import N_
from doorstep.profiles.vietnam.calendar import CALENDAR
from doorstep.profiles.vietnam.card_chip import (
    NATIONAL,
    NationalData,
    ZoneHolder,
    check_chip,
    read_holder,
    read_national,
)
from doorstep.profiles.vietnam.card_qr import CardQr, read_card
from doorstep.profiles.vietnam.personal_number import PersonalNumbers, check_phone
from doorstep.profiles.vietnam.tax_code import check_tax_code
from doorstep.systems.identity.contract import Particular
from doorstep.systems.identity.country import (
    AgeRow,
    AnswerRow,
    BreachRow,
    Country,
    LimitRow,
    OutsideRow,
    Printed,
    SecretRow,
)
from doorstep.systems.identity.facts import Holder, Level
from doorstep.systems.identity.rules.mrz import Mrz, read_mrz

_DECREE_59 = date(2022, 10, 20)
_DECREE_69 = date(2024, 7, 1)
_LIMITS = "Decree 59/2022 art. 17; the same times in Decree 69/2024 [S29, S31]"
_AGES = "Decree 69/2024 [S28]"


def _limit(holder: Holder, level: Level, days: int, *, complete: bool = True) -> LimitRow:
    return LimitRow(
        holder=holder,
        level=level,
        complete=complete,
        working_days=days,
        valid_from=_DECREE_59,
        source=_LIMITS,
        certainty="sourced",
    )


LIMITS = (
    *(_limit(holder, Level.ONE, 1) for holder in (Holder.CITIZEN, Holder.MINOR, Holder.FOREIGNER)),
    *(_limit(holder, Level.TWO, 3) for holder in (Holder.CITIZEN, Holder.MINOR, Holder.FOREIGNER)),
    *(_limit(holder, Level.TWO, 7, complete=False) for holder in (Holder.CITIZEN, Holder.MINOR, Holder.FOREIGNER)),
    _limit(Holder.ORGANISATION, Level.NONE, 3),
    _limit(Holder.ORGANISATION, Level.NONE, 15, complete=False),
)


def _age(
    holder: Holder,
    level: Level,
    from_age: int,
    below: int | None,
    *,
    since: date = _DECREE_69,
    source: str = _AGES,
    certainty: Certainty = "sourced",
) -> AgeRow:
    return AgeRow(
        holder=holder,
        level=level,
        from_age=from_age,
        below_age=below,
        guardian=holder is Holder.MINOR,
        valid_from=since,
        source=source,
        certainty=certainty,
    )


AGES = (
    _age(Holder.CITIZEN, Level.ONE, 14, None, since=_DECREE_59, source="Decree 59/2022", certainty="general-knowledge"),
    _age(Holder.CITIZEN, Level.TWO, 14, None, since=_DECREE_59, source="Decree 59/2022", certainty="general-knowledge"),
    _age(Holder.MINOR, Level.ONE, 0, 14),
    _age(Holder.MINOR, Level.TWO, 6, 14),
    _age(Holder.FOREIGNER, Level.ONE, 6, None),
    _age(Holder.FOREIGNER, Level.TWO, 6, None),
    _age(Holder.ORGANISATION, Level.NONE, 0, None, since=_DECREE_59, source="Decree 59/2022", certainty="sourced"),
)

SECRETS = (
    SecretRow(
        shortest=8,
        longest=20,
        kinds=frozenset({"digit", "upper", "lower", "special"}),
        passcode_digits=6,
        valid_from=_DECREE_59,
        source="Activation steps of the national app [S32]",
        certainty="sourced",
    ),
)

_DECREE_13 = date(2023, 7, 1)
_SUCCESSOR = "Law 91/2025 follows it from 1 January 2026 (general knowledge); its times were not looked up"
ANSWERS = (
    AnswerRow(
        within=timedelta(hours=72),
        valid_from=_DECREE_13,
        source=f"Decree 13/2023, rights of the person. {_SUCCESSOR}",
        certainty="general-knowledge",
    ),
)
BREACHES = (
    BreachRow(
        authority=N_("A05, the department for cyber security of the Ministry of Public Security"),
        within=timedelta(hours=72),
        counts_from="happened",
        valid_from=_DECREE_13,
        source=f"Decree 13/2023 art. 23 [S87]. {_SUCCESSOR}",
        certainty="sourced",
    ),
)

OUTSIDE = (
    OutsideRow(
        opens=False,
        valid_from=_DECREE_59,
        source="Whether an e-ID that was issued elsewhere opens an account is not in our sources; so it does not",
        certainty="chosen",
    ),
)

_SHOWN = frozenset({Particular.FULL_NAME, Particular.BIRTH, Particular.SEX, Particular.NATIONALITY})
GRANTED = {
    "identity.eid": frozenset(Particular),
    "identity.relying_party": _SHOWN,
    "payments.pay": frozenset({Particular.FULL_NAME}),
}
"""Our own choice within Decree 13/2023, which allows what the purpose needs [S87]; a system that asks adds its purpose."""


def country(numbers: PersonalNumbers) -> Country:
    """Viet Nam's filling of the socket; `numbers` says which personal numbers are taken."""

    def check_number(number: str, birth: date, female: bool | None, day: date) -> list[Reason]:  # noqa: FBT001  fills Country.check_number
        return numbers.check(number, day, birth=birth, female=female, field="number")

    def read_lines(lines: str, day: date) -> Printed | list[Reason]:
        zone = read_mrz(lines, day)
        if not isinstance(zone, Mrz):
            return zone
        holder = read_holder(zone, day, numbers)
        if not isinstance(holder, ZoneHolder):
            return holder
        return Printed(number=holder.number, birth=holder.birth, female=holder.female, expires=zone.expires)

    def read_code(text: str, day: date) -> Printed | list[Reason]:
        card = read_card(text, day, numbers)
        if not isinstance(card, CardQr):
            return card
        return Printed(number=card.number, full_name=card.full_name, birth=card.birth, female=card.female)

    return Country(
        zone=CALENDAR.zone,
        nationality="VN",
        check_number=check_number,
        check_tax_code=lambda code: check_tax_code(code, fictitious=numbers.fictitious),
        check_phone=lambda phone: check_phone(phone, fictitious=numbers.fictitious),
        add_working_days=CALENDAR.add_working_days,
        limits=LIMITS,
        ages=AGES,
        secrets=SECRETS,
        adult_age=18,
        activate_within=timedelta(days=7),  # Decree 59/2022: general knowledge, not verified
        answers=ANSWERS,
        breaches=BREACHES,
        outside=OUTSIDE,
        usage_years=5,  # [S33]
        granted=GRANTED,
        capture_levels=frozenset({Level.TWO}),  # biometrics are checked in person [S27]
        read_lines=read_lines,
        read_code=read_code,
        read_chip=lambda groups, lines, day: _read_chip(groups, lines, day, numbers),
    )


def _read_chip(
    groups: Mapping[int, bytes], lines: str, day: date, numbers: PersonalNumbers
) -> Printed | list[Reason] | None:
    if NATIONAL not in groups:
        return None
    national, zone = read_national(groups[NATIONAL]), read_mrz(lines, day)
    if not isinstance(national, NationalData):
        return [national]
    if not isinstance(zone, Mrz):
        return zone
    holder = read_holder(zone, day, numbers)
    if not isinstance(holder, ZoneHolder):
        return holder
    return check_chip(zone, holder, national) or Printed(
        number=national.number,
        full_name=national.full_name,
        birth=national.birth,
        female=national.female,
        expires=national.expires,
    )
