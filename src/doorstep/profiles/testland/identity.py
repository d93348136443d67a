"""Testland's law on e-identity: no level one, everything within 2 working days, passcodes of four digits, a breach
told to the lighthouse within ten hours.

Its documents are passports whose zone has the personal number in the optional data; its chips hold nothing of their own,
its codes are `number;name;date`, and no biometrics are taken.
"""

from datetime import date, timedelta

from doorstep.kernel.values.dates import read_date
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.names import folded
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import N_
from doorstep.profiles.profile import MadeUpCard
from doorstep.profiles.testland.calendar import CALENDAR
from doorstep.profiles.testland.personal_number import check_number, check_phone
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
from doorstep.systems.identity.rules.mrz import Mrz, read_mrz, write_mrz

TAX_CODE_MALFORMED = reason(
    "testland.tax_code_malformed", "A tax code has one letter and four digits.", repair="Copy it from the tax letter."
)

DOCUMENT_UNKNOWN = reason(
    "testland.document_unknown", "This is no document of Testland.", repair="Copy it from the passport."
)

_FOUNDED = date(2000, 2, 29)
_SOURCE = "Invented for tests"


def fictitious_card(number: str, full_name: str, birth: date, female: bool, issued: date) -> MadeUpCard:  # noqa: FBT001  fills Profile.fictitious_card
    """The passport of a made-up person, valid for a year."""
    given, _, surname = folded(full_name).upper().partition(" ")
    zone = Mrz(
        size="TD3",
        code="P",
        issuer="TLA",
        number=Masked(number),
        surname=surname or given,
        given_names=given if surname else "",
        nationality="TLA",
        born=birth.strftime("%y%m%d"),
        birth=birth,
        female=female,
        expires=issued + timedelta(days=365),
        optional=Masked(number),
    )
    return MadeUpCard("TLA", write_mrz(zone), f"{number};{full_name};{birth.isoformat()}", {})


def country(*, fictitious: bool) -> Country:
    """Testland's filling of the socket; `fictitious` takes made-up numbers."""

    def check(number: str, birth: date, female: bool | None, day: date) -> list[Reason]:  # noqa: ARG001, FBT001  fills Country.check_number
        return check_number(number, fictitious=fictitious, field="number")

    def check_tax(code: str) -> list[Reason]:
        fits = len(code) == 5 and code[0].isalpha() and code.isascii() and code[1:].isdigit()
        return [] if fits else [TAX_CODE_MALFORMED("tax_code")]

    def read_lines(lines: str, day: date) -> Printed | list[Reason]:
        zone = read_mrz(lines, day)
        if not isinstance(zone, Mrz):
            return zone
        if (zone.size, zone.issuer) != ("TD3", "TLA"):
            return [DOCUMENT_UNKNOWN()]
        found = check_number(zone.optional, fictitious=fictitious, field="number")
        return found or Printed(number=zone.optional, birth=zone.birth, female=zone.female, expires=zone.expires)

    def read_code(text: str, day: date) -> Printed | list[Reason]:  # noqa: ARG001  fills Country.read_code
        parts = text.strip().split(";") if len(text) < 300 else []
        birth = read_date(parts[2]) if len(parts) == 3 else None
        if birth is None:
            return [DOCUMENT_UNKNOWN()]
        found = check_number(parts[0], fictitious=fictitious, field="number")
        return found or Printed(number=Masked(parts[0]), full_name=parts[1], birth=birth)

    return Country(
        zone=CALENDAR.zone,
        nationality="TL",
        check_number=check,
        check_tax_code=check_tax,
        check_phone=check_phone,
        add_working_days=CALENDAR.add_working_days,
        limits=tuple(
            LimitRow(
                holder=holder,
                level=Level.NONE if holder is Holder.ORGANISATION else Level.TWO,
                complete=complete,
                working_days=2,
                valid_from=_FOUNDED,
                source=_SOURCE,
                certainty="invented",
            )
            for holder in Holder
            for complete in (True, False)
        ),
        ages=tuple(
            AgeRow(
                holder=holder,
                level=Level.NONE if holder is Holder.ORGANISATION else Level.TWO,
                from_age=0 if holder is Holder.ORGANISATION else 12,
                below_age=None,
                guardian=holder is Holder.MINOR,
                valid_from=_FOUNDED,
                source=_SOURCE,
                certainty="invented",
            )
            for holder in Holder
        ),
        secrets=(
            SecretRow(
                shortest=10,
                longest=64,
                kinds=frozenset({"lower"}),
                passcode_digits=4,
                valid_from=_FOUNDED,
                source=_SOURCE,
                certainty="invented",
            ),
        ),
        adult_age=21,
        activate_within=timedelta(days=3),
        answers=(AnswerRow(within=timedelta(days=9), valid_from=_FOUNDED, source=_SOURCE, certainty="invented"),),
        breaches=(
            BreachRow(
                authority=N_("The lighthouse keeper"),
                within=timedelta(hours=10),
                counts_from="found",
                valid_from=_FOUNDED,
                source=_SOURCE,
                certainty="invented",
            ),
        ),
        outside=(OutsideRow(opens=True, valid_from=_FOUNDED, source=_SOURCE, certainty="invented"),),
        usage_years=3,
        granted={
            "identity.eid": frozenset({Particular.FULL_NAME, Particular.UNIT}),
            "payments.pay": frozenset({Particular.FULL_NAME}),
        },
        capture_levels=frozenset(),
        read_lines=read_lines,
        read_code=read_code,
        read_chip=lambda groups, lines, day: None,  # noqa: ARG005  fills Country.read_chip
    )
