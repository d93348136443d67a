"""Who is the same person: the key under which stays, open stays and the journal find somebody."""

from doorstep.kernel.values import ids
from doorstep.systems.lodging.rules.records import Guest


def person_key(guest: Guest) -> str:
    """Kind of document, issuing country and number; numbers compare without regard to case and spaces.

    A person with a new passport has a new key: only the population register could join the two.
    """
    return ids.person_key(guest.document_type.value, guest.nationality, guest.document_number)
