"""Persons and organisations alike: what they are called, and under which keys the journal finds them."""

from typing import TypeVar

from django.db.models import Model, QuerySet

from doorstep.kernel.country import law
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import Account, Eid, Organisation, Person
from doorstep.systems.identity.rules.register import subject_of

M = TypeVar("M", bound=Model)

_OF_ACCOUNT = ("login", "password", "passcode", "channel", "created", "closed")
_OF_EID = ("state", "phone", "email", "language", "due", "collected", "approved", "notified", "lock_cause", "version")
_OF_PERSON = ("words", "likeness", "nationality", "unit", "version")
_LATER = (*_OF_ACCOUNT, *(f"eid__{name}" for name in _OF_EID), *(f"eid__person__{name}" for name in _OF_PERSON))


def with_holder(rows: QuerySet[M], account: str = "") -> QuerySet[M]:
    """With the e-ID and person of the account that `account` leads to. What neither signing in nor telling a relying party
    needs is read when it is asked for, an organisation among it: columns and joins cost more than finding the rows.
    """
    return rows.select_related(f"{account}eid__person").defer(*(account + name for name in _LATER))


def name_of(whom: Person | Organisation | None) -> str:
    """The name in the register; empty for nobody."""
    return "" if whom is None else whom.full_name if isinstance(whom, Person) else whom.name


def address_of(whom: Person | Organisation) -> tuple[str, ...]:
    """The lines of a letter's address, from the name down; none where the register has no address."""
    return (name_of(whom), *filter(None, whom.address.splitlines())) if whom.address else ()


def key_of(whom: Person | Organisation) -> str:
    """The key that names this one."""
    if isinstance(whom, Person):
        return subject_of(whom.number, law(Country, "identity"))
    return f"tax_code:{whom.tax_code}"


def key_of_subject(subject: str) -> str | None:
    """The key of the person or organisation that signs in as this subject; None for nobody, and for staff without an e-ID."""
    accounts = Account.objects.select_related("eid__person", "eid__organisation")
    account = accounts.filter(subject=subject, closed=None).first()
    holder = account.eid and (account.eid.person or account.eid.organisation) if account else None
    return key_of(holder) if holder else None


def concerned_by(eid: Eid | None) -> list[str]:
    """Whom an entry about the e-ID concerns: its person, or its organisation and whoever represents that; nobody for None."""
    if eid is None or (whom := eid.person or eid.organisation) is None:
        return []
    if isinstance(whom, Person) or not whom.representative:
        return [key_of(whom)]
    return [key_of(whom), subject_of(whom.representative, law(Country, "identity"))]
