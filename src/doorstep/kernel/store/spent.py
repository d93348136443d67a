"""What may be used once: challenges, token ids, codes. Kept until it would have expired anyway, and no longer."""

from datetime import datetime

from doorstep.kernel.store.prepared import execute


def spend(kind: str, key: bytes, until: datetime) -> bool:
    """Whether this is the first use, inside the caller's transaction; a second one waits for it and gets False.

    `key` is at most 64 bytes: a random value or a digest.
    """
    added = "INSERT INTO kernel_spent (kind, key, until) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
    return bool(execute(added, (kind, key, until)).rowcount)
