"""Makes a leaf provable: Merkle trees, their proofs and the tiles that store them, without touching a disk.

Hashes and proofs follow RFC 6962 section 2.1 and RFC 9162 sections 2.1.3.2 and 2.1.4.2 (SHA-256); tiles and entry
bundles follow C2SP tlog-tiles. A *node* (level, index) is the root of the complete subtree over the leaves
[index << level, (index + 1) << level). Whoever computes a root or a proof hands in `read(level, index)`, so that it
costs O(log n) reads, whatever keeps the nodes.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Literal

Read = Callable[[int, int], bytes]
Level = int | Literal["entries"]

HASH_BYTES = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_ENTRY_BYTES = 0xFFFF
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """Root over a power of two of hashes that stand side by side on one level."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def tree_root(read: Read, size: int) -> bytes:
    """MTH(D[size]), RFC 6962 section 2.1."""
    return _range_root(read, 0, size) if size else EMPTY_ROOT


def inclusion_proof(read: Read, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]), RFC 6962 section 2.1.1, from the leaf upwards; ValueError unless 0 <= index < size."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    start, end, proof = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(read, middle, end))
            end = middle
        else:
            proof.append(_range_root(read, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(read: Read, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]), RFC 6962 section 2.1.2; empty for old = 0; ValueError unless 0 <= old <= new."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not extend one of {old}")
    if old in (0, new):
        return []
    start, end, proof = 0, new, []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_root(read, middle, end))
            end = middle
        else:
            proof.append(_range_root(read, start, middle))
            start = middle
    if start:  # the old tree itself is a complete subtree otherwise, and the verifier has its root
        proof.append(_range_root(read, start, end))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash stands at `index` in the tree with this size and root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node_hash(sibling, result)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the new tree begins with all leaves of the old one (RFC 9162 section 2.1.4.2; every tree extends the empty one)."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if not 0 < old < new or not proof:
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    from_old = from_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            from_new = node_hash(from_new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and from_old == old_root and from_new == new_root


def nodes_of_tiles(tile: Callable[[int, int], Sequence[bytes]]) -> Read:
    """Nodes of every level, out of `tile(tile level, tile index) -> hashes`, each tile asked for once."""
    seen: dict[tuple[int, int], Sequence[bytes]] = {}

    def read(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        number, at = divmod(index << height, TILE_WIDTH)
        if (tile_level, number) not in seen:
            seen[tile_level, number] = tile(tile_level, number)
        return complete_root(seen[tile_level, number][at : at + (1 << height)])

    return read


def tile_width(level: Level, number: int, size: int) -> int:
    """How many hashes or entries (1 to 256) the tile holds in a tree of this size."""
    below = 0 if level == "entries" else level * TILE_HEIGHT
    return min(TILE_WIDTH, (size >> below) - number * TILE_WIDTH)


def tile_path(level: Level, number: int, width: int) -> str:
    """The tile's path under the log's address: `tile/0/x001/234` when full, `tile/0/x001/234.p/7` when 7 wide."""
    path = f"{number % 1000:03}"
    while number := number // 1000:
        path = f"x{number % 1000:03}/{path}"
    return f"tile/{level}/{path}" + (f".p/{width}" if width < TILE_WIDTH else "")


def pack(level: Level, items: Iterable[bytes]) -> bytes:
    """Bytes of a tile: hashes one after another, or entries each behind its length as big-endian uint16."""
    if level == "entries":
        return b"".join(len(item).to_bytes(2, "big") + item for item in items)
    return b"".join(items)


def unpack(level: Level, data: bytes) -> list[bytes]:
    """The whole items at the front of a tile; `pack` of them differs from `data` when something is left over."""
    items, at = [], 0
    while at < len(data):
        start = at + (2 if level == "entries" else 0)
        at = start + (int.from_bytes(data[at:start], "big") if level == "entries" else HASH_BYTES)
        if at > len(data):
            break
        items.append(data[start:at])
    return items


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (> 1)."""
    return 1 << (count - 1).bit_length() - 1


def _range_root(read: Read, start: int, end: int) -> bytes:
    """MTH(D[start:end]) where `start` is a multiple of the smallest power of two that is not below end - start."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range_root(read, start, middle), _range_root(read, middle, end))
