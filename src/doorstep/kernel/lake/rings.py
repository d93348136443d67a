"""The two rings as the register knows them: leaves are committed here first, then written to the signed log's files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from doorstep.kernel.lake.evidence import EvidenceLog, EvidenceReader, Forked
from doorstep.kernel.lake.models import Leaf, Ring
from doorstep.kernel.lake.notes import Head, SigningKey
from doorstep.kernel.store.models import Installation

SEAL_LOCK, KEEP_LOCK = 0x5EA1, 0x4EE9


def alone() -> None:
    """Wait until nobody else seals or appends; holds until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])


@contextmanager
def kept() -> Iterator[None]:
    """Meanwhile no segment is dropped that a snapshot names; ends with the connection at the latest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [KEEP_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [KEEP_LOCK])


def nobody_reads() -> bool:
    """Whether nobody else is within `kept`; then nobody comes in until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [KEEP_LOCK])
        return bool(cursor.fetchone()[0])


def folder(ring: Ring) -> Path:
    """Where the ring's log lies as it is served."""
    return Path(settings.HOME) / "log-rings" / ring


def foreign_key(ring: Ring) -> str:
    """Why the data folder's key must not sign the ring: the database's log has another under the same name; else "".

    PermissionError where others may read the key.
    """
    path, name = _key(ring)
    known = _known(name)
    if not known or (path.exists() and SigningKey.open(path, name).verifier == known):
        return ""
    return (
        f"{path} is not the key under which this database's log goes by {name}. Is DOORSTEP_HOME as it was? "
        "Put keys/ and log-rings/ back from the folder of before, or give the log a new name (DOORSTEP_ORIGIN)."
    )


def _known(name: str) -> str:
    """The verifier key of the log of this name, empty for a new log or name."""
    return Installation.objects.filter(key=name).values_list("value", flat=True).first() or ""


def _key(ring: Ring) -> tuple[Path, str]:
    """The file of the ring's key, and the name under which it signs."""
    return Path(settings.HOME) / "keys" / f"log-{ring}.pem", f"{settings.ORIGIN}/log/{ring}"


def open_log(ring: Ring) -> EvidenceLog:
    """The ring's log under the installation's key, compared with the checkpoint that was published elsewhere, if any.

    Operators put that checkpoint into `witness/<ring>.checkpoint`; the key that verifies lies beside the log as `key`,
    and the database remembers it. Raises Forked where that was another one.
    """
    if wrong := foreign_key(ring):
        raise Forked(wrong)
    home, key = Path(settings.HOME), SigningKey.open(*_key(ring))
    if not _known(key.name):
        Installation.objects.get_or_create(key=key.name, defaults={"value": key.verifier})
    elsewhere = home / "witness" / f"{ring}.checkpoint"
    log = EvidenceLog.open(folder(ring), key, elsewhere.read_bytes() if elsewhere.exists() else None)
    said, verifier = folder(ring) / "key", f"{key.verifier}\n"
    if not said.exists() or said.read_text() != verifier:  # others read it meanwhile: it is not written again
        said.write_text(verifier)
    return log


def reader(ring: Ring) -> EvidenceReader:
    """The ring for reading and proving; FileNotFoundError before its first leaf."""
    return EvidenceReader(folder(ring), (folder(ring) / "key").read_text().strip())


def next_leaf(ring: Ring) -> int:
    """Index of the leaf that comes next: the ring's size."""
    last = Leaf.objects.filter(ring=ring).order_by("-index").values_list("index", flat=True).first()
    return 0 if last is None else last + 1


def append(ring: Ring, entry: bytes) -> int:
    """Append an entry to a ring inside the caller's transaction, under the seal's lock; its files follow with `publish`."""
    alone()
    index = next_leaf(ring)
    Leaf.objects.create(ring=ring, index=index, entry=entry)
    return index


def publish(ring: Ring) -> Head:
    """Write the ring's committed leaves to its log's files and sign the new checkpoint; returns size and root.

    Raises Forked where the log says otherwise than the register: a restored back-up must not fork history.
    """
    log = open_log(ring)
    while True:
        size = log.size  # once a turn: somebody else may publish meanwhile
        known = max(size - 1, 0)
        leaves = Leaf.objects.filter(ring=ring, index__gte=known).order_by("index")[:1000]
        entries = [bytes(leaf.entry) for leaf in leaves]
        if size and entries[:1] != [log.entry(known)]:
            raise Forked(f"the log of {size} leaves does not end as the register says: a restored back-up?")
        if len(entries) <= size - known:
            return log.head()
        log.append_at(known, entries)
