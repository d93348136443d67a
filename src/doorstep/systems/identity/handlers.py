"""The register answers what its contract lets others ask, and tells people what others want them to know."""

from collections.abc import Sequence

from doorstep.kernel.contracts import answers, hears
from doorstep.kernel.country import law
from doorstep.kernel.declare.notices import NOTICES
from doorstep.kernel.declare.scopes import Purpose
from doorstep.kernel.notices import notify
from doorstep.kernel.store.writing import Act, By
from doorstep.kernel.values.reasons import NotAllowed, TooLarge, reason
from doorstep.kernel.values.units import UnitCode
from doorstep.systems.identity import contract
from doorstep.systems.identity.actions.eid import reach_of_key
from doorstep.systems.identity.contract import Agreement, GuardianTold, OrganisationTold, Told
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.permissions import FOR_EID
from doorstep.systems.identity.queries import register as queries
from doorstep.systems.identity.queries.concerned import key_of_subject
from doorstep.systems.identity.rules.register import agreement, number_of, subject_of

TOO_MANY = reason(
    "identity.too_many_asked", "At most {most} can be asked about at once.", repair="Ask in several smaller parts."
)
NOT_GRANTED = reason(
    "identity.not_granted",
    "This purpose is not granted this: {particular}.",
    repair="Ask whether it is right instead, or let the law grant it to the purpose.",
)


@hears(contract.PersonToTell, FOR_EID)
def tell_person(act: Act, told: contract.PersonToTell) -> None:
    """Write the notice; nobody is told of what no system here declares (any more)."""
    reach, kind = reach_of_key(told.subject), NOTICES.get(told.notice)
    if reach and kind:
        notify(act, reach, kind, **dict(zip(told.names, told.values, strict=True)))
    act.journal(subjects=[told.subject], detail=f"{told.notice}: {'told' if reach and kind else 'not told'}")


@answers(contract.KeyOf)
def key_of(_by: By, _purpose: Purpose, asked: contract.KeyOf) -> str | None:
    return key_of_subject(asked.subject)


@answers(contract.Match)
def match(by: By, _purpose: Purpose, asked: contract.Match) -> list[Agreement]:
    numbers = _numbers([claim.subject for claim in asked.claims])
    found = queries.find_numbers(by.actor, numbers)
    return [
        agreement(found[number].record if number in found else None, claim.full_name, claim.birth, claim.sex)
        for number, claim in zip(numbers, asked.claims, strict=True)
    ]


@answers(contract.Particulars)
def particulars(by: By, purpose: Purpose, asked: contract.Particulars) -> list[Told | None]:
    """Raises NotAllowed where more is wanted than the purpose is granted."""
    granted = law(Country, "identity").granted.get(purpose.code, frozenset())
    missing = [NOT_GRANTED("wanted", particular=one) for one in asked.wanted if one not in granted]
    if missing:
        raise NotAllowed(missing)
    numbers = _numbers(asked.persons)
    found = queries.find_numbers(by.actor, numbers)
    return [found[number].told(asked.wanted) if number in found else None for number in numbers]


@answers(contract.Alive)
def alive(by: By, _purpose: Purpose, asked: contract.Alive) -> list[bool | None]:
    numbers = _numbers(asked.persons)
    found = queries.find_numbers(by.actor, numbers)
    return [found[number].record.died is None if number in found else None for number in numbers]


@answers(contract.Guardians)
def guardians(by: By, _purpose: Purpose, asked: contract.Guardians) -> list[list[GuardianTold]]:
    country = law(Country, "identity")
    numbers = _numbers(asked.persons)
    found = queries.guardians_of(by.actor, numbers, asked.day or country.day(by.at))
    return [
        [GuardianTold(subject_of(guardian, country), relation) for guardian, relation in found.get(number, ())]
        for number in numbers
    ]


@answers(contract.ResidenceUnit)
def residence(by: By, _purpose: Purpose, asked: contract.ResidenceUnit) -> list[UnitCode | None]:
    numbers = _numbers(asked.persons)
    found = queries.residence_units(by.actor, numbers, asked.day or by.day)
    return [found.get(number) for number in numbers]


@answers(contract.Organisations)
def organisations(by: By, _purpose: Purpose, asked: contract.Organisations) -> list[OrganisationTold | None]:
    found = queries.organisations_of(by.actor, _limited(asked.tax_codes))
    country = law(Country, "identity")
    return [
        OrganisationTold(
            name=body.name,
            kind=body.kind,
            active=body.active_to is None,
            unit=UnitCode(body.unit),
            representative=subject_of(body.representative, country) if body.representative else "",
        )
        if (body := found.get(code))
        else None
        for code in asked.tax_codes
    ]


def _numbers(subjects: Sequence[str]) -> list[str]:
    """The personal numbers of the keys; empty for keys of other documents."""
    country = law(Country, "identity")
    return [number_of(subject, country) for subject in _limited(subjects)]


def _limited(asked: Sequence[str]) -> Sequence[str]:
    if len(asked) > contract.MOST:
        raise TooLarge(TOO_MANY(most=contract.MOST))
    return asked
