"""What systems tell each other, on its way: one row for each system that hears it."""

from collections.abc import Sequence
from datetime import datetime
from zlib import crc32

import msgspec
from django.db import connection

from doorstep.kernel.declare.messages import HEARERS, Message

ORDER_LOCK = 0x40258
BUCKETS = 1024
"""So many locks keep the order of all subjects: an action that tells of a million takes no more than these."""


def write(told: Sequence[Message], at: datetime, via: str) -> None:
    """Write them as the last thing that the caller's transaction does; nothing where nobody hears.

    Whoever tells of the same subject waits for the commit, so that a row is never seen before one of a lower number.
    """
    rows = [
        (hearer, one.subject, one.KIND.name, msgspec.msgpack.encode(one, enc_hook=str), at, via, at)
        for one in told
        for hearer in HEARERS.get(one.KIND.name, ())
    ]
    if not rows:
        return
    buckets = sorted({crc32(row[1].encode()) % BUCKETS for row in rows})
    with connection.cursor() as cursor:
        # Checked now: a deferred foreign key that waited at commit could meet one who waits for these locks crosswise.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT pg_advisory_xact_lock(%s, b) FROM unnest(%s::int[]) AS b", [ORDER_LOCK, buckets])
        cursor.executemany(
            "INSERT INTO kernel_message (hearer, subject, kind, content, at, via, due, failures, failure)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '')",
            rows,
        )
