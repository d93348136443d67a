"""The register's front door: what others may ask about persons and organisations, up to a hundred at once, and have them told.

Persons go by the key of their personal number (`kernel.values.ids.person_key`, kind "national_id"). Answers come in the
order asked. Whether particulars are right comes first; the particulars themselves only as the purpose is granted them.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.messages import Key, Message, Question, message, question
from doorstep.kernel.declare.scopes import Scope
from doorstep.kernel.values.units import UnitCode

ASK_REGISTER = Scope("identity.person.match", "Ask the register about persons and organisations")

MOST = 100
Keys = Annotated[list[Key], msgspec.Meta(max_length=MOST)]


class Sex(Code):
    """As the register states it."""

    MALE = "male", "Male"
    FEMALE = "female", "Female"
    UNSTATED = "unstated", "Not stated"


class Relation(Code):
    """What a guardian is to the ward: a list of our own."""

    PARENT = "parent", "Parent"
    GRANDPARENT = "grandparent", "Grandparent"
    SIBLING = "sibling", "Brother or sister of full age"
    APPOINTED = "appointed", "Appointed guardian"


class OrganisationKind(Code):
    """A coarse list of our own."""

    ENTERPRISE = "enterprise", "Enterprise"
    HOUSEHOLD_BUSINESS = "household_business", "Household business"
    COOPERATIVE = "cooperative", "Cooperative"
    AGENCY = "agency", "Agency or public body"
    ASSOCIATION = "association", "Association"
    OTHER = "other", "Other organisation"


class Particular(Code):
    """What may be asked of a person; which of it a purpose is granted, the country says."""

    FULL_NAME = "full_name", "Name"
    BIRTH = "birth", "Birth date"
    SEX = "sex", "Sex"
    NATIONALITY = "nationality", "Nationality"
    DIED = "died", "Day of death"
    UNIT = "unit", "Commune of residence"
    ADDRESS = "address", "Address"


class Claim(msgspec.Struct, frozen=True):
    """What somebody says of a person; None is not claimed."""

    subject: Key
    full_name: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    birth: date | None = None
    sex: Sex | None = None


class Agreement(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which of the particulars that were claimed are the register's; None where nothing was claimed, or nobody known."""

    known: bool
    full_name: bool | None = None
    birth: bool | None = None
    sex: bool | None = None


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """The particulars that were wanted; the others are None."""

    full_name: str | None = None
    birth: date | None = None
    sex: Sex | None = None
    nationality: str | None = None
    died: date | None = None
    unit: str | None = None
    address: str | None = None


class GuardianTold(msgspec.Struct, frozen=True):
    """Who answers for a ward, by key."""

    guardian: Key
    relation: Relation


class OrganisationTold(msgspec.Struct, frozen=True):
    """An organisation; `representative` is the key of its legal representative, empty where there is none."""

    name: str
    kind: OrganisationKind
    active: bool
    unit: UnitCode
    representative: str


@message("identity.person_to_tell")
class PersonToTell(Message, frozen=True):
    """Somebody is to be told something, by the way and in the language that they chose: the notice of this code with these
    values. `subject` is the key of a person or an organisation; whoever has no e-ID is not told.
    """

    notice: Key
    names: tuple[Key, ...]
    values: tuple[Key | int, ...]


@question("identity.match", scope=ASK_REGISTER, answer=list[Agreement])
class Match(Question, frozen=True):
    """Are these particulars right? Names agree word by word, without diacritics, in any order."""

    claims: Annotated[list[Claim], msgspec.Meta(max_length=MOST)]

    def subjects(self) -> Sequence[str]:
        return [claim.subject for claim in self.claims]


class _OfPersons(Question, frozen=True):
    persons: Keys

    def subjects(self) -> Sequence[str]:
        return self.persons


@question("identity.particulars", scope=ASK_REGISTER, answer=list[Told | None])
class Particulars(_OfPersons, frozen=True):
    """These particulars of these persons; None for nobody. More than the purpose is granted is refused as a whole."""

    wanted: list[Particular]

    def fields(self) -> Sequence[str]:
        return self.wanted


@question("identity.alive", scope=ASK_REGISTER, answer=list[bool | None])
class Alive(_OfPersons, frozen=True):
    """Do they live, as far as the register knows? None for nobody."""

    def fields(self) -> Sequence[str]:
        return ["died"]


@question("identity.guardians", scope=ASK_REGISTER, answer=list[list[GuardianTold]])
class Guardians(_OfPersons, frozen=True):
    """Who answers for these minors on `day` (None: today)? Nobody for adults."""

    day: date | None = None


@question("identity.residence", scope=ASK_REGISTER, answer=list[UnitCode | None])
class ResidenceUnit(_OfPersons, frozen=True):
    """In which commune did they live permanently on `day` (None: today)? None for nobody and nowhere."""

    day: date | None = None

    def fields(self) -> Sequence[str]:
        return ["unit"]


@question("identity.key", scope=ASK_REGISTER, answer=str | None)
class KeyOf(Question, frozen=True):
    """The key of the person or organisation that signs in as `subject`; None for staff without an e-ID."""

    subject: Key

    def fields(self) -> Sequence[str]:
        return ("key",)


@question("identity.organisations", scope=ASK_REGISTER, answer=list[OrganisationTold | None])
class Organisations(Question, frozen=True):
    """The organisations with these tax codes and their legal representatives; None for none."""

    tax_codes: Keys

    def subjects(self) -> Sequence[str]:
        return [f"tax_code:{code}" for code in self.tax_codes]
