"""When a notice is due, and whose stay needs none."""

from doorstep.systems.lodging.country import Country, Due
from doorstep.systems.lodging.facts import FacilityType, GuestKind
from doorstep.systems.lodging.rules.records import Relation, Stay


def family_once(facility: FacilityType, country: Country) -> bool:
    """Whether close family who come to such a house again and again are notified once."""
    return country.family_once and facility is FacilityType.HOUSEHOLD


def due(stay: Stay, facility: FacilityType, *, remote: bool, notified_before: bool, country: Country) -> Due | None:
    """By when the stay is to be notified; None where no notice is needed, since the house notified this close family before.

    Stateless guests count as foreign: whoever is no citizen falls under the law on foreigners, which spares nobody.
    """
    foreign = stay.guest.kind is not GuestKind.DOMESTIC
    if notified_before and not foreign and stay.relation is Relation.CLOSE_FAMILY and family_once(facility, country):
        return None
    return country.due(stay.arrival, foreign, remote)
