"""What a person must resolve is opened once, with a proposal and an owner."""

from collections.abc import Sequence
from typing import Any

import msgspec

from doorstep.kernel.store.writing import Act
from doorstep.systems.payments.models import Credit, Discrepancy, Order, Refund
from doorstep.systems.payments.rules.discrepancies import KINDS, DiscrepancyKind, Repair


class Found(msgspec.Struct, frozen=True):
    """Something that is not as it should be. What it is about, with `kind` and `detail`, says which it is: it is
    opened once. `unit` owns it together with the role that its kind has; `proposal` where it is not that of its kind.
    """

    kind: DiscrepancyKind
    unit: str
    detail: str = ""
    amount: int = 0
    credit: Any = None
    order: Any = None
    refund: Any = None
    about: str = ""
    proposal: Repair | None = None

    @property
    def key(self) -> str:
        thing: Credit | Order | Refund | None = self.credit or self.refund or self.order
        return ":".join([self.kind, str(thing.id) if thing else self.about, self.detail])


def open_discrepancies(act: Act, found: Sequence[Found]) -> None:
    """Open those that were not opened before, as part of an action."""
    Discrepancy.objects.bulk_create(
        [
            Discrepancy(
                id=act.next_id(),
                key=one.key,
                kind=one.kind.value,
                unit=one.unit,
                role=KINDS[one.kind].role,
                amount=one.amount,
                credit=one.credit,
                order=one.order,
                refund=one.refund,
                about=one.about,
                opened=act.at,
                proposal=(one.proposal or KINDS[one.kind].proposal).value,
            )
            for one in sorted(found, key=lambda one: one.key)
        ],
        ignore_conflicts=True,
    )
