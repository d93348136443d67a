"""The law of the population register: who may be entered, what changes and why, where people live, who guards minors."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.messages import revived
from doorstep.kernel.values.ids import Masked, person_key
from doorstep.kernel.values.names import check_name, search_words
from doorstep.kernel.values.nationalities import NATIONALITIES
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import check_required
from doorstep.systems.identity.contract import Agreement, OrganisationKind, Sex
from doorstep.systems.identity.country import Country

BORN_IN_FUTURE = reason(
    "identity.born_in_future", "The birth date lies in the future.", repair="Compare it with the birth certificate."
)
BORN_TOO_EARLY = reason(
    "identity.born_too_early",
    "The person would have been born more than {years} years ago.",
    repair="Compare the birth date with the document; if it is right, enter the day of death too.",
)
DIED_BEFORE_BIRTH = reason(
    "identity.died_before_birth", "The person would have died before the birth.", repair="Correct one of the two dates."
)
DIED_IN_FUTURE = reason(
    "identity.died_in_future", "The day of death lies in the future.", repair="Compare it with the death certificate."
)
DIED_ALREADY = reason(
    "identity.died_already",
    "The register says already that this person is dead.",
    repair="Propose a correction if the day is wrong or the wrong person was chosen.",
)
DEAD = reason(
    "identity.dead",
    "The register says that this person is dead.",
    repair="Check that you opened the right person; only a court's decision or a correction changes this record.",
)
LIVED_AFTER = reason(
    "identity.lived_after",
    "The register says that this person moved, or became guardian or ward, after that day.",
    repair="Compare the day of death; correct the move or the guardianship first if that was the mistake.",
)
NATIONALITY_UNKNOWN = reason(
    "identity.nationality_unknown",
    "There is no such nationality.",
    repair="Write the two letters of the country (ISO 3166); leave the field empty for a stateless person.",
)
NUMBER_TAKEN = reason(
    "identity.number_taken",
    "This personal number is in the register with other particulars.",
    repair="Compare number, name, birth date and sex with the document; if they are right, propose a correction.",
)
LIKELY_SAME = reason(
    "identity.likely_same",
    "Somebody with this name and birth date is in the register under another number.",
    repair="Compare the two; confirm if they are two persons.",
)
NOTHING_CHANGED = reason(
    "identity.nothing_changed", "This changes nothing.", repair="Change what is wrong, or leave it as it is."
)
NOT_BY_CAUSE = reason(
    "identity.not_by_cause",
    "“{cause}” does not change this.",
    repair="Choose the cause that fits, or leave this as it was.",
)
NEEDS_SECOND_PERSON = reason(
    "identity.needs_second_person",
    "A typing error is corrected by two persons.",
    repair="Propose the correction; another registrar decides on it.",
)
SAME_PERSON = reason(
    "identity.same_person",
    "You proposed this correction yourself.",
    repair="Ask another registrar to look at the document and decide.",
)
CORRECTION_OPEN = reason(
    "identity.correction_open",
    "A correction of this record waits for its decision.",
    repair="Let another registrar decide on it first.",
)
CORRECTION_DECIDED = reason(
    "identity.correction_decided", "This correction was decided already.", repair="Look at the person's history."
)
NO_NATURALISATION = reason(
    "identity.no_naturalisation",
    "A naturalisation gives or takes the nationality of this country.",
    repair="Correct the nationality, or choose another cause.",
)
DAY_IN_FUTURE = reason(
    "identity.day_in_future", "This day lies in the future.", repair="Enter the change when it holds."
)
BEFORE_BIRTH = reason(
    "identity.before_birth", "This day lies before the person's birth.", repair="Compare it with the document."
)
AFTER_DEATH = reason(
    "identity.after_death", "This day lies after the person's death.", repair="Compare it with the document."
)
RESIDENCES_OVERLAP = reason(
    "identity.residences_overlap",
    "On that day the person lived elsewhere already, or still.",
    repair="Choose a day after the last change of residence.",
)
NO_RESIDENCE = reason(
    "identity.no_residence", "There is no such residence that could end.", repair="Look at the residences above."
)
END_BEFORE_START = reason(
    "identity.end_before_start", "It would end before it began.", repair="Choose a later last day."
)
WARD_OF_AGE = reason(
    "identity.ward_of_age",
    "From {age} years on nobody has a guardian here.",
    repair="Check the person and the day; adults give a mandate instead.",
)
GUARDIAN_UNDER_AGE = reason(
    "identity.guardian_under_age",
    "A guardian is at least {age} years old on that day.",
    repair="Choose an adult, or a later day.",
)
GUARDIAN_DEAD = reason("identity.guardian_dead", "The guardian is not alive on that day.", repair="Choose another.")
GUARDIAN_IS_WARD = reason(
    "identity.guardian_is_ward", "Nobody is the own guardian.", repair="Enter the guardian's personal number."
)
GUARDIAN_ALREADY = reason(
    "identity.guardian_already", "This person is the guardian already.", repair="Nothing is to be done."
)
TAX_CODE_TAKEN = reason(
    "identity.tax_code_taken",
    "This tax code is in the register with another organisation.",
    repair="Compare code and name with the certificate; change the organisation that is there if it is the same.",
)
REPRESENTATIVE_UNKNOWN = reason(
    "identity.representative_unknown",
    "No living adult has this personal number.",
    repair="Compare the number with the representative's card.",
)
OUTSIDE_AREA = reason(
    "identity.outside_area",
    "This is outside the area of your unit.",
    repair="The registrar of the commune where the person lives can do it.",
)
NOT_A_COMMUNE = reason(
    "identity.not_a_commune",
    "There is no such commune on that day.",
    repair="Choose the commune, or write its code as in the list of units.",
)

OLDEST = 130
LONGEST_TEXT = 300
LONGEST_NAME = 200


class Cause(Code):
    """Why a record came to be or changed."""

    BIRTH = "birth", "Birth"
    ENTRY = "entry", "First entry in the register"
    MARRIAGE = "marriage", "Marriage or divorce"
    COURT = "court", "Decision of a court or authority"
    NATURALISATION = "naturalisation", "Naturalisation or loss of nationality"
    MOVE = "move", "Move"
    DEATH = "death", "Death"
    CORRECTION = "correction", "Correction of a typing error"


class ResidenceKind(Code):
    PERMANENT = "permanent", "Permanent residence"
    TEMPORARY = "temporary", "Temporary residence"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of a person; `nationality` is ISO 3166 alpha-2, empty for a stateless person."""

    number: Masked
    full_name: str
    birth: date
    sex: Sex
    nationality: str
    died: date | None = None

    def __str__(self) -> str:
        """How the journal names a look for the same person."""
        return self.number.masked


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """A residence on the days [valid_from, valid_to); `unit` is a commune."""

    kind: ResidenceKind = ResidenceKind.PERMANENT
    unit: str
    address: str
    valid_from: date
    valid_to: date | None = None


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation or household business; `representative` is the personal number of its legal representative."""

    tax_code: str
    kind: OrganisationKind
    name: str
    representative: Masked
    unit: str
    address: str
    active_from: date
    active_to: date | None = None


_CHANGES: Mapping[Cause, frozenset[str]] = {
    Cause.MARRIAGE: frozenset({"full_name"}),
    Cause.COURT: frozenset(Record.__struct_fields__),
    Cause.NATURALISATION: frozenset({"full_name", "nationality"}),
    Cause.CORRECTION: frozenset(Record.__struct_fields__),
}
"""What each cause may change. Births and first entries make a record; moves and deaths have actions of their own. The
number says birth year and sex in some countries, so a court that changes these changes the number too."""
NUMBER_CHANGES = tuple(sorted(cause.value for cause, fields in _CHANGES.items() if "number" in fields))
"""Causes by which somebody may leave a number, which somebody else may have later."""


def check_record(record: Record, day: date, country: Country) -> list[Reason]:
    """Everything against a person's record on `day` (today); whether the number is taken only the database can tell."""
    found = check_name(record.full_name)
    if record.birth > day:
        found.append(BORN_IN_FUTURE("birth"))
    elif record.died is None and day.year - record.birth.year > OLDEST:
        found.append(BORN_TOO_EARLY("birth", years=OLDEST))
    if record.died is not None:
        found += _check_death(record.birth, record.died, day)
    if record.nationality and record.nationality not in NATIONALITIES:
        found.append(NATIONALITY_UNKNOWN("nationality"))
    female = None if record.sex is Sex.UNSTATED else record.sex is Sex.FEMALE
    return found + country.check_number(record.number, record.birth, female, day)


def check_change(
    before: Record, after: Record, cause: Cause, valid_from: date, source: str, *, day: date, country: Country
) -> list[Reason]:
    """Against changing `before` into `after` for `cause` from `valid_from` on, as the paper `source` says."""
    changed = changed_fields(before, after)
    found = check_required(source, "source", LONGEST_TEXT)
    if not changed:
        return [*found, NOTHING_CHANGED()]
    allowed = _CHANGES.get(cause, frozenset[str]())
    found += [NOT_BY_CAUSE(field, cause=cause) for field in changed if field not in allowed]
    if before.died is not None and cause not in (Cause.COURT, Cause.CORRECTION):
        found.append(DEAD())
    if cause is Cause.NATURALISATION and country.nationality not in {before.nationality, after.nationality}:
        found.append(NO_NATURALISATION("nationality"))
    found += check_day(valid_from, "valid_from", min(before.birth, after.birth), day)
    return found or check_record(after, day, country)


def check_death(before: Record, died: date, begun: Iterable[date], day: date) -> list[Reason]:
    """Against noting a death; `begun` are the first days of the person's residences and guardianships."""
    if before.died is not None:
        return [DIED_ALREADY("died")]
    found = _check_death(before.birth, died, day)
    return found or ([LIVED_AFTER("died")] if any(first > died for first in begun) else [])


def check_residence(record: Record, home: Home, others: Iterable[Home], *, commune: bool, day: date) -> list[Reason]:
    """Against living at `home` from its first day on; `others` are the person's residences so far.

    The present one of the kind ends on that day; `commune` says whether the unit is one.
    """
    found = [] if commune else [NOT_A_COMMUNE("unit")]
    found += check_required(home.address, "address", LONGEST_TEXT)
    found += check_day(home.valid_from, "valid_from", record.birth, day)
    if record.died is not None and home.valid_from > record.died:
        found.append(AFTER_DEATH("valid_from"))
    of_kind = [other for other in others if other.kind is home.kind]
    if any(home.valid_from < (other.valid_to or other.valid_from + timedelta(days=1)) for other in of_kind):
        found.append(RESIDENCES_OVERLAP("valid_from"))
    present = next((other for other in of_kind if other.valid_to is None), None)
    if present and (present.unit, present.address) == (home.unit, home.address):
        found.append(NOTHING_CHANGED("address"))
    return found


def check_end(valid_from: date, valid_to: date, day: date) -> list[Reason]:
    """Against ending something that began on `valid_from` before the day `valid_to`."""
    if valid_to <= valid_from:
        return [END_BEFORE_START("valid_to")]
    return [DAY_IN_FUTURE("valid_to")] if valid_to > day + timedelta(days=1) else []


def check_guardian(ward: Record, guardian: Record, valid_from: date, *, day: date, country: Country) -> list[Reason]:
    """Against `guardian` answering for `ward` from `valid_from` on: an adult, alive, for a minor who is alive."""
    if ward.number == guardian.number:
        return [GUARDIAN_IS_WARD("guardian")]
    found = check_day(valid_from, "valid_from", ward.birth, day)
    adult = country.adult_age
    if valid_from >= birthday(ward.birth, adult):
        found.append(WARD_OF_AGE("valid_from", age=adult))
    if valid_from < birthday(guardian.birth, adult):
        found.append(GUARDIAN_UNDER_AGE("guardian", age=adult))
    if ward.died is not None:
        found.append(DEAD())
    if guardian.died is not None:
        found.append(GUARDIAN_DEAD("guardian"))
    return found


def check_body(
    body: Body, representative: Record | None, *, commune: bool, day: date, country: Country
) -> list[Reason]:
    """Against an organisation; `representative` is the person whom its number names, None where there is none."""
    found = country.check_tax_code(body.tax_code)
    found += check_required(body.name, "name", LONGEST_NAME) + check_required(body.address, "address", LONGEST_TEXT)
    if not commune:
        found.append(NOT_A_COMMUNE("unit"))
    if body.active_from > day:
        found.append(DAY_IN_FUTURE("active_from"))
    if body.active_to is not None:
        found += [
            msgspec.structs.replace(one, field="active_to") for one in check_end(body.active_from, body.active_to, day)
        ]
    alive = representative is not None and representative.died is None
    if body.representative or body.kind is OrganisationKind.HOUSEHOLD_BUSINESS:  # which is nothing but its head
        adult = representative is not None and birthday(representative.birth, country.adult_age) <= day
        # An organisation that ended may have a representative who died since.
        if not adult or not (alive or body.active_to):
            found.append(REPRESENTATIVE_UNKNOWN("representative"))
    return found


def check_day(valid_from: date, field: str, birth: date, day: date) -> list[Reason]:
    """Against a change that is to hold from a day before the person's birth, or after today."""
    if valid_from > day:
        return [DAY_IN_FUTURE(field)]
    return [BEFORE_BIRTH(field)] if valid_from < birth else []


def changed_fields(before: msgspec.Struct, after: msgspec.Struct) -> list[str]:
    """Names of the fields in which two values of one type differ."""
    return [name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name)]


def corrected(before: Record, changes: Mapping[str, Any]) -> Record:
    """The record with changes that were kept as JSON."""
    return msgspec.convert({**msgspec.to_builtins(before, enc_hook=str), **changes}, Record, dec_hook=revived)


def birthday(birth: date, age: int) -> date:
    """The day on which somebody becomes `age` years old; the first of March for the 29 February of another year.

    >>> birthday(date(2004, 2, 29), 18)
    datetime.date(2022, 3, 1)
    """
    try:
        return birth.replace(year=birth.year + age)
    except ValueError:
        return date(birth.year + age, 3, 1)


def born_after(day: date, age: int) -> date:
    """Whoever is younger than `age` on `day` was born after this day, and nobody else: the same as by `birthday`.

    >>> born_after(date(2024, 2, 29), 18)
    datetime.date(2006, 2, 28)
    """
    try:
        return day.replace(year=day.year - age)
    except ValueError:
        return date(day.year - age, 2, 28)


def agreement(record: Record | None, full_name: str | None, birth: date | None, sex: Sex | None) -> Agreement:
    """Which claims are the register's: names agree word by word, without diacritics, in any order.

    >>> agreement(None, "Hoa", None, None)
    Agreement(known=False, full_name=None, birth=None, sex=None)
    """
    if record is None:
        return Agreement(False)
    return Agreement(
        True,
        None if full_name is None else search_words(full_name) == search_words(record.full_name),
        None if birth is None else birth == record.birth,
        None if sex is None else sex is record.sex,
    )


def subject_of(number: str, country: Country) -> str:
    """The key under which the journal finds whoever has this personal number, whatever the nationality."""
    return person_key("national_id", country.nationality, number)


def number_of(subject: str, country: Country) -> str:
    """The personal number in such a key; empty in the key of another document.

    The inverse of `subject_of`.
    """
    prefix = person_key("national_id", country.nationality, "")
    return subject.removeprefix(prefix) if subject.startswith(prefix) else ""


def likeness(words: Sequence[str]) -> int:
    """32 bits, signed, of a name's search words: equal names are equal, others hardly ever."""
    return int.from_bytes(blake2b(" ".join(words).encode(), digest_size=4).digest(), signed=True)


def _check_death(birth: date, died: date, day: date) -> list[Reason]:
    if died < birth:
        return [DIED_BEFORE_BIRTH("died")]
    return [DIED_IN_FUTURE("died")] if died > day else []
