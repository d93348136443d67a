"""A made-up country with odd rules, so that an assumption about a real one breaks a test."""

from datetime import date
from functools import cache

from doorstep.kernel.values.text import N_
from doorstep.profiles.profile import Profile
from doorstep.profiles.testland.calendar import CALENDAR
from doorstep.profiles.testland.currency import CURRENCY
from doorstep.profiles.testland.identity import country as identity
from doorstep.profiles.testland.identity import fictitious_card
from doorstep.profiles.testland.lodging import country as lodging
from doorstep.profiles.testland.payments import country as payments
from doorstep.profiles.testland.personal_number import check_letter, check_phone
from doorstep.profiles.testland.units import UNITS

LANGUAGE = "en"
TIME_ZONE = CALENDAR.zone.key

LEGAL_BASES = {
    code: N_("Testland's one law, which is invented.")
    for code in (
        *("identity.register", "identity.match", "identity.eid", "identity.sign_in", "identity.office"),
        "identity.document",
        *("identity.mandate", "identity.relying_party", "identity.protection"),
        *("lodging.notify", "lodging.manage", "lodging.supervise", "lodging.retain"),
        *("payments.pay", "payments.repair", "payments.treasury"),
    )
}


def fictitious_number(birth: date, female: bool, serial: int) -> str:  # noqa: ARG001, FBT001  fills its place in Profile
    """A number that checks and that nobody has; `serial` below 2.6 million."""
    letters, digits = f"Z{chr(65 + serial // 100_000)}", f"{serial % 100_000:05}"
    return letters + digits + check_letter(letters, digits)


@cache
def profile(*, fictitious: bool) -> Profile:
    """Testland with made-up people taken (tests) or refused."""
    return Profile(
        name="testland",
        title=N_("Testland"),
        language=LANGUAGE,
        fictitious=fictitious,
        currency=CURRENCY,
        calendar=CALENDAR,
        units=UNITS,
        legal_bases=LEGAL_BASES,
        fictitious_number=fictitious_number,
        fictitious_phone=lambda serial: f"{serial:05}",
        fictitious_tax_code=lambda serial: f"Z{serial:04}",
        fictitious_card=fictitious_card,
        demo_locality="M",
        phone_is_fictitious=lambda number: not check_phone(number),  # nobody lives there
        published=None,
        journal_years=3,
        committee="Y1",
        identity=identity(fictitious=fictitious),
        lodging=lodging(fictitious=fictitious),
        payments=payments(fictitious=fictitious),
    )


PROFILE = profile(fictitious=False)
