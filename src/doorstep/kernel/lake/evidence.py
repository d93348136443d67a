"""Keeps published history from being rewritten unseen: a signed, append-only log of leaves, one folder for each ring.

The folder is served over plain HTTP as it lies on disk (C2SP tlog-tiles): `checkpoint`, `tile/<level>/<number>` and
`tile/entries/<number>`. The checkpoint (C2SP tlog-checkpoint, an Ed25519 signed note) is written last and alone says
how long the log is; what a killed writer left beyond it is never read, and overwritten by the next append.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from doorstep.kernel.disk import flush_folder, replace
from doorstep.kernel.lake import merkle
from doorstep.kernel.lake.merkle import TILE_WIDTH, Level
from doorstep.kernel.lake.notes import Head, LogRefused, NotSigned, SigningKey, verify_checkpoint


@dataclass(frozen=True)
class Difference:
    """Where a log contradicts itself: the file, under the log's folder, and which leaf or hash of that tile level."""

    path: str
    index: int
    reason: str


class Forked(LogRefused):
    """The log contradicts what was signed, published or recorded before."""


class Damaged(LogRefused):
    """A stored file contradicts the rest of the log."""

    def __init__(self, path: str, index: int, reason: str) -> None:
        super().__init__(f"{path}, index {index}: {reason}")
        self.difference = Difference(path, index, reason)


class EvidenceReader:
    """One ring, for reading and proving: needs the verifier key only. Every call sees the newest checkpoint."""

    def __init__(self, folder: Path, verifier_key: str) -> None:
        self.folder = folder
        self.verifier_key = verifier_key

    def checkpoint(self) -> bytes:
        """The signed checkpoint as it is served; NotSigned when there is none."""
        try:
            return (self.folder / "checkpoint").read_bytes()
        except FileNotFoundError as error:
            raise NotSigned(f"there is no checkpoint in {self.folder}") from error

    def head(self) -> Head:
        """What the checkpoint says now, its signature checked."""
        return verify_checkpoint(self.checkpoint(), self.verifier_key)

    @property
    def size(self) -> int:
        return self.head().size

    @property
    def root(self) -> bytes:
        return self.head().root

    def entry(self, index: int) -> bytes:
        """A leaf's bytes; IndexError outside the log."""
        return next(self._entries(self.size, index, index + 1))

    def prove(self, index: int, size: int) -> list[bytes]:
        """Inclusion proof of a leaf in the first `size` leaves; ValueError where there is none."""
        head = self.head()
        if size > head.size:
            raise ValueError(f"the log has {head.size} leaves, not {size}")
        # From today's tiles: those of other widths may be a killed writer's.
        return merkle.inclusion_proof(self._nodes(head.size), index, size)

    def check(self) -> Difference | None:
        """Recomputes every tile and the root from the entries; the first difference. Reads the whole log."""
        try:
            head = self.head()
            hashes: Iterator[bytes] = (merkle.leaf_hash(entry) for entry in self._entries(head.size, 0, head.size))
            level = 0
            while head.size >> merkle.TILE_HEIGHT * level:
                hashes = self._compared(head, level, hashes)
                level += 1
            for _ in hashes:  # the topmost level pulls those below, so one tile of each is in memory
                pass
            if merkle.tree_root(self._nodes(head.size), head.size) != head.root:
                return Difference("checkpoint", head.size, "the entries give another root")
        except NotSigned as error:
            return Difference("checkpoint", 0, str(error))
        except Damaged as error:
            return error.difference
        return None

    def _compared(self, head: Head, level: int, hashes: Iterator[bytes]) -> Iterator[bytes]:
        """Holds the stored tiles of a level to the recomputed hashes; gives the root of each full tile."""
        number = 0
        while right := list(islice(hashes, TILE_WIDTH)):
            path, stored = self._tile(head.size, level, number)
            for index, (one, other) in enumerate(zip(right, stored, strict=True), start=number * TILE_WIDTH):
                if one != other and level == 0 and self._vouched(head, index, other):
                    path, _ = self._tile(head.size, "entries", number)
                    raise Damaged(path, index, "the entry does not hash to the leaf that was signed for")
                if one != other:
                    raise Damaged(path, index, "the hash is not that of the entries under it")
            if len(right) == TILE_WIDTH:
                yield merkle.complete_root(right)
            number += 1

    def _vouched(self, head: Head, index: int, leaf: bytes) -> bool:
        """Whether the checkpoint stands for this leaf hash: tells an altered entry from an altered tile."""
        proof = merkle.inclusion_proof(self._nodes(head.size), index, head.size)
        return merkle.verify_inclusion(leaf, index, head.size, proof, head.root)

    def _entries(self, size: int, start: int, stop: int) -> Iterator[bytes]:
        if not 0 <= start <= stop <= size:
            raise IndexError(f"leaves {start} to {stop} are not in a log of {size}")
        while start < stop:
            number, skip = divmod(start, TILE_WIDTH)
            found = self._tile(size, "entries", number)[1][skip : skip + stop - start]
            yield from found
            start += len(found)

    def _nodes(self, size: int) -> merkle.Read:
        return merkle.nodes_of_tiles(lambda level, number: self._tile(size, level, number)[1])

    def _tile(self, size: int, level: Level, number: int) -> tuple[str, list[bytes]]:
        """Path and items of a tile in the log of this size; Damaged when it is missing or not exactly that long.

        A partial tile is removed once the full one is signed for, so one that is gone is the front of the full one.
        """
        width = merkle.tile_width(level, number, size)
        for stored in (width, TILE_WIDTH):
            path = merkle.tile_path(level, number, stored)
            try:
                data = (self.folder / path).read_bytes()
            except FileNotFoundError:
                continue
            items = merkle.unpack(level, data)
            if len(items) != stored or merkle.pack(level, items) != data:
                index = number * TILE_WIDTH + min(len(items), stored)
                raise Damaged(path, index, f"the file does not hold exactly {stored} items")
            return path, items[:width]
        raise Damaged(merkle.tile_path(level, number, width), number * TILE_WIDTH, "the file is missing")


class EvidenceLog(EvidenceReader):
    """One ring, for appending. Several processes may hold it open: each append waits for its turn."""

    def __init__(self, folder: Path, key: SigningKey, seen: Head) -> None:
        super().__init__(folder, key.verifier)
        self._key = key
        self._seen = seen  # the newest head published elsewhere or signed here

    @classmethod
    def open(cls, folder: Path, key: SigningKey, published: bytes | None) -> Self:
        """The log for appending; makes an empty one where there is none.

        `published` is the last checkpoint published elsewhere. Raises Forked when the log does not extend it (a
        restored back-up), NotSigned when it or the log's own checkpoint is not by this key, and Damaged when the
        tiles do not give the checkpoint's root (`check` names the tile).
        """
        folder.mkdir(parents=True, exist_ok=True)
        flush_folder(folder.parent)
        seen = Head(0, merkle.EMPTY_ROOT) if published is None else verify_checkpoint(published, key.verifier)
        log = cls(folder, key, seen)
        with log._writing() as head:
            if merkle.tree_root(log._nodes(head.size), head.size) != head.root:
                raise Damaged("checkpoint", head.size, "the tiles give another root")
        return log

    def append_at(self, size: int, entries: Sequence[bytes]) -> None:
        """Makes these the leaves from index `size` on, and signs for them; those that an earlier or another call added
        stay as they are.

        Whoever calls has committed entries and indexes somewhere first, and repeats the call until it returns:
        leaves stay, even when a transaction around this call is rolled back. Raises Forked when the log is shorter
        than `size` or holds something else there, ValueError for an entry of more than 65,535 bytes.
        """
        with self._writing() as head:
            if not 0 <= size <= head.size:
                raise Forked(f"leaves from {size} on do not continue a log of {head.size}")
            known = list(self._entries(head.size, size, min(size + len(entries), head.size)))
            if known != list(entries[: len(known)]):
                raise Forked(f"the log holds other leaves from {size} to {size + len(known)}")
            if new := entries[len(known) :]:
                self._append(head, new)

    @contextmanager
    def _writing(self) -> Iterator[Head]:
        """One writer at a time on this machine; gives the head, once it extends the newest one known."""
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.fsync(descriptor)  # the checkpoint of a writer killed just now could else be undone by a power cut
            new = not (self.folder / "checkpoint").exists()
            if new and (self.folder / "tile").exists():
                raise Forked(f"{self.folder} has tiles and no checkpoint: put back the last one signed")
            head = Head(0, merkle.EMPTY_ROOT) if new else self.head()
            self._require_extension(self._seen, head)
            if new:
                self._sign(head)
            yield head
        finally:
            os.close(descriptor)

    def _require_extension(self, old: Head, new: Head) -> None:
        if new.size < old.size:
            raise Forked(f"{old.size} leaves were signed for and the log has {new.size}: a restored back-up?")
        proof = merkle.consistency_proof(self._nodes(new.size), old.size, new.size)
        if not merkle.verify_consistency(old.size, new.size, old.root, new.root, proof):
            raise Forked(f"the log of {new.size} leaves does not extend the {old.size} signed for: a restored back-up?")

    def _append(self, head: Head, entries: Sequence[bytes]) -> None:
        if (longest := max(map(len, entries))) > merkle.MAX_ENTRY_BYTES:
            raise ValueError(f"an entry has at most {merkle.MAX_ENTRY_BYTES} bytes, this one {longest}")
        size = head.size + len(entries)
        number, kept = divmod(head.size, TILE_WIDTH)
        bundle = [*(self._tile(head.size, "entries", number)[1] if kept else []), *entries]
        paths = self._write_tiles("entries", number, bundle)
        # The kept entries are hashed again: an altered one then gives a root that does not extend the signed one.
        level, hashes = 0, [merkle.leaf_hash(entry) for entry in bundle]
        while hashes:
            paths += self._write_tiles(level, number, hashes)
            full = range(0, len(hashes) - TILE_WIDTH + 1, TILE_WIDTH)
            roots = [merkle.complete_root(hashes[at : at + TILE_WIDTH]) for at in full]
            level, (number, kept) = level + 1, divmod(number, TILE_WIDTH)
            hashes = [*(self._tile(head.size, level, number)[1] if kept and roots else []), *roots]
        for folder in {self.folder / parent for path in paths for parent in Path(path).parents}:
            flush_folder(folder)
        new = Head(size, merkle.tree_root(self._nodes(size), size))
        self._require_extension(head, new)
        self._sign(new)
        for path in paths:  # partial tiles that are now the front of a signed full one; a full path has no `.p` in it
            shutil.rmtree(self.folder / f"{path}.p", ignore_errors=True)

    def _write_tiles(self, level: Level, number: int, items: Sequence[bytes]) -> list[str]:
        paths = []
        for at in range(0, len(items), TILE_WIDTH):
            tile = items[at : at + TILE_WIDTH]
            paths.append(merkle.tile_path(level, number + at // TILE_WIDTH, len(tile)))
            replace(self.folder / paths[-1], merkle.pack(level, tile))
        return paths

    def _sign(self, head: Head) -> None:
        replace(self.folder / "checkpoint", self._key.checkpoint(head))
        flush_folder(self.folder)
        self._seen = head
