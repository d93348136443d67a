"""What a person must resolve is opened once, with a proposal and an owner; what comes right by itself is closed."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from doorstep.kernel.store.writing import Act
from doorstep.kernel.values.reasons import Reason
from doorstep.systems.payments.models import Credit, Discrepancy, Order, Refund
from doorstep.systems.payments.rules.discrepancies import KINDS, DiscrepancyKind, Repair


class Found(msgspec.Struct, frozen=True):
    """Something that is not as it should be. What it is about, with `kind` and `detail`, says which it is: it is
    opened once. `unit` owns it together with the role that its kind has; `proposal` where it is not that of its kind.
    `said` and `reasons` are kept of what could not be taken otherwise.
    """

    kind: DiscrepancyKind
    unit: str
    detail: str = ""
    amount: int = 0
    credit: Any = None
    order: Any = None
    refund: Any = None
    about: str = ""
    said: Mapping[str, str] = {}
    reasons: tuple[Reason, ...] = ()
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
                said=dict(one.said),
                reasons=msgspec.to_builtins(one.reasons),
                opened=act.at,
                proposal=(one.proposal or KINDS[one.kind].proposal).value,
            )
            for one in sorted(found, key=lambda one: one.key)
        ],
        ignore_conflicts=True,
    )


def close_discrepancies(act: Act, kind: DiscrepancyKind, about: Sequence[str]) -> None:
    """What came right by itself waits for nobody any more, as part of an action."""
    Discrepancy.objects.filter(kind=kind.value, about__in=about, resolved=None).update(resolved=act.at)


def renew_discrepancy(act: Act, found: Found) -> None:
    """Open it unless one of its kind about the same is open: then that one says what is wrong now."""
    rows = Discrepancy.objects.filter(kind=found.kind.value, about=found.about, resolved=None)
    if not rows.update(reasons=msgspec.to_builtins(found.reasons)):
        open_discrepancies(act, [found])
