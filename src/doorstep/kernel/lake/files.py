"""Files of the lake: written whole and flushed before anything points to them, named in the register only."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from doorstep.kernel.disk import flush_folder
from doorstep.kernel.values.reasons import Refused, reason

FILE_GONE = reason(
    "kernel.lake_file_gone",
    "The sealed file {path} is gone.",
    repair="Put it back from a back-up: sealed files never change.",
)
FILE_ALTERED = reason(
    "kernel.lake_file_altered",
    "The file {path} is not the one that was sealed.",
    repair="Put it back from a back-up: sealed files never change.",
)


def root() -> Path:
    return Path(settings.HOME) / "lake"


def write(table: pa.Table, path: str) -> tuple[bytes, int]:
    """Write a Parquet file (zstd) at `path` below the lake; returns its SHA-256 and size. Raises OSError (full disk)."""
    target = root() / path
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, target, compression="zstd", row_group_size=1 << 20)
    with target.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").digest()
        size = file.tell()
    for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
        flush_folder(folder)
    return digest, size


def sha256(path: str) -> bytes:
    """Raises FileNotFoundError."""
    with (root() / path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def intact(path: str, digest: bytes) -> Path:
    """Where the file with this SHA-256 lies; Refused where it is gone or another one."""
    try:
        found = sha256(path)
    except FileNotFoundError:
        raise Refused(FILE_GONE(path=path)) from None
    if found != digest:
        raise Refused(FILE_ALTERED(path=path))
    return root() / path


def read(path: str, digest: bytes) -> pa.Table:
    """The table in the file with this SHA-256; Refused as above."""
    return pq.ParquetFile(intact(path, digest)).read()


def present() -> Iterator[str]:
    """Paths of all files that lie in the lake, as the register writes them."""
    for top in ("facts", "rollups"):
        for path in (root() / top).rglob("*.parquet"):
            yield path.relative_to(root()).as_posix()
