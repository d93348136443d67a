"""Viet Nam as of 2024: everything that the house needs to know about this country, and nothing that it does not."""

from functools import cache
from pathlib import Path

from doorstep.kernel.values.text import N_
from doorstep.profiles.profile import Profile
from doorstep.profiles.vietnam.calendar import CALENDAR
from doorstep.profiles.vietnam.currency import CURRENCY
from doorstep.profiles.vietnam.identity import country as identity
from doorstep.profiles.vietnam.lodging import country as lodging
from doorstep.profiles.vietnam.made_up_card import fictitious_card
from doorstep.profiles.vietnam.payments import country as payments
from doorstep.profiles.vietnam.personal_number import (
    PersonalNumbers,
    fictitious_number,
    fictitious_phone,
    phone_is_fictitious,
)
from doorstep.profiles.vietnam.tax_code import fictitious_tax_code
from doorstep.profiles.vietnam.units import PIN_PREFIXES, UNITS

LANGUAGE = "vi"
TIME_ZONE = CALENDAR.zone.key

LEGAL_BASES = {
    "identity.register": N_("Decree 137/2015 on the population database and personal numbers (sourced)."),
    "identity.match": N_(
        "Decree 47/2020: agencies share data and do not ask people again for what another has (sourced)."
    ),
    "identity.eid": N_(
        "Decree 59/2022 on electronic identification until 30 June 2024, Decree 69/2024 from 1 July 2024 (sourced)."
    ),
    "identity.document": N_(
        "Decree 59/2022 on electronic identification until 30 June 2024, Decree 69/2024 from 1 July 2024 (sourced)."
    ),
    "identity.sign_in": N_(
        "Decree 59/2022 on electronic identification until 30 June 2024, Decree 69/2024 from 1 July 2024 (sourced)."
    ),
    "identity.office": N_("Decree 13/2023: only those who need personal data for their duty have access (sourced)."),
    "identity.mandate": N_("Civil Code of 2015 on representation (general knowledge, not verified)."),
    "identity.relying_party": N_("Decree 13/2023: consent for each purpose, which can be withdrawn (sourced)."),
    "identity.protection": N_(
        "Decree 13/2023: rights of the person, and notice of a breach within 72 hours (sourced)."
    ),
    "lodging.notify": N_(
        "Residence rules in force since 1 July 2021: whoever hosts a guest notifies the stay (sourced). For foreign "
        "guests: Law of 2014 on foreigners, article 33 (sourced)."
    ),
    "lodging.manage": N_(
        "Residence rules in force since 1 July 2021: stays are entered in a stay register (sourced). For bookings and "
        "bills: the contract with the guest, Decree 13/2023, article 17 (general knowledge, not verified)."
    ),
    "lodging.supervise": N_(
        "Residence rules in force since 1 July 2021: the commune police receives stay notices (sourced). Looking at "
        "them: Decree 13/2023 (sourced), article 17 (general knowledge, not verified)."
    ),
    "lodging.retain": N_("Decree 13/2023: personal data are stored for a limited time only (sourced)."),
    "payments.pay": N_("Law of 2015 on fees and charges (general knowledge, not verified)."),
    "payments.repair": N_("Law of 2015 on fees and charges (general knowledge, not verified)."),
    "payments.treasury": N_("Law of 2015 on accounting (general knowledge, not verified)."),
}


@cache
def profile(*, fictitious: bool) -> Profile:
    """Viet Nam with made-up people taken (demo, tests) or refused (production)."""
    numbers = PersonalNumbers(PIN_PREFIXES, fictitious)
    return Profile(
        name="vietnam",
        title=N_("Viet Nam"),
        language=LANGUAGE,
        fictitious=fictitious,
        currency=CURRENCY,
        calendar=CALENDAR,
        units=UNITS,
        legal_bases=LEGAL_BASES,
        fictitious_number=fictitious_number,
        fictitious_phone=fictitious_phone,
        fictitious_tax_code=fictitious_tax_code,
        fictitious_card=fictitious_card,
        phone_is_fictitious=phone_is_fictitious,
        demo_locality="H38",  # Lao Cai, whose report is our source
        published=Path(__file__).parent / "published-2024-h1.csv",
        journal_years=5,  # as the usage history of e-identity accounts [S33]
        committee="G14",  # standing agency of the national committee in 2024 [S7]
        identity=identity(numbers),
        lodging=lodging(numbers),
        payments=payments(fictitious=fictitious),
    )


PROFILE = profile(fictitious=False)
