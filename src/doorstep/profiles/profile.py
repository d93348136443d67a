"""What a country is to the house: one typed object, filled by each profile and chosen by the site."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import msgspec

from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.money import Currency
from doorstep.kernel.values.unit_tree import UnitRow
from doorstep.profiles.calendar import Calendar
from doorstep.systems.identity import country as identity
from doorstep.systems.lodging import country as lodging
from doorstep.systems.payments import country as payments


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """The official units with their history, and where each locality stands on the tile map.

    `grid` maps a locality's code to its cell (column, row), counted from 0 at the top left: a schematic layout of our
    own. `invented_communes(locality, count, neighbourhoods)` makes up what lies below, with certainty "invented".
    """

    rows: tuple[UnitRow, ...]
    locality_kinds: frozenset[str]
    ministry_kinds: frozenset[str]
    grid: Mapping[str, tuple[int, int]]
    invented_communes: Callable[[str, int, int], tuple[UnitRow, ...]]

    def localities(self, day: date) -> list[UnitRow]:
        """Provinces and their like in force on `day`: the units that figures compare."""
        return [row for row in in_force(self.rows, day) if row.kind in self.locality_kinds]

    def ministries(self, day: date) -> list[UnitRow]:
        """Ministries and agencies of their rank in force on `day`."""
        return [row for row in in_force(self.rows, day) if row.kind in self.ministry_kinds]


class MadeUpCard(msgspec.Struct, frozen=True):
    """A document that nobody has: the issuer and the machine-readable lines, the text of its code, and the data groups
    that its chip holds beside the zone and the portrait.
    """

    issuer: str
    lines: str
    code: str
    groups: Mapping[int, bytes]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """`title` is a message id. `legal_bases` says by purpose code which law allows to touch a record.

    `fictitious` tells whether made-up people, phones and tax codes are taken (demo and tests) or refused (production).
    `journal_years` is how long it stays known who looked at what.
    `demo_locality` is where the people of the demo live.
    `published` is a file of figures that were published, `committee` the unit that answers for figures that systems
    compute and nobody else submits. `fictitious_number(birth, female, serial)` makes a well-formed personal number that no person has,
    `fictitious_phone(serial)` a phone number, serial below 100,000.
    `fictitious_tax_code(serial)` is a tax code that nobody has, serial below 1,000, and `fictitious_card(number, name,
    birth, female, issued)` the document of a made-up person.
    `phone_is_fictitious(number)` tells a phone number that nobody has.
    """

    name: str
    title: str
    language: str
    fictitious: bool
    currency: Currency
    calendar: Calendar
    units: Units
    legal_bases: Mapping[str, str]
    fictitious_number: Callable[[date, bool, int], str]
    fictitious_phone: Callable[[int], str]
    fictitious_tax_code: Callable[[int], str]
    fictitious_card: Callable[[str, str, date, bool, date], MadeUpCard]
    demo_locality: str
    phone_is_fictitious: Callable[[str], bool]
    published: Path | None
    committee: str
    journal_years: int
    identity: identity.Country
    lodging: lodging.Country
    payments: payments.Country
