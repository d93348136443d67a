"""The shapes of payments' API; amounts are whole numbers of the smallest units of the installation's currency."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from doorstep.kernel.declare.messages import Key
from doorstep.systems.payments.contract import FeeKind, FeesStated
from doorstep.systems.payments.rules.ledger import MOST
from doorstep.systems.payments.rules.orders import LONGEST_WORDS, MOST_LINES, Asked, Line
from doorstep.systems.payments.rules.reconciliation import MOST_LINES as MOST_FEES

LARGEST_ORDER = 100_000
LARGEST_PAGE = 10_000_000

Amount = Annotated[int, msgspec.Meta(ge=1, le=MOST)]
Words = dict[
    Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")],
    Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_WORDS)],
]


class AskedLine(msgspec.Struct, frozen=True):
    """One thing to be paid, under the asking system's own code; its name by language, for people."""

    code: Key
    kind: FeeKind
    amount: Amount
    name: Words = {}


class AskedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid to `unit` for `subject` (a dossier's code), until when; `payer` is the key of a person or
    organisation, and left out where it is not known. `purpose` says by language what is paid for; whoever has the code
    of the payment reads it, so it names nobody.
    """

    subject: Key
    unit: Key
    payer: Key | None = None
    purpose: Annotated[Words, msgspec.Meta(min_length=1)]
    lines: Annotated[list[AskedLine], msgspec.Meta(min_length=1, max_length=MOST_LINES)]
    until: Annotated[datetime, msgspec.Meta(tz=True)]

    def asked(self, asker: str, order: UUID) -> Asked:
        return Asked(
            order=order,
            asker=asker,
            subject=self.subject,
            unit=self.unit,
            payer=self.payer or "",
            purpose=self.purpose,
            lines=tuple(Line(one.code, one.kind, one.amount, one.name) for one in self.lines),
            until=self.until,
        )


class FeeLine(msgspec.Struct, frozen=True):
    """An order that the asking system holds for paid."""

    order: UUID
    amount: Amount


class FeesPage(msgspec.Struct, frozen=True):
    """One page of a day's statement, which has so many."""

    pages: Annotated[int, msgspec.Meta(ge=1)]
    fees: Annotated[list[FeeLine], msgspec.Meta(max_length=MOST_FEES)]

    def stated(self, asker: str, day: date, page: int) -> FeesStated:
        return FeesStated(
            subject=f"{asker}:{day}",
            asker=asker,
            day=day,
            page=page,
            pages=self.pages,
            orders=tuple(one.order for one in self.fees),
            amounts=tuple(one.amount for one in self.fees),
        )
