"""The check of a document before an officer: what was found stays under a reference, of the document itself nothing."""

from datetime import datetime

import msgspec

from doorstep.kernel.country import law
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import Masked, instant_of, reference
from doorstep.kernel.values.reasons import Reason, Refused
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import DocumentCheck, Person
from doorstep.systems.identity.permissions import CHECK, FOR_DOCUMENT
from doorstep.systems.identity.queries.concerned import key_of
from doorstep.systems.identity.queries.register import record_of
from doorstep.systems.identity.queries.trust import load_trust
from doorstep.systems.identity.rules import documents as rules
from doorstep.systems.identity.rules.chip.findings import Verdict
from doorstep.systems.identity.rules.chip.passive import ChipFiles, authenticate


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What the officer is told. `differs` names fields in which the register's record says something else; `known` tells
    that there is a record with the number. `good` checks may be cited when the person's record is collected.
    """

    reference: str
    verdict: Verdict | None
    reasons: tuple[Reason, ...]
    notes: tuple[Reason, ...]
    differs: tuple[Reason, ...]
    known: bool
    number: Masked
    groups: tuple[int, ...]
    signed_at: datetime | None
    good: bool


@action(CHECK, FOR_DOCUMENT)
def check_document(act: Act, number: Masked, files: ChipFiles | None, lines: str, code: str) -> Checked:
    """Chip, lines and code of one document, with each other and with the register.

    `number` is whom the officer takes the holder for; empty where the document itself names the number. The look at the
    register is journalled for the person.
    """
    country = law(Country, "identity")
    if files is None and not lines.strip() and not code.strip():
        raise Refused(rules.NOTHING_TO_CHECK())
    chip = authenticate(files, load_trust()[0], at=act.at, day=act.day) if files else None
    groups = files.groups if files else {}
    papers = rules.read_papers(country, act.day, chip=chip, groups=groups, lines=lines, code=code)
    typed = Masked("".join(number.split()))
    if typed and papers.number and typed != papers.number:
        raise Refused(rules.NOT_THE_PERSON("number"))
    sought = typed or papers.number
    person = Person.objects.filter(number=sought).first() if sought else None
    differs = rules.differences(papers, record_of(person)) if person else []
    told = Checked(
        reference=reference(),
        verdict=chip.verdict if chip else None,
        reasons=(*(chip.reasons if chip else ()), *papers.reasons),
        notes=chip.notes if chip else (),
        differs=tuple(differs),
        known=person is not None,
        number=sought,
        groups=tuple(sorted(chip.groups)) if chip else (),
        signed_at=chip.signed_at if chip else None,
        good=bool(person and chip and rules.good(chip.verdict, differs, papers.reasons)),
    )
    DocumentCheck.objects.create(
        id=act.id,
        reference=told.reference,
        person=person,
        verdict=told.verdict.value if told.verdict else "",
        found=[one.code for one in told.reasons],
        differs=[one.field for one in differs],
        good=told.good,
        signer=chip.signer if chip else "",
        unit=act.actor.unit,
        officer=act.actor.subject,
    )
    act.journal(
        subjects=[key_of(person)] if person else [], fields=["document"], detail=f"document check {told.reference}"
    )
    return told


def check_cited(act: Act, person: Person, cited: str) -> list[Reason]:
    """Against citing a check: it found this person's document good, within the last 24 hours."""
    row = DocumentCheck.objects.filter(reference=cited, person=person, good=True).first()
    fresh = row is not None and act.at - rules.CHECK_HOLDS <= instant_of(row.id) <= act.at
    return [] if fresh else [rules.CHECK_UNFIT("document")]
