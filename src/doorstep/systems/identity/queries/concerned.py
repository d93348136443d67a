"""Persons and organisations alike: what they are called, and under which keys the journal finds them."""

from doorstep.kernel.country import law
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import Eid, Organisation, Person
from doorstep.systems.identity.rules.register import subject_of


def name_of(whom: Person | Organisation | None) -> str:
    """The name in the register; empty for nobody."""
    return "" if whom is None else whom.full_name if isinstance(whom, Person) else whom.name


def key_of(whom: Person | Organisation) -> str:
    """The key that names this one."""
    if isinstance(whom, Person):
        return subject_of(whom.number, law(Country, "identity"))
    return f"tax_code:{whom.tax_code}"


def concerned_by(eid: Eid | None) -> list[str]:
    """Whom an entry about the e-ID concerns: its person, or its organisation and whoever represents that; nobody for None."""
    if eid is None or (whom := eid.person or eid.organisation) is None:
        return []
    if isinstance(whom, Person) or not whom.representative:
        return [key_of(whom)]
    return [key_of(whom), subject_of(whom.representative, law(Country, "identity"))]
