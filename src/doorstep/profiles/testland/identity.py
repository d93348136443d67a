"""Testland's law on e-identity: no level one, everything within 2 working days, passcodes of four digits, a breach
told to the lighthouse within ten hours.
"""

from datetime import date, timedelta

from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import N_
from doorstep.profiles.testland.calendar import CALENDAR
from doorstep.profiles.testland.personal_number import check_number, check_phone
from doorstep.systems.identity.contract import Particular
from doorstep.systems.identity.country import AgeRow, AnswerRow, BreachRow, Country, LimitRow, SecretRow
from doorstep.systems.identity.facts import Holder, Level

TAX_CODE_MALFORMED = reason(
    "testland.tax_code_malformed", "A tax code has one letter and four digits.", repair="Copy it from the tax letter."
)

_FOUNDED = date(2000, 2, 29)
_SOURCE = "Invented for tests"


def country(*, fictitious: bool) -> Country:
    """Testland's filling of the socket; `fictitious` takes made-up numbers."""

    def check(number: str, birth: date, female: bool | None, day: date) -> list[Reason]:  # noqa: ARG001, FBT001  fills Country.check_number
        return check_number(number, fictitious=fictitious, field="number")

    def check_tax(code: str) -> list[Reason]:
        fits = len(code) == 5 and code[0].isalpha() and code.isascii() and code[1:].isdigit()
        return [] if fits else [TAX_CODE_MALFORMED("tax_code")]

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
                level=Level.TWO,
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
                level=Level.TWO,
                from_age=12,
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
        usage_years=3,
        granted={"identity.eid": frozenset({Particular.FULL_NAME, Particular.UNIT})},
    )
