"""Keeps published history from being rewritten unseen: a signed, append-only log of leaves, one folder for each ring.

The folder is served over plain HTTP as it lies on disk (C2SP tlog-tiles): `checkpoint`, `tile/<level>/<number>` and
`tile/entries/<number>`. The checkpoint (C2SP tlog-checkpoint, an Ed25519 signed note) is written last and alone says
how long the log is; what a killed writer left beyond it is never read, and overwritten by the next append.
"""

import base64
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from doorstep.kernel.lake import merkle
from doorstep.kernel.lake.merkle import TILE_WIDTH, Level

ED25519 = b"\x01"  # its signature type in C2SP signed-note
MAX_NOTE_BYTES = 1 << 17
# Only one spelling of each value, so that a changed byte is never without effect.
BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?"
SIGNATURE_LINE = re.compile(rf"— ([^\s+]+) ({BASE64})\n")
SIGNED_NOTE = re.compile(rf"((?:[^\x00-\x1f]*\n)+)\n((?:— [^\s+]+ {BASE64}\n)+)")
CHECKPOINT_TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")


class Head(NamedTuple):
    """What a checkpoint says: number of leaves and SHA-256 root."""

    size: int
    root: bytes


@dataclass(frozen=True)
class Difference:
    """Where a log contradicts itself: the file, under the log's folder, and which leaf or hash of that tile level."""

    path: str
    index: int
    reason: str


class LogRefused(Exception):  # noqa: N818  this house names refusals, not errors
    """The log does not do this; the message says why."""


class NotSigned(LogRefused):
    """A checkpoint is missing, malformed, or without a valid signature of the expected key."""


class Forked(LogRefused):
    """The log contradicts what was signed, published or recorded before."""


class Damaged(LogRefused):
    """A stored file contradicts the rest of the log."""

    def __init__(self, path: str, index: int, reason: str) -> None:
        super().__init__(f"{path}, index {index}: {reason}")
        self.difference = Difference(path, index, reason)


class SigningKey:
    """An Ed25519 key and the name it signs under, which is also the log's origin (an address without scheme)."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        if not re.fullmatch(r"[^\s+\x00-\x1f]+", name):
            raise ValueError(f"a key name is not empty and has no space, plus or control character: {name!r}")
        public = private.public_key().public_bytes_raw()
        self._private = private
        self._id = _key_id(name, public)
        self.name = name
        self.verifier = f"{name}+{self._id.hex()}+{base64.b64encode(ED25519 + public).decode()}"

    @classmethod
    def open(cls, path: Path, name: str) -> Self:
        """The key in a PKCS8 file (`keys/<name>.pem`); makes one, mode 0600, where there is none.

        Raises PermissionError when others may read the file, TypeError when it holds another kind of key.
        """
        if not path.exists():
            _create_key(path)
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise PermissionError(f"others may read the key {path}: chmod 600 it, or replace it if they did")
            private = serialization.load_pem_private_key(file.read(), password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise TypeError(f"{path} does not hold an Ed25519 key")
        return cls(name, private)

    def sign(self, text: str) -> bytes:
        """The text (which ends in a newline) as a C2SP signed note."""
        signature = base64.b64encode(self._id + self._private.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n".encode()


def open_note(note: bytes, verifier_key: str) -> str:
    """Text of a C2SP signed note in which this key's signature holds (those of other keys are ignored); else NotSigned."""
    name, key_id, encoded = verifier_key.split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    if key[:1] != ED25519 or bytes.fromhex(key_id) != _key_id(name, key[1:]):
        raise ValueError(f"not an Ed25519 verifier key: {verifier_key}")
    try:
        parts = SIGNED_NOTE.fullmatch(note.decode()) if len(note) <= MAX_NOTE_BYTES else None
    except UnicodeDecodeError:
        parts = None
    if not parts:
        raise NotSigned("not a signed note")
    signatures = [base64.b64decode(signature) for by, signature in SIGNATURE_LINE.findall(parts[2]) if by == name]
    ours = [signature[4:] for signature in signatures if signature[:4] == bytes.fromhex(key_id)]
    if not ours:
        raise NotSigned(f"{name} did not sign this")
    try:
        for signature in ours:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature, parts[1].encode())
    except InvalidSignature as error:
        raise NotSigned(f"the signature of {name} is wrong") from error
    return parts[1]


def verify_checkpoint(note: bytes, verifier_key: str) -> Head:
    """Size and root in a checkpoint that the log with this key signed; NotSigned otherwise. C2SP tlog-checkpoint."""
    found = CHECKPOINT_TEXT.fullmatch(open_note(note, verifier_key))
    if not found or found[1] != verifier_key.split("+", 1)[0]:
        raise NotSigned("the signed text is not a checkpoint of this log")
    return Head(int(found[2]), base64.b64decode(found[3]))


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
        return merkle.inclusion_proof(self._nodes_below(size), index, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the first `new` leaves begin with the first `old`; ValueError where there is none."""
        return merkle.consistency_proof(self._nodes_below(new), old, new)

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

    def _nodes_below(self, size: int) -> merkle.Read:
        """Nodes for proofs in an earlier tree, from today's tiles: those of other widths may be a killed writer's."""
        head = self.head()
        if size > head.size:
            raise ValueError(f"the log has {head.size} leaves, not {size}")
        return self._nodes(head.size)

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
        _sync_folder(folder.parent)
        seen = Head(0, merkle.EMPTY_ROOT) if published is None else verify_checkpoint(published, key.verifier)
        log = cls(folder, key, seen)
        with log._writing() as head:
            if merkle.tree_root(log._nodes(head.size), head.size) != head.root:
                raise Damaged("checkpoint", head.size, "the tiles give another root")
        return log

    def append(self, entries: Sequence[bytes]) -> range:
        """Adds leaves (at most 65,535 bytes each, ValueError otherwise) and signs for them; gives their indexes."""
        with self._writing() as head:
            return self._append(head, entries)

    def append_at(self, size: int, entries: Sequence[bytes]) -> None:
        """Makes these the leaves from index `size` on; those that an earlier or another call added stay as they are.

        Whoever calls has committed entries and indexes somewhere first, and repeats the call until it returns:
        leaves stay, even when a transaction around this call is rolled back. Raises Forked when the log is shorter
        than `size` or holds something else there.
        """
        with self._writing() as head:
            if not 0 <= size <= head.size:
                raise Forked(f"leaves from {size} on do not continue a log of {head.size}")
            known = list(self._entries(head.size, size, min(size + len(entries), head.size)))
            if known != list(entries[: len(known)]):
                raise Forked(f"the log holds other leaves from {size} to {size + len(known)}")
            self._append(head, entries[len(known) :])

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

    def _append(self, head: Head, entries: Sequence[bytes]) -> range:
        if (longest := max(map(len, entries), default=0)) > merkle.MAX_ENTRY_BYTES:
            raise ValueError(f"an entry has at most {merkle.MAX_ENTRY_BYTES} bytes, this one {longest}")
        indexes = range(head.size, head.size + len(entries))
        if not entries:
            return indexes
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
            _sync_folder(folder)
        new = Head(indexes.stop, merkle.tree_root(self._nodes(indexes.stop), indexes.stop))
        self._require_extension(head, new)
        self._sign(new)
        for path in paths:  # partial tiles that are now the front of a signed full one; a full path has no `.p` in it
            shutil.rmtree(self.folder / f"{path}.p", ignore_errors=True)
        return indexes

    def _write_tiles(self, level: Level, number: int, items: Sequence[bytes]) -> list[str]:
        paths = []
        for at in range(0, len(items), TILE_WIDTH):
            tile = items[at : at + TILE_WIDTH]
            paths.append(merkle.tile_path(level, number + at // TILE_WIDTH, len(tile)))
            _replace(self.folder / paths[-1], merkle.pack(level, tile))
        return paths

    def _sign(self, head: Head) -> None:
        root = base64.b64encode(head.root).decode()
        _replace(self.folder / "checkpoint", self._key.sign(f"{self._key.name}\n{head.size}\n{root}\n"))
        _sync_folder(self.folder)
        self._seen = head


def _replace(path: Path, data: bytes) -> None:
    """Writes the file whole or not at all; its name lasts through a power cut once the folder is synchronised too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)  # noqa: PTH105  patched by the crash tests, like fsync


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _create_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor, draft = tempfile.mkstemp(dir=path.parent)  # O_EXCL, mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)  # fails where there is a key: of two that start at once, both then read the same one
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()
    _sync_folder(path.parent)


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]
