"""The figures of the half-year report: in which order they stand, what each is called, and what it counts.

An indicator that a running system declares speaks for itself; these words stand where a figure is only submitted.
"""

import msgspec

from doorstep.kernel.values.text import N_


class Explained(msgspec.Struct, frozen=True):
    """A figure in plain words: its title, the question it answers, what counts and what does not ("" for nothing)."""

    title: str
    question: str
    counts: str
    excludes: str = ""


class Chapter(msgspec.Struct, frozen=True):
    code: str
    title: str
    figures: tuple[str, ...]


CHAPTERS = (
    Chapter(
        "services",
        N_("Online public services"),
        ("online_dossier_rate.national", "online_dossier_rate.ministries", "online_dossier_rate.localities"),
    ),
    Chapter("policies", N_("Policies for filing online"), ("fee_policy.localities", "time_policy.localities")),
    Chapter("economy", N_("Digital economy"), ("digital_economy.growth", "digital_economy.gdp_share", "ict.revenue")),
    Chapter(
        "infrastructure",
        N_("Digital infrastructure"),
        (
            *("fiber.households_added", "fiber.household_rate", "smartphone.subscribers_added"),
            *("smartphone.subscriber_rate", "datacenter.added", "datacenter.largest_capacity"),
            *("ipv6.rate", "ipv6.world_rank"),
        ),
    ),
    Chapter(
        "portal",
        N_("National public service portal"),
        (
            *("portal.services", "portal.accounts", "portal.dossiers_synchronised"),
            *("portal.payments_count", "portal.payments_value"),
        ),
    ),
    Chapter("invoices", N_("E-invoices from cash registers"), ("invoices.registrants", "invoices.issued")),
    Chapter(
        "benefits",
        N_("Social benefits without cash"),
        ("benefits.localities", "benefits.people_paid", "benefits.amount_paid", "benefits.urban_account_rate"),
    ),
    Chapter(
        "health",
        N_("Health"),
        ("health.facilities_on_chip_card", "health.card_lookups", "health.reception_speedup", "health.kiosks"),
    ),
    Chapter("lodging", N_("Lodging"), ("lodging.establishments", "lodging.notifications", "lodging.on_time_rate")),
    Chapter("eid", N_("Electronic identity"), ("eid.records", "eid.activated", "eid.activation_rate")),
)
OTHER = Chapter("other", N_("Further figures"), ())

_ONLINE_TITLE = N_("Fully online dossiers among all procedure dossiers")
_ONLINE_COUNTS = N_(
    "Dossiers of procedures that run fully online and were filed online, divided by all dossiers received in the "
    "period. Dossiers are added up; rates are never averaged."
)
_ONLINE_EXCLUDES = N_("Dossiers filed at a counter, and procedures of which only a part runs online.")

EXPLAINED = {
    "online_dossier_rate.national": Explained(
        _ONLINE_TITLE,
        N_("Of all dossiers that people and businesses filed in the country, how many were filed fully online?"),
        _ONLINE_COUNTS,
        _ONLINE_EXCLUDES,
    ),
    "online_dossier_rate.ministries": Explained(
        _ONLINE_TITLE,
        N_("Of all dossiers filed with ministries and ministerial agencies, how many were filed fully online?"),
        _ONLINE_COUNTS,
        _ONLINE_EXCLUDES,
    ),
    "online_dossier_rate.localities": Explained(
        _ONLINE_TITLE,
        N_("Of all dossiers filed in the provinces and centrally run cities, how many were filed fully online?"),
        _ONLINE_COUNTS,
        _ONLINE_EXCLUDES,
    ),
    "fee_policy.localities": Explained(
        N_("Localities that reduce or waive fees for online filing"),
        N_("In how many provinces and centrally run cities does filing online cost less?"),
        N_("A locality with at least one rule in force on the day that reduces or waives a fee or charge."),
        N_("Rules that are announced, expired, or not applied when the fee is computed."),
    ),
    "time_policy.localities": Explained(
        N_("Localities that shortened processing time for online filing"),
        N_("In how many provinces and centrally run cities is an online dossier decided sooner?"),
        N_("A locality with at least one rule in force on the day that shortens the time for online filing."),
        N_("Rules that are announced or expired."),
    ),
    "digital_economy.growth": Explained(
        N_("Growth of the digital economy"),
        N_("By how much did the digital economy grow in the period?"),
        N_("Value added by the digital economy, in per cent, as estimated by the unit that submits it."),
    ),
    "digital_economy.gdp_share": Explained(
        N_("Digital economy as a share of GDP"),
        N_("How large a part of the country's economic output is digital?"),
        N_("Value added by the digital economy, divided by gross domestic product, as estimated by the unit."),
    ),
    "ict.revenue": Explained(
        N_("Revenue of the information technology sector"),
        N_("How much did the information technology sector earn in the period?"),
        N_("Revenue of the digital economy in information and communications technology."),
    ),
    "fiber.households_added": Explained(
        N_("Households newly on fibre broadband"),
        N_("How many households got fibre broadband in the period?"),
        N_("Households with fibre broadband at the end of the period, minus those at its beginning."),
        N_("Households that had it before."),
    ),
    "fiber.household_rate": Explained(
        N_("Households with fibre broadband"),
        N_("Of all households, how many have fibre broadband?"),
        N_("Households with fibre broadband on the day, divided by all households."),
    ),
    "smartphone.subscribers_added": Explained(
        N_("Smartphone subscribers added"),
        N_("How many smartphone subscribers were added in the period?"),
        N_("Smartphone subscribers at the end of the period, minus those at its beginning."),
    ),
    "smartphone.subscriber_rate": Explained(
        N_("Smartphones among mobile subscriptions"),
        N_("Of all mobile subscriptions, how many are used with a smartphone?"),
        N_("Subscriptions with a smartphone on the day, divided by all mobile subscriptions."),
    ),
    "datacenter.largest_capacity": Explained(
        N_("Capacity of the newest and largest data centre"),
        N_("How much power can the newest and largest data centre draw?"),
        N_("The electric capacity for which the centre is built."),
    ),
    "datacenter.added": Explained(
        N_("Modern data centres added"),
        N_("How many modern data centres came into operation in the period?"),
        N_("Data centres that came into operation in the period."),
    ),
    "ipv6.rate": Explained(
        N_("IPv6 adoption"),
        N_("How much of the country's internet use runs over the newer protocol IPv6?"),
        N_("Internet users that reach services over IPv6, divided by all, as measured by the unit that submits it."),
    ),
    "ipv6.world_rank": Explained(
        N_("IPv6 world rank"),
        N_("At which place does the country stand in the world in IPv6 adoption?"),
        N_("The place by IPv6 adoption among all countries; a smaller number is better."),
    ),
    "portal.services": Explained(
        N_("Online public services on the national portal"),
        N_("How many public services can be used online on the national portal?"),
        N_("Procedures open for online filing on the day."),
        N_("Drafts and procedures that were withdrawn."),
    ),
    "portal.accounts": Explained(
        N_("Accounts on the national portal"),
        N_("How many people and organisations have used the national portal?"),
        N_("A person or an organisation at the first sign-in to the portal."),
        N_("People with an electronic identity who never signed in."),
    ),
    "portal.dossiers_synchronised": Explained(
        N_("Dossiers synchronised to the national portal"),
        N_("How many dossiers have ministries and localities sent to the national portal?"),
        N_("A dossier when it is first accepted from a participant."),
        N_("Repeated transmissions and later states of the same dossier."),
    ),
    "portal.payments_count": Explained(
        N_("Online payments through the national portal"),
        N_("How many payments were made online through the national portal?"),
        N_("Settled payments, minus those refunded in full."),
        N_("Payments that are awaited or expired."),
    ),
    "portal.payments_value": Explained(
        N_("Value of online payments through the national portal"),
        N_("How much money was paid online through the national portal?"),
        N_("The amounts of settled payments, minus those refunded in full."),
        N_("Payments that are awaited or expired."),
    ),
    "invoices.registrants": Explained(
        N_("Businesses and household businesses registered for cash-register e-invoices"),
        N_("How many businesses and household businesses issue e-invoices from their cash registers?"),
        N_("A registrant with at least one active cash register."),
        N_("Registrants that are closed or suspended."),
    ),
    "invoices.issued": Explained(
        N_("Cash-register e-invoices issued"),
        N_("How many e-invoices came from cash registers?"),
        N_("Accepted invoices, minus cancelled ones; a replacement counts, the replaced invoice does not."),
        N_("Invoices that were refused."),
    ),
    "benefits.localities": Explained(
        N_("Localities paying social benefits into accounts"),
        N_("In how many provinces and centrally run cities do social benefits arrive in accounts?"),
        N_("A locality with at least one payment credited to an account."),
    ),
    "benefits.people_paid": Explained(
        N_("People paid social benefits into accounts"),
        N_("How many people have received social benefits in their account?"),
        N_("A person at the first credit into an account."),
        N_("Payments in cash, and first credits that came back."),
    ),
    "benefits.amount_paid": Explained(
        N_("Social benefits paid into accounts"),
        N_("How much money in social benefits has arrived in accounts?"),
        N_("Amounts credited, minus amounts returned."),
        N_("Amounts that are ordered or held."),
    ),
    "benefits.urban_account_rate": Explained(
        N_("Urban recipients of social insurance and unemployment benefit paid by account"),
        N_(
            "Of the people in urban areas who receive social insurance or unemployment benefit, how many are paid "
            "into their own account?"
        ),
        N_("Urban recipients whose last payment was a credit to their account, divided by all urban recipients due."),
    ),
    "health.facilities_on_chip_card": Explained(
        N_("Health facilities examining with the chip identity card"),
        N_("Of all health facilities, how many receive patients with the chip identity card?"),
        N_("Facilities with at least one look-up by card in the period, divided by facilities open in the period."),
    ),
    "health.card_lookups": Explained(
        N_("Insurance look-ups by chip identity card"),
        N_("How often was health insurance looked up with the chip identity card?"),
        N_("Answered look-ups by card, whatever the answer was."),
        N_("Look-ups that failed with an error."),
    ),
    "health.reception_speedup": Explained(
        N_("Reception time: before against after"),
        N_("How many times as fast are patients received with the card as on paper?"),
        N_(
            "The middle reception time on paper, divided by the middle reception time by card, in the same facility "
            "and period; then the middle one of all facilities. Twelve times as fast means a twelfth of the time."
        ),
    ),
    "health.kiosks": Explained(
        N_("Check-in kiosks in hospitals"),
        N_("At how many kiosks can patients check in by themselves?"),
        N_("Kiosks with a check-in in the period."),
        N_("Kiosks that are enrolled but silent."),
    ),
    "lodging.establishments": Explained(
        N_("Lodging establishments on the notification software"),
        N_("How many lodging establishments notify their guests by software?"),
        N_("An establishment at its first accepted notice."),
        N_("Establishments that enrolled and have not sent a notice."),
    ),
    "lodging.notifications": Explained(
        N_("Stay notifications"),
        N_("How many stays were notified?"),
        N_("Accepted notices, minus cancelled ones."),
        N_("Corrections of a notice."),
    ),
    "lodging.on_time_rate": Explained(
        N_("Stays notified on time"),
        N_("Of the stays notified in the period, how many were notified before their deadline?"),
        N_("Accepted notices that arrived before the deadline, divided by all accepted notices of the period."),
        N_("Cancelled notices."),
    ),
    "eid.records": Explained(
        N_("Electronic identity records collected"),
        N_("For how many people has an electronic identity record been collected?"),
        N_("Records collected, minus revoked ones."),
    ),
    "eid.activated": Explained(
        N_("Electronic identity accounts activated"),
        N_("How many people have activated their electronic identity account?"),
        N_("Accounts active on the day; an account locked because its device was lost counts as active."),
        N_("Accounts that were revoked."),
    ),
    "eid.activation_rate": Explained(
        N_("Activated among collected"),
        N_("Of all collected electronic identity records, how many have been activated?"),
        N_("Activated accounts, divided by collected records."),
    ),
}
