"""Fee statements are taken page by page, each page once."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

import msgspec
from django.db import connection

from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import Conflict, Reason, refuse
from doorstep.systems.payments.actions.discrepancies import Found, close_discrepancies, renew_discrepancy
from doorstep.systems.payments.contract import FeesStated
from doorstep.systems.payments.models import FeePage, FeeStatement, Order
from doorstep.systems.payments.permissions import FOR_TREASURY, REQUEST
from doorstep.systems.payments.rules import reconciliation as rules
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind

MOST_REASONS = 20
"""So many are kept of a page that is refused."""

_LINES = """
INSERT INTO payments_feeline (statement_id, page, line, "order", amount, repeated)
SELECT %(statement)s, %(page)s, t.line, t.told, t.amount,
    row_number() OVER (PARTITION BY t.told ORDER BY t.line) > 1 OR EXISTS (
        SELECT FROM payments_feeline f JOIN payments_feestatement s ON s.id = f.statement_id
        WHERE f."order" = t.told AND s.asker = %(asker)s)
FROM unnest(%(orders)s::uuid[], %(amounts)s::bigint[]) WITH ORDINALITY AS t (told, amount, line)
"""


class FeesTaken(msgspec.Struct, frozen=True):
    """How many lines a page had, whether it was known already, and whether every page of the day is there."""

    lines: int
    known: bool
    complete: bool


@action(REQUEST, FOR_TREASURY)
def state_fees(act: Act, stated: FeesStated) -> FeesTaken:
    """Take a page of what an asking system holds for paid; raises as `record_fees`."""
    taken = record_fees(act, stated)
    act.journal(detail=f"{stated.asker} {stated.day}, page {stated.page} of {stated.pages}: {taken.lines}")
    return taken


def turn_down_fees(act: Act, stated: FeesStated, reasons: Sequence[Reason]) -> None:
    """A page that was told and cannot be taken has an owner, once, until the page comes right; part of an action.

    It is the treasury of the province of one of its orders, else the nation's.
    """
    known = Order.objects.filter(id__in=stated.orders, asker=stated.asker).order_by("id").first()
    unit = known.unit.partition(".")[0] if known else ""
    found = Found(
        DiscrepancyKind.FEES_REFUSED,
        unit,
        act.day.isoformat(),
        about=_about(stated),
        reasons=tuple(reasons[:MOST_REASONS]),
    )
    renew_discrepancy(act, found)


def _about(stated: FeesStated) -> str:
    return f"{stated.asker} {stated.day} {stated.page}"


def record_fees(act: Act, stated: FeesStated) -> FeesTaken:
    """Keep a page of a fee statement; the same page again changes nothing.

    Raises Refused where the page itself is wrong, Conflict where it was stated with other content.
    """
    refuse(rules.check_fees(stated, act.day))
    with connection.cursor() as cursor:  # one asker's pages one by one: what is repeated must be seen
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('payments.fees:' || %s, 0))", [stated.asker])
    statement, _ = FeeStatement.objects.get_or_create(
        day=stated.day, asker=stated.asker, defaults={"id": act.next_id(), "pages": stated.pages}
    )
    if statement.pages != stated.pages:
        raise Conflict(rules.PAGES_DIFFER("pages"))
    digest = sha256(msgspec.msgpack.encode((stated.orders, stated.amounts))).digest()
    kept = FeePage.objects.filter(statement=statement, page=stated.page).first()
    if kept and bytes(kept.digest) != digest:
        raise Conflict(rules.PAGE_DIFFERS("page"))
    if not kept:
        _keep(act, statement.id, stated, digest)
        if FeePage.objects.filter(statement=statement).count() == statement.pages:
            statement.complete = act.at
            statement.save(update_fields=["complete"])
    close_discrepancies(act, DiscrepancyKind.FEES_REFUSED, [_about(stated)])
    return FeesTaken(len(stated.orders), kept is not None, statement.complete is not None)


def _keep(act: Act, statement: UUID, stated: FeesStated, digest: bytes) -> None:
    FeePage.objects.create(
        statement_id=statement,
        page=stated.page,
        lines=len(stated.orders),
        total=sum(stated.amounts),
        digest=digest,
        at=act.at,
        entry=act.id,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _LINES,
            {
                "statement": statement,
                "page": stated.page,
                "asker": stated.asker,
                "orders": list(stated.orders),
                "amounts": list(stated.amounts),
            },
        )
