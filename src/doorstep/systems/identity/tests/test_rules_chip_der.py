"""Distinguished encoding: what is exactly one well-formed element, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.systems.identity.rules.chip.curves import CURVES
from doorstep.systems.identity.rules.chip.der import MOST_DEPTH, check_der, elements
from doorstep.systems.identity.simulation.documents import tlv


def nested(depth):
    content = b""
    for _ in range(depth):
        content = tlv(0x30, content)
    return content


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x00",
        b"\x05\x00",
        b"\x04\x81\x80" + bytes(128),
        b"\x5f\x1f\x03abc",
        tlv(0x77, tlv(0x30, tlv(0x02, b"\x01") + tlv(0x31, b"") + tlv(0xA0, tlv(0x0C, "Đ".encode())))),
        nested(MOST_DEPTH - 1),
    ],
)
def test_well_formed(data):
    assert check_der(data, "sod", 1000) is None


@pytest.mark.parametrize(
    "data",
    {
        "nothing": b"",
        "half a header": b"\x30",
        "no tag": b"\x00\x00",
        "trailing byte": b"\x30\x00\x00",
        "a second element": b"\x30\x00\x30\x00",
        "longer than the file": b"\x30\x01",
        "inner longer than outer": b"\x30\x03\x02\x02\x01",
        "indefinite": b"\x30\x80\x02\x01\x01\x00\x00",
        "indefinite inside": b"\x30\x06\x30\x80\x02\x00\x00\x00",
        "wasteful length": b"\x04\x81\x7f" + bytes(127),
        "wasteful zero": b"\x04\x82\x00\x80" + bytes(128),
        "huge length": b"\x30\x84\xff\xff\xff\xff",
        "length of eight bytes": b"\x30\x88" + bytes(7) + b"\x01\x00",
        "length of 127 bytes": b"\x30\xff" + bytes(127),
        "string in pieces": b"\x24\x04\x04\x02ab",
        "number in pieces": b"\x22\x03\x02\x01\x01",
        "short tag written long": b"\x1f\x1e\x00",
        "tag of three bytes": b"\x5f\x81\x01\x00",
        "tag cut off": b"\x5f",
        "too deep": nested(MOST_DEPTH),
        "far too deep": nested(200),
    }.values(),
)
def test_not_well_formed(data):
    assert check_der(data, "sod", 1000).code == "identity.chip_file_encoding"


def test_a_file_has_a_largest_size():
    found = check_der(bytes(1001), "dg2", 1000)
    assert (found.code, found.field, found.given) == ("identity.chip_file_too_large", "dg2", {"most": 1000})


def test_a_million_elements_end_somewhere():
    assert check_der(tlv(0x30, b"\x05\x00" * 1_000_000), "list", 10_000_000).code == "identity.chip_file_encoding"


def test_elements_are_split():
    outer = tlv(0x61, tlv(0x5F1F, b"abc") + tlv(0x02, b"\x07"))
    (root,) = elements(outer)
    assert (root.tag, root.whole) == (0x61, outer)
    assert [(one.tag, one.content) for one in elements(root.content)] == [(0x5F1F, b"abc"), (0x02, b"\x07")]


TREES = st.recursive(
    st.binary(max_size=200).map(lambda content: tlv(0x04, content)),
    lambda inner: st.lists(inner, max_size=4).map(lambda parts: tlv(0x30, b"".join(parts))),
    max_leaves=12,
)


@given(TREES)
def test_what_is_built_well_is_taken_and_comes_apart(data):
    assert check_der(data, "sod", 10_000) is None
    assert b"".join(one.whole for one in elements(data)) == data


@given(TREES, st.data())
def test_no_byte_can_be_taken_from_the_end(data, draw):
    cut = draw.draw(st.integers(0, len(data) - 1))
    assert check_der(data[:cut], "sod", 10_000)


@given(st.binary(max_size=60))
def test_any_bytes_are_judged(data):
    if check_der(data, "sod", 1000) is None:
        assert b"".join(one.whole for one in elements(data)) == data


@pytest.mark.parametrize(("curve", "numbers"), CURVES.values(), ids=[curve.name for curve, _ in CURVES.values()])
def test_the_numbers_of_each_curve_are_those_that_the_library_computes_with(curve, numbers):
    from cryptography.hazmat.primitives.asymmetric import ec

    def point(secret):
        found = ec.derive_private_key(secret, curve()).public_key().public_numbers()
        assert (found.y**2 - found.x**3 - numbers.a * found.x - numbers.b) % numbers.p == 0
        return found.x, found.y

    assert point(1) == (numbers.x, numbers.y)
    assert point(numbers.n - 1) == (numbers.x, numbers.p - numbers.y)
    assert point(12345) != point(54321)
    with pytest.raises(ValueError):
        point(numbers.n)
