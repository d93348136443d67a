"""Holds the Merkle arithmetic to the RFC: a naive recursive reference, the Certificate Transparency vectors, tampering."""

from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from doorstep.kernel.lake import merkle

# The eight leaves and roots that the Certificate Transparency implementations test with.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
sizes = st.integers(min_value=1, max_value=600)


def mth(entries):
    """RFC 6962 section 2.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m, entries):
    """RFC 6962 section 2.1.1, word for word."""
    if len(entries) == 1:
        return []
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m, entries, *, known):
    """RFC 6962 section 2.1.2, word for word."""
    if m == len(entries):
        return [] if known else [mth(entries)]
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m <= k:
        return [*subproof(m, entries[:k], known=known), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], known=False), mth(entries[:k])]


def leaves(size):
    return [str(i).encode() for i in range(size)]


def reader(entries):
    """Nodes straight from the definition: only complete subtrees exist."""

    def read(level, index):
        assert (index + 1) << level <= len(entries), "asked for a subtree that is not complete"
        return mth(entries[index << level : (index + 1) << level])

    return read


def tiles(entries):
    """Tiles straight from the definition in C2SP tlog-tiles."""

    def tile(level, number):
        span = 256**level
        width = merkle.tile_width(level, number, len(entries))
        first = number * 256
        return [mth(entries[(first + i) * span : (first + i + 1) * span]) for i in range(width)]

    return tile


@pytest.mark.parametrize("size", range(9))
def test_the_certificate_transparency_vectors(size):
    entries = [bytes.fromhex(leaf) for leaf in CT_LEAVES[:size]]
    assert merkle.tree_root(reader(entries), size).hex() == CT_ROOTS[size]
    assert mth(entries).hex() == CT_ROOTS[size]


@given(size=sizes, data=st.data())
def test_an_inclusion_proof_is_the_one_of_the_rfc_and_verifies(size, data):
    index = data.draw(st.integers(0, size - 1))
    entries = leaves(size)
    proof = merkle.inclusion_proof(reader(entries), index, size)
    assert proof == path(index, entries)
    assert merkle.verify_inclusion(merkle.leaf_hash(entries[index]), index, size, proof, mth(entries))


@given(new=sizes, data=st.data())
def test_a_consistency_proof_is_the_one_of_the_rfc_and_verifies(new, data):
    old = data.draw(st.integers(1, new))
    entries = leaves(new)
    proof = merkle.consistency_proof(reader(entries), old, new)
    assert proof == subproof(old, entries, known=True)
    assert merkle.verify_consistency(old, new, mth(entries[:old]), mth(entries), proof)


def tampered(data, proof):
    """One change to a proof: a bit, a missing hash, one too many, or two swapped."""
    proof = list(proof)
    at = data.draw(st.integers(0, len(proof) - 1))
    match data.draw(st.sampled_from(["bit", "drop", "extra", "swap"])):
        case "bit":
            bit = data.draw(st.integers(0, 255))
            proof[at] = bytes(b ^ (1 << bit % 8 if i == bit // 8 else 0) for i, b in enumerate(proof[at]))
        case "drop":
            del proof[at]
        case "extra":
            proof.insert(at, proof[at])
        case "swap":
            proof[at], proof[at - 1] = proof[at - 1], proof[at]
            assume(len(proof) > 1)
    return proof


@given(size=st.integers(2, 300), data=st.data())
def test_a_tampered_inclusion_proof_does_not_verify(size, data):
    index = data.draw(st.integers(0, size - 1))
    entries = leaves(size)
    proof, root = path(index, entries), mth(entries)
    leaf = merkle.leaf_hash(entries[index])
    assert not merkle.verify_inclusion(leaf, index, size, tampered(data, proof), root)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"another"), index, size, proof, root)
    assert not merkle.verify_inclusion(leaf, index, size, proof, mth([*entries, b"more"]))
    other = data.draw(st.integers(-1, size).filter(lambda i: i != index))
    assert not merkle.verify_inclusion(leaf, other, size, proof, root)


@given(new=st.integers(2, 300), data=st.data())
def test_a_tampered_consistency_proof_does_not_verify(new, data):
    old = data.draw(st.integers(1, new - 1))
    entries = leaves(new)
    proof, old_root, root = subproof(old, entries, known=True), mth(entries[:old]), mth(entries)
    assert not merkle.verify_consistency(old, new, old_root, root, tampered(data, proof))
    rewritten = list(entries)
    rewritten[data.draw(st.integers(0, old - 1))] = b"rewritten"
    honest_for_the_rewritten = subproof(old, rewritten, known=True)
    assert not merkle.verify_consistency(old, new, old_root, mth(rewritten), honest_for_the_rewritten)


def test_a_proof_is_not_for_a_larger_tree_with_the_same_root():
    entries = leaves(4)
    inclusion = path(0, entries)
    assert merkle.verify_inclusion(merkle.leaf_hash(entries[0]), 0, 4, inclusion, mth(entries))
    assert not merkle.verify_inclusion(merkle.leaf_hash(entries[0]), 0, 8, inclusion, mth(entries))
    consistency = subproof(2, entries, known=True)
    assert merkle.verify_consistency(2, 4, mth(entries[:2]), mth(entries), consistency)
    assert not merkle.verify_consistency(2, 8, mth(entries[:2]), mth(entries), consistency)


def test_a_tree_extends_itself_and_the_empty_tree_only_without_a_proof():
    root = mth(leaves(5))
    assert merkle.verify_consistency(5, 5, root, root, [])
    assert not merkle.verify_consistency(5, 5, root, mth(leaves(4)), [])
    assert not merkle.verify_consistency(5, 5, root, root, [root])
    assert merkle.verify_consistency(0, 5, merkle.EMPTY_ROOT, root, merkle.consistency_proof(reader(leaves(5)), 0, 5))
    assert not merkle.verify_consistency(0, 5, root, root, [])
    assert not merkle.verify_consistency(5, 4, root, root, [root])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_for_a_leaf_outside_the_tree(index, size):
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_proof(reader(leaves(3)), index, size)


def test_no_proof_that_a_smaller_tree_extends_a_larger():
    with pytest.raises(ValueError, match="does not extend"):
        merkle.consistency_proof(reader(leaves(3)), 4, 3)


@given(size=sizes, data=st.data())
def test_tiles_hold_every_node(size, data):
    entries = leaves(size)
    level = data.draw(st.integers(0, size.bit_length() - 1))
    index = data.draw(st.integers(0, (size >> level) - 1))
    assert merkle.nodes_of_tiles(tiles(entries))(level, index) == reader(entries)(level, index)


def test_a_proof_in_a_tree_of_a_million_reads_few_tiles():
    asked = []

    def tile(level, number):
        asked.append((level, number))
        return [bytes([level]) * 32] * merkle.tile_width(level, number, 1_000_003)

    merkle.inclusion_proof(merkle.nodes_of_tiles(tile), 777_777, 1_000_003)
    assert len(asked) == len(set(asked)) <= 6


@pytest.mark.parametrize(
    ("level", "number", "width", "expected"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 0, 7, "tile/0/000.p/7"),
        (1, 999, 256, "tile/1/999"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        ("entries", 1000, 1, "tile/entries/x001/000.p/1"),
    ],
)
def test_paths_of_tiles(level, number, width, expected):
    assert merkle.tile_path(level, number, width) == expected


def test_widths_of_tiles_are_those_of_the_example_in_the_specification():
    assert merkle.tile_width(0, 273, 70_000) == merkle.tile_width("entries", 273, 70_000) == 112
    assert merkle.tile_width(1, 0, 70_000) == 256
    assert merkle.tile_width(1, 1, 70_000) == 17
    assert merkle.tile_width(2, 0, 70_000) == 1


@given(entries=st.lists(st.binary(max_size=300), max_size=20))
def test_entry_bundles_come_back_as_packed(entries):
    data = merkle.pack("entries", entries)
    assert merkle.unpack("entries", data) == entries
    assert merkle.unpack("entries", data + b"\x00") == entries


def test_an_entry_stands_behind_its_length():
    assert merkle.pack("entries", [b"ab", b""]) == b"\x00\x02ab\x00\x00"
