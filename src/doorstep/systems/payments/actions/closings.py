"""Days of the ledger are closed a day after their end: what was on each account then is kept, and nothing earlier follows."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min

from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.dates import legal_day
from doorstep.kernel.values.reasons import Conflict, reason
from doorstep.systems.payments.models import Closing, Transfer
from doorstep.systems.payments.permissions import FOR_TREASURY, SETTLE
from doorstep.systems.payments.rules.banking_days import bounds

OPEN_FOR = timedelta(hours=24)
"""So long after its end a day takes transfers of actions that began in it."""

NOTHING_TO_CLOSE = reason(
    "payments.nothing_to_close",
    "No day can be closed yet.",
    repair="A day is closed 24 hours after its end; wait until then.",
)

_TOTALS = """
INSERT INTO payments_closedtotals (account_id, until, debits, credits, pending_debits, pending_credits)
SELECT m.account, %(until)s, coalesce(b.debits, 0) + m.debits, coalesce(b.credits, 0) + m.credits,
    coalesce(b.pending_debits, 0) + m.pending_debits, coalesce(b.pending_credits, 0) + m.pending_credits
FROM (
    SELECT account, sum(debit) AS debits, sum(credit) AS credits,
        sum(pending_debit) AS pending_debits, sum(pending_credit) AS pending_credits
    FROM payments_leg WHERE at >= %(last)s AND at < %(until)s GROUP BY account
) AS m
LEFT JOIN LATERAL (
    SELECT * FROM payments_closedtotals c WHERE c.account_id = m.account AND c.until <= %(last)s
    ORDER BY c.until DESC LIMIT 1
) AS b ON true
"""


@action(SETTLE, FOR_TREASURY)
def close_day(act: Act) -> datetime:
    """Close the oldest day that is open and ended `OPEN_FOR` ago; returns its end. Raises Conflict where there is none.

    Transfers wait meanwhile: whoever began before has written all, whoever comes later finds the day closed.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE payments_transfer IN SHARE ROW EXCLUSIVE MODE")
        until = closing_due(act.at)
        if until is None:
            raise Conflict(NOTHING_TO_CLOSE())
        last = _last() or datetime.min.replace(tzinfo=until.tzinfo)
        cursor.execute(_TOTALS, {"last": last, "until": until})
        accounts = cursor.rowcount
    Closing.objects.create(until=until, entry=act.id)
    act.journal(detail=f"until {until:%Y-%m-%d %H:%M} UTC: {accounts} accounts had moved")
    return until


def closing_due(at: datetime) -> datetime | None:
    """The end of the oldest day that can be closed at `at`: the first with transfers, then one after the other."""
    last = _last()
    first: datetime | None = last or Transfer.objects.aggregate(first=Min("at"))["first"]
    if first is None:
        return None
    zone = ZoneInfo(settings.TIME_ZONE)
    end = bounds(legal_day(first, zone), zone)[1].astimezone(at.tzinfo)
    return end if end + OPEN_FOR <= at else None


def _last() -> datetime | None:
    found: datetime | None = Closing.objects.aggregate(last=Max("until"))["last"]
    return found
