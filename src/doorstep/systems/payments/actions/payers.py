"""Whose payments somebody may see as the own ones: the payer's key, which asking systems name, is not what signs in."""

import msgspec

from doorstep.kernel.contracts import ask
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import Unavailable
from doorstep.systems.identity.contract import KeyOf
from doorstep.systems.payments.permissions import FOR_PAYMENT

ASKING = Actor("task:payments", roles=("payments.receipt_printer",), via="task")


def key_of(by: By) -> str | None:
    """The key of the person or organisation that the actor is or acts for; "" where it is none (staff without an e-ID).

    None where the register does not answer now.
    """
    if by.actor.principal:
        return by.actor.principal
    try:
        told: str | None = ask(By(ASKING, by.at), FOR_PAYMENT, KeyOf(by.actor.owner)).value
    except Unavailable:
        return None
    return told or ""


def as_payer(by: By, key: str) -> By:
    """The actor, to whom belongs what is the payer's of this key."""
    return msgspec.structs.replace(by, actor=msgspec.structs.replace(by.actor, stands_for=key)) if key else by
