"""How often somebody may try something: one limiter by route, actor and address, in one statement a spend.

The generic cell rate algorithm (ITU-T I.371): a key may spend `times` at once, and gets one back each `per / times`.

A limit on an account alone locks its owner out as soon as somebody guesses at it. So spend three, in this order:
`f"{account} {address}"` few times (who guesses is stopped, the owner comes from elsewhere), the address more often (who
tries one secret on many accounts), and the account alone so often that only a guess from very many addresses meets it;
where that last one refuses, ask for more (a passkey, a code) instead of refusing whoever can give it.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection
from django.utils.crypto import salted_hmac

from doorstep.kernel.store.models import Spending
from doorstep.kernel.values.reasons import TOO_MANY, TooMany

LIMITS: dict[str, "Limit"] = {}

_SPEND = """
INSERT INTO kernel_spending AS kept (key, free_at, passed) VALUES (%(key)s, %(at)s + %(each)s, true)
ON CONFLICT (key) DO UPDATE SET
  passed = greatest(kept.free_at, %(at)s) + %(each)s <= %(at)s + %(per)s,
  free_at = CASE WHEN greatest(kept.free_at, %(at)s) + %(each)s <= %(at)s + %(per)s
    THEN greatest(kept.free_at, %(at)s) + %(each)s ELSE kept.free_at END
RETURNING passed, free_at"""


class Limit(msgspec.Struct, frozen=True):
    """So many `times` within `per`; `name` is `system.what_is_tried`."""

    name: str
    times: int
    per: timedelta

    def __post_init__(self) -> None:
        if self.times < 1 or self.per // self.times <= timedelta(0) or LIMITS.setdefault(self.name, self) is not self:
            raise ValueError(f"limit {self.name}: at least once within some time, and declared once")


def spend(limit: Limit, key: str, at: datetime) -> None:
    """Take one from what `key` (an account, an address, both) may do under the limit; raises TooMany when none is left.

    Commits at once, so that a refusal that follows gives nothing back: RuntimeError inside an open transaction. The
    table holds no key in clear text.
    """
    kept = salted_hmac("doorstep.limits", f"{limit.name}\0{key}", algorithm="sha256").digest()[:16]
    each = limit.per // limit.times  # rounded down, so that all `times` pass at once
    # As Django's `durable` asks, without the two round trips of a transaction of its own.
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("a spend inside a transaction would be given back with it")
    values: Any = {"key": kept, "at": at, "each": each, "per": limit.per}
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, values)
        passed, free_at = cursor.fetchone()
    if not passed:
        wait = -((at + limit.per - each - free_at) // timedelta(seconds=1))  # rounded up
        raise TooMany(TOO_MANY(minutes=-(-wait // 60)), retry_after=wait)


def forget_idle(at: datetime) -> None:
    """Delete what has all its tries back; a key without a row may do the same."""
    Spending.objects.filter(free_at__lte=at).delete()
