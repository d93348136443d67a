"""Papers of receipts: the register is asked before whose name stands on them; each is kept once and given out ever since."""

import hashlib
from collections.abc import Iterable

from doorstep.kernel.contracts import ask
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Unavailable
from doorstep.systems.identity.contract import MOST, Organisations, Particular, Particulars
from doorstep.systems.payments.actions.payers import ASKING
from doorstep.systems.payments.actions.rows import payers_of
from doorstep.systems.payments.models import Receipt, ReceiptPaper
from doorstep.systems.payments.permissions import FOR_PAYMENT, PRINT
from doorstep.systems.payments.queries.receipts import printable

PERSON, ORGANISATION = "national_id:", "tax_code:"


def payer_names(by: By, payers: Iterable[str]) -> dict[str, str]:
    """Names by payer's key, as the register tells them now; none for those that it does not know or tell.

    Asked by payments itself and not by whoever prints, who needs no right to ask the register for that.
    """
    wanted = sorted(set(payers))
    persons = [key for key in wanted if key.startswith(PERSON)]
    bodies = [key for key in wanted if key.startswith(ORGANISATION)]
    asking = By(ASKING, by.at)
    names: dict[str, str] = {}
    try:
        for part in _parts(persons):
            told = ask(asking, FOR_PAYMENT, Particulars(part, [Particular.FULL_NAME])).value
            names |= {key: one.full_name for key, one in zip(part, told, strict=True) if one and one.full_name}
        for part in _parts(bodies):
            codes = [key.removeprefix(ORGANISATION) for key in part]
            told = ask(asking, FOR_PAYMENT, Organisations(codes)).value
            names |= {key: one.name for key, one in zip(part, told, strict=True) if one}
    except Unavailable:  # a receipt is due all the same; the masked number says whose it is
        return names
    return names


def _parts(keys: list[str]) -> list[list[str]]:
    return [keys[start : start + MOST] for start in range(0, len(keys), MOST)]


@action(PRINT, FOR_PAYMENT)
def keep_paper(act: Act, code: str, language: str, content: bytes) -> bytes:
    """Keep this signed paper of a receipt that the actor may see, unless one is kept; returns the one that is kept."""
    receipt = Receipt.objects.select_related("order").filter(printable(act.actor, act.day), code=code).first()
    if receipt is None:
        raise NotFound(NOT_FOUND())
    digest = hashlib.sha256(content).digest()
    new = ReceiptPaper(id=act.id, receipt=receipt, language=language, content=content, digest=digest, made=act.at)
    # Waits for whoever keeps one just now; the next statement sees it.
    ReceiptPaper.objects.bulk_create([new], ignore_conflicts=True)
    kept = ReceiptPaper.objects.get(receipt=receipt, language=language)
    act.journal(
        subjects=payers_of(receipt.order.payer),
        fields=("paper",),
        detail=f"receipt {code} {language}",
        digest=bytes(kept.digest),
    )
    return bytes(kept.content)
