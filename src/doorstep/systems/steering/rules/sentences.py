"""Says every figure of the report in whole sentences, so that no language has to join pieces.

A sentence is chosen by a stable id that the report keeps (`up.more_than`), and written in a language only where it is
shown. Ids are a stem and what hedges it: `plain`, or `up` where the figure rose (a rank: got better) against its
baseline, then the qualifier of the value and, where that has one too, of the difference. A figure without a sentence
of its own for its case falls back on the general ones, which fit every figure.

Placeholders hold formatted values: {value} of {of}, {baseline} at {since}, {change} against it (without a sign;
{signed_change} with it), {during} the period, {area} a unit, {target}, {distance} to it, {due}, {early} the time left,
{owner} the unit that submitted, {computed} from records at {scale}, {comparable} at the submitted figure's scale, and
{difference} from it.
"""

from string import Formatter

from doorstep.kernel.values.text import N_
from doorstep.systems.steering.rules.comparison import Comparison, Difference
from doorstep.systems.steering.rules.figures import DifferenceUnit, Qualifier, SubmittedFigure

SENTENCES: dict[str, dict[str, str]] = {
    "online_dossier_rate.national": {
        "plain": N_("Nationwide, {value} of all dossiers of administrative procedures were filed fully online."),
        "up": N_(
            "Nationwide, {value} of all dossiers of administrative procedures were filed fully online, "
            "an increase of {change} compared with {since} ({baseline})."
        ),
    },
    "online_dossier_rate.ministries": {
        "plain": N_("At ministries and ministerial agencies, {value} of all dossiers were filed fully online."),
        "up": N_(
            "At ministries and ministerial agencies, {value} of all dossiers were filed fully online, "
            "an increase of {change} compared with {since} ({baseline})."
        ),
    },
    "online_dossier_rate.localities": {
        "plain": N_("In the provinces and centrally run cities, {value} of all dossiers were filed fully online."),
        "up": N_(
            "In the provinces and centrally run cities, {value} of all dossiers were filed fully online, "
            "an increase of {change} compared with {since} ({baseline})."
        ),
    },
    "fee_policy.localities": {
        "plain": N_(
            "In {value} of {of} provinces and centrally run cities, fees and charges are reduced or waived "
            "for those who file online."
        ),
        "up": N_(
            "In {value} of {of} provinces and centrally run cities, fees and charges are reduced or waived "
            "for those who file online, an increase of {change} compared with {since}."
        ),
    },
    "time_policy.localities": {
        "plain": N_(
            "In {value} of {of} provinces and centrally run cities, the processing time is shortened "
            "for those who file online."
        ),
        "up": N_(
            "In {value} of {of} provinces and centrally run cities, the processing time is shortened "
            "for those who file online, an increase of {change} compared with {since}."
        ),
    },
    "digital_economy.growth": {
        "plain": N_("The digital economy grew by {value} {during}."),
        "plain.estimate": N_("The digital economy grew by an estimated {value} {during}."),
    },
    "digital_economy.gdp_share": {
        "plain": N_("The digital economy made up {value} of gross domestic product."),
        "plain.estimate": N_("The digital economy made up an estimated {value} of gross domestic product."),
    },
    "ict.revenue": {
        "plain": N_("Revenue of the information technology sector reached {value}."),
        "plain.estimate": N_("Revenue of the information technology sector is estimated at {value}."),
        "up": N_(
            "Revenue of the information technology sector reached {value}, "
            "an increase of {change} compared with {since}."
        ),
        "up.estimate": N_(
            "Revenue of the information technology sector is estimated at {value}, "
            "an increase of {change} compared with {since}."
        ),
    },
    "fiber.households_added": {
        "plain": N_("The number of households with fibre broadband grew by {value} {during}."),
        "plain.about": N_("The number of households with fibre broadband grew by about {value} {during}."),
        "plain.more_than": N_("The number of households with fibre broadband grew by more than {value} {during}."),
    },
    "fiber.household_rate": {
        "plain": N_("{value} of all households have fibre broadband."),
        "up": N_("{value} of all households have fibre broadband, an increase of {change} compared with {since}."),
    },
    "smartphone.subscribers_added": {
        "plain": N_("The number of smartphone subscribers grew by {value} {during}."),
        "plain.about": N_("The number of smartphone subscribers grew by about {value} {during}."),
        "plain.more_than": N_("The number of smartphone subscribers grew by more than {value} {during}."),
    },
    "smartphone.subscriber_rate": {
        "plain": N_("{value} of all mobile subscriptions are used with a smartphone."),
        "up": N_(
            "{value} of all mobile subscriptions are used with a smartphone, "
            "an increase of {change} compared with {since}."
        ),
    },
    "datacenter.added": {"plain": N_("The number of modern data centres in the country grew by {value} {during}.")},
    "datacenter.largest_capacity": {
        "plain": N_("The newest data centre, the largest in the country, has a capacity of {value}.")
    },
    "ipv6.rate": {
        "plain": N_("IPv6 adoption reached {value}."),
        "up": N_("IPv6 adoption reached {value}, an increase of {change} compared with {since}."),
    },
    "ipv6.world_rank": {
        "plain": N_("In IPv6 adoption, the country holds place {value} in the world."),
        "up": N_(
            "In IPv6 adoption, the country holds place {value} in the world, "
            "an improvement by {change} compared with {since}."
        ),
    },
    "portal.services": {
        "plain": N_("The national public service portal offers {value} online public services."),
        "plain.more_than": N_("The national public service portal offers more than {value} online public services."),
    },
    "portal.accounts": {
        "plain": N_("The national public service portal counts {value} accounts."),
        "plain.more_than": N_("The national public service portal counts more than {value} accounts."),
    },
    "portal.dossiers_synchronised": {
        "plain": N_("In all, {value} dossiers have been synchronised to the national public service portal."),
        "plain.more_than": N_(
            "In all, more than {value} dossiers have been synchronised to the national public service portal."
        ),
    },
    "portal.payments_count": {
        "plain": N_("In all, {value} online payments have been made through the national public service portal."),
        "plain.more_than": N_(
            "In all, more than {value} online payments have been made through the national public service portal."
        ),
    },
    "portal.payments_value": {
        "plain": N_("The online payments through the national public service portal add up to {value}."),
        "plain.more_than": N_(
            "The online payments through the national public service portal add up to more than {value}."
        ),
    },
    "invoices.registrants": {
        "plain": N_("{value} businesses and household businesses are registered for e-invoices from cash registers."),
        "up": N_(
            "{value} businesses and household businesses are registered for e-invoices from cash registers, "
            "an increase of {change} compared with {since}."
        ),
    },
    "invoices.issued": {
        "plain": N_("In all, {value} e-invoices have been issued from cash registers."),
        "up": N_(
            "In all, {value} e-invoices have been issued from cash registers, "
            "an increase of {change} compared with {since}."
        ),
    },
    "benefits.localities": {
        "plain": N_("In {value} of {of} provinces and centrally run cities, social benefits are paid into accounts.")
    },
    "benefits.people_paid": {
        "plain": N_("Social benefits have been paid into the accounts of {value} people."),
        "plain.more_than": N_("Social benefits have been paid into the accounts of more than {value} people."),
    },
    "benefits.amount_paid": {
        "plain": N_("The social benefits paid into accounts add up to {value}."),
        "plain.more_than": N_("The social benefits paid into accounts add up to more than {value}."),
        "up": N_(
            "The social benefits paid into accounts add up to {value}, an increase of {change} compared with {since}."
        ),
        "up.more_than.more_than": N_(
            "The social benefits paid into accounts add up to more than {value}, "
            "an increase of more than {change} compared with {since}."
        ),
    },
    "benefits.urban_account_rate": {
        "plain": N_(
            "In urban areas, {value} of the recipients of social insurance and unemployment benefit "
            "are paid into their own account."
        ),
        "up": N_(
            "In urban areas, {value} of the recipients of social insurance and unemployment benefit "
            "are paid into their own account, an increase of {change} compared with {since}."
        ),
        "target.exceeded": N_("This exceeds the target of {target} set by the Prime Minister by {distance}."),
    },
    "health.facilities_on_chip_card": {
        "plain": N_("{value} of health facilities examine and treat patients with the chip identity card.")
    },
    "health.card_lookups": {
        "plain": N_("Health insurance has been looked up {value} times with the chip identity card."),
        "plain.more_than": N_(
            "Health insurance has been looked up more than {value} times with the chip identity card."
        ),
    },
    "health.reception_speedup": {
        "plain": N_("Patients are received {value} times as fast as before."),
        "plain.about": N_("Patients are received about {value} times as fast as before."),
    },
    "health.kiosks": {
        "plain": N_("{value} kiosks for checking in have been set up in hospitals."),
        "plain.first": N_("Kiosks for checking in have been set up in the first large hospitals of {area}."),
    },
    "lodging.establishments": {
        "plain": N_("{value} lodging establishments use the notification software."),
        "plain.more_than": N_("More than {value} lodging establishments use the notification software."),
    },
    "lodging.notifications": {
        "plain": N_("{value} stays have been notified through the software."),
        "plain.more_than": N_("More than {value} stays have been notified through the software."),
    },
    "eid.records": {
        "plain": N_("{value} electronic identity records have been collected."),
        "plain.more_than": N_("More than {value} electronic identity records have been collected."),
        "up": N_(
            "{value} electronic identity records have been collected, an increase of {change} compared with {since}."
        ),
        "up.more_than": N_(
            "More than {value} electronic identity records have been collected, "
            "an increase of {change} compared with {since}."
        ),
        "target.exceeded.early.more_than": N_(
            "This exceeds the target of {target} set by the Prime Minister by more than {distance}, {early} early."
        ),
    },
    "eid.activated": {
        "plain": N_("{value} electronic identity accounts have been activated."),
        "plain.more_than": N_("More than {value} electronic identity accounts have been activated."),
    },
    "eid.activation_rate": {"plain": N_("{value} of the collected electronic identity records have been activated.")},
}

GENERAL = {
    "value": N_("{title}: {value}."),
    "value.about": N_("{title}: about {value}."),
    "value.more_than": N_("{title}: more than {value}."),
    "value.estimate": N_("{title}: {value}, as an estimate."),
    "value.first": N_("{title}: the first ones are there; no number is given."),
    "changed": N_("Change compared with {since}: {signed_change}."),
    "changed.about": N_("Change compared with {since}: about {signed_change}."),
    "changed.more_than": N_("Change compared with {since}: more than {signed_change}."),
    "changed.estimate": N_("Change compared with {since}: {signed_change}, as an estimate."),
    "target.exceeded": N_("This exceeds the target of {target} by {distance}."),
    "target.exceeded.more_than": N_("This exceeds the target of {target} by more than {distance}."),
    "target.exceeded.early": N_("This exceeds the target of {target} by {distance}, {early} early."),
    "target.exceeded.early.more_than": N_(
        "This exceeds the target of {target} by more than {distance}, {early} early."
    ),
    "target.met": N_("This meets the target of {target}."),
    "target.missed": N_("This falls short of the target of {target} by {distance}."),
    "target.missed.due": N_("This falls short of the target of {target}, due on {due}, by {distance}."),
    "submitted": N_("Submitted by {owner}."),
    "computed": N_("Computed from the records: {computed}; difference from the submitted figure: {difference}."),
    "computed.scaled": N_(
        "Computed from simulated records at the scale {scale}: {computed}, which stands for {comparable}; "
        "difference from the submitted figure: {difference}."
    ),
    "computed.unscaled": N_(
        "Computed from simulated records at the scale {scale}: {computed}; "
        "difference from the submitted figure: {difference}."
    ),
    "computed.alone": N_("{title} – computed from the records: {computed}."),
    "computed.alone.simulated": N_("{title} – computed from simulated records at the scale {scale}: {computed}."),
    "computed.none": N_("There are no records for this figure in this period, so nothing is computed."),
    "computed.withheld": N_("{title} – the number computed from the records is too small to be published."),
}


def message(key: str, sentence: str) -> str:
    """The English text of a sentence that `statement` or `computation` chose for the figure `key`."""
    return SENTENCES.get(key, {}).get(sentence) or GENERAL[sentence]


def statement(figure: SubmittedFigure, comparison: Comparison) -> tuple[str, ...]:
    """The sentences that say a submitted figure, its change, its target, and who submitted it."""
    own, known = SENTENCES.get(figure.key, {}), _known(figure, comparison)
    hedge, change_hedge = _hedge(figure.qualifier), _hedge(comparison.change_qualifier)
    change = comparison.change or 0
    up = f"up{hedge}{change_hedge}"
    if (change < 0 if comparison.change_unit is DifferenceUnit.PLACES else change > 0) and _fits(own.get(up), known):
        said = [up]
    else:
        said = [f"plain{hedge}" if _fits(own.get(f"plain{hedge}"), known) else f"value{hedge}"]
        said += [f"changed{change_hedge}"] if "signed_change" in known else []
    return (*said, *_target(figure, comparison), "submitted")


def computation(difference: Difference | None, *, records: bool, withheld: bool, simulated: bool, scaled: bool) -> str:
    """The sentence that says what the records add up to."""
    if withheld:
        return "computed.withheld"
    if not records:
        return "computed.none"
    if difference is None:
        return "computed.alone.simulated" if simulated else "computed.alone"
    return ("computed.scaled" if scaled else "computed.unscaled") if simulated else "computed"


def _known(figure: SubmittedFigure, comparison: Comparison) -> set[str]:
    """Names of the placeholders that can be filled."""
    return {"title", "during", "owner"} | {
        name
        for name, given in {
            "value": figure.value,
            "of": figure.denominator,
            "area": figure.area or None,
            "baseline": comparison.baseline,
            "since": comparison.baseline_as_of,
            "change": comparison.change,
            "signed_change": comparison.change,
        }.items()
        if given is not None
    }


def _fits(text: str | None, known: set[str]) -> bool:
    return text is not None and {name for _, name, _, _ in Formatter().parse(text) if name} <= known


def _hedge(qualifier: Qualifier) -> str:
    return "" if qualifier is Qualifier.NONE else f".{qualifier}"


def _target(figure: SubmittedFigure, comparison: Comparison) -> list[str]:
    if comparison.distance is None:
        return []
    if not comparison.reached:
        return ["target.missed.due" if comparison.target_due else "target.missed"]
    if not comparison.distance:
        return ["target.met"]
    early = ".early" if comparison.months_early else ""
    more = ".more_than" if figure.qualifier is Qualifier.MORE_THAN else ""
    return [f"target.exceeded{early}{more}"]
