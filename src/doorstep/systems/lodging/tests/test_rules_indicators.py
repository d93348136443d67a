"""The formulas count what `counts` says, over facts and over rollups alike."""

from datetime import date
from decimal import Decimal

import ibis
import pyarrow as pa

from doorstep.kernel.declare.facts import FACTS, columns_of
from doorstep.kernel.declare.indicators import Kind
from doorstep.kernel.declare.scopes import PURPOSES, ROLES, SCOPES
from doorstep.kernel.values.units import UnitCode
from doorstep.profiles import testland, vietnam
from doorstep.systems.lodging import indicators, permissions
from doorstep.systems.lodging.facts import Channel, EstablishmentFirstNotified, FacilityType, GuestKind, StayNotified

DAY, COMMUNE = date(2024, 5, 21), UnitCode("H38.901")


def notified(*, late):
    return StayNotified(day=DAY, unit=COMMUNE, guest_kind=GuestKind.DOMESTIC, channel=Channel.API, late=late)


def table(*emitted):
    """Rows of facts as the engine hands them to a formula; each is given with its n."""
    columns = [columns_of([fact], n) for fact, n in emitted]
    return ibis.memtable(pa.table({name: [value for each in columns for value in each[name]] for name in columns[0]}))


def test_notices_count_minus_the_cancelled():
    facts = table(
        (notified(late=False), 1), (notified(late=True), 1), (notified(late=True), -1), (notified(late=False), 1)
    )
    assert indicators.NOTIFICATIONS.numerator(facts).to_pyarrow().as_py() == 2
    rate = indicators.ON_TIME_RATE
    numerator, denominator = rate.numerator(facts).to_pyarrow().as_py(), rate.denominator(facts).to_pyarrow().as_py()
    assert (numerator, denominator) == (2, 2)
    assert rate.value(1, 8) == Decimal("12.5")
    assert rate.value(0, 0) is None


def test_late_notices_lower_the_rate_and_nothing_else():
    facts = table((notified(late=False), 3), (notified(late=True), 1))
    assert indicators.ON_TIME_RATE.value(3, 4) == 75
    assert indicators.ON_TIME_RATE.numerator(facts).to_pyarrow().as_py() == 3
    assert indicators.NOTIFICATIONS.numerator(facts).to_pyarrow().as_py() == 4


def test_houses_count_once_each():
    house = EstablishmentFirstNotified(day=DAY, unit=COMMUNE, facility_type=FacilityType.TOURIST)
    assert indicators.ESTABLISHMENTS.numerator(table((house, 1), (house, 1))).to_pyarrow().as_py() == 2
    assert indicators.ESTABLISHMENTS.kind is indicators.NOTIFICATIONS.kind is Kind.STOCK


def test_every_purpose_has_its_legal_basis_in_every_country():
    purposes = {code for code in PURPOSES if code.startswith("lodging.")}
    for profile in (vietnam.PROFILE, testland.PROFILE):
        assert purposes <= set(profile.legal_bases)


def test_every_scope_of_lodging_belongs_to_a_role():
    granted = {scope.code for role in ROLES.values() for scope in role.scopes}
    assert {code for code in SCOPES if code.startswith("lodging.")} <= granted
    assert permissions.READ_NOTICES not in permissions.KEEPER.scopes


def test_rollups_hold_what_the_indicators_read():
    for indicator in (indicators.ESTABLISHMENTS, indicators.NOTIFICATIONS, indicators.ON_TIME_RATE):
        assert FACTS[indicator.fact.name].rollup(indicator.rollup).by[:2] == ("top", "month")
