"""Identifiers carry their time, keep their order, survive a person's typing, and do not spell themselves in logs."""

import logging
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations, pairwise
from uuid import RFC_4122, UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.kernel.values.ids import Masked, first_uuid7, read_reference, reference, uuid7, uuid7s

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
instants = st.builds(
    lambda microseconds, zone: (EPOCH + timedelta(microseconds=microseconds)).astimezone(zone),
    st.integers(0, 253_402_000_000 * 10**6),  # to the end of 9999
    st.sampled_from([UTC, timezone(timedelta(hours=7))]),
)
numbers = st.integers(0, 2**80 - 1)


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def is_of(found: UUID, at: datetime) -> bool:
    """RFC 9562, 5.7: 48 bits of milliseconds, version 7, variant 10."""
    return (found.int >> 80, found.version, found.variant) == (milliseconds(at), 7, RFC_4122)


@given(instants)
def test_a_uuid7_has_the_layout_and_the_milliseconds_of_its_instant(at: datetime):
    assert is_of(uuid7(at), at)


@pytest.mark.parametrize("thousandths", range(0, 1000, 37))
def test_no_millisecond_is_lost_to_a_float(thousandths: int):
    at = datetime(2024, 6, 30, 16, 59, 59, thousandths * 1000, tzinfo=UTC)
    assert is_of(uuid7(at), at)


@given(instants, st.integers(1, 50))
def test_many_of_one_instant_ascend_and_carry_it(at: datetime, count: int):
    made = list(uuid7s(at, count))
    assert len(set(made)) == count
    assert made == sorted(made)
    assert all(is_of(one, at) for one in made)


@pytest.mark.parametrize("count", [4096, 4097, 20_000])
def test_a_large_batch_ascends_too(count: int):
    made = list(uuid7s(EPOCH, count))
    assert len(made) == count
    assert all(one < after for one, after in pairwise(made))
    assert {one.version for one in made} == {7}


def test_none_are_asked_for_and_none_come():
    assert list(uuid7s(EPOCH, 0)) == []


@given(instants, instants)
def test_later_instants_sort_later(one: datetime, other: datetime):
    if milliseconds(one) < milliseconds(other):
        assert uuid7(one) < uuid7(other)


@given(instants)
def test_the_bound_of_a_partition_lies_before_all_of_its_instant_and_after_all_before(at: datetime):
    bound = first_uuid7(at)
    assert bound <= uuid7(at)
    assert bound.int & (1 << 80) - 1 == 0
    if at - EPOCH >= timedelta(milliseconds=1):
        assert uuid7(at - timedelta(milliseconds=1)) < bound


def test_two_of_one_instant_differ():
    at = datetime(2024, 1, 1, tzinfo=UTC)
    assert len({uuid7(at) for _ in range(1000)}) == 1000
    assert not set(uuid7s(at, 100)) & set(uuid7s(at, 100))


# References


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0000-0000-0000-0000-0"),
        (1, "0000-0000-0000-0001-G"),
        (31, "0000-0000-0000-000Z-0"),
        (32, "0000-0000-0000-0010-F"),
        (2**80 - 1, "ZZZZ-ZZZZ-ZZZZ-ZZZZ-0"),
    ],
)
def test_references_are_written_as_ever(number: int, written: str):
    assert reference(number) == written
    assert read_reference(written) == written


@given(numbers)
def test_a_reference_is_read_back(number: int):
    written = reference(number)
    assert read_reference(written) == written
    assert not set("ILOU") & set(written)


def test_random_references_check_and_differ():
    made = {reference() for _ in range(200)}
    assert len(made) == 200
    assert all(read_reference(one) == one for one in made)


@settings(max_examples=30)
@given(numbers)
def test_each_single_wrong_character_is_found_but_zero_against_z(number: int):
    written = reference(number)
    for place, right in enumerate(written):
        for wrong in "" if right == "-" else ALPHABET.replace(right, ""):
            typed = written[:place] + wrong + written[place + 1 :]
            missed = {right, wrong} == {"0", "Z"} and place < len(written) - 1
            assert read_reference(typed) == (typed if missed else None)


@settings(max_examples=30)
@given(numbers)
def test_each_swapped_pair_is_found_but_zero_against_z(number: int):
    written = reference(number)
    for left, right in combinations([place for place, one in enumerate(written) if one != "-"], 2):
        if written[left] == written[right]:
            continue
        typed = list(written)
        typed[left], typed[right] = typed[right], typed[left]
        missed = {written[left], written[right]} == {"0", "Z"} and right < len(written) - 1
        assert read_reference("".join(typed)) == ("".join(typed) if missed else None)


@pytest.mark.parametrize(
    "typed",
    [
        "000000000000 0001g",
        " 0000-0000-0000-0001-g ",
        "oooo-OOOO-0000-000i-G",
        "0000 0000\t0000 000L G",
        "0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-1-G",
    ],
)
def test_what_people_type_for_it_is_read(typed: str):
    assert read_reference(typed) == "0000-0000-0000-0001-G"


@pytest.mark.parametrize(
    "typed",
    ["", "-", "0000-0000-0000-0001", "0000-0000-0000-0001-GG", "0000-0000-0000-000U-G", "0000_0000_0000_0001_G"],
)
def test_what_is_no_reference_is_not_read(typed: str):
    assert read_reference(typed) is None


@given(st.text(max_size=30))
def test_any_text_is_read_as_a_reference_or_not_at_all(typed: str):
    read = read_reference(typed)
    assert read is None or read_reference(read) == read


# Masked


class Number(Masked):
    __slots__ = ()


class Person(msgspec.Struct):
    number: Number


SPELLED = "900090000123"


def test_the_number_is_whole_as_a_string():
    number = Number(SPELLED)
    assert number == SPELLED
    assert str(number) == f"{number}" == SPELLED
    assert msgspec.json.encode({"number": number}, enc_hook=str) == b'{"number":"900090000123"}'


def test_repr_masks_it_wherever_it_stands(caplog):
    number = Number(SPELLED)
    logging.getLogger("doorstep.tests").warning("%r in %s, %r", number, [number], Person(number))
    shown = [repr(number), f"{number!r}", f"{[number]}", f"{ {number: 1} }", repr(Person(number)), caplog.text]
    for text in shown:
        assert SPELLED not in text
        assert "<Number •••••••••123>" in text


def test_a_lookup_that_fails_does_not_spell_it():
    with pytest.raises(KeyError) as failed:
        {}[Number(SPELLED)]
    assert SPELLED not in str(failed.value)


@given(st.text(max_size=30))
def test_the_mask_never_shows_more_than_the_last_three(text: str):
    masked = Masked(text).masked
    shown = masked.lstrip("•") if "•" not in text else ""
    assert len(shown) <= 3
    assert text.endswith(shown)
    assert masked != text or set(text) == {"•"}


@pytest.mark.parametrize("text", ["", "1", "123", "1234"])
def test_a_short_one_is_masked_whole(text: str):
    assert Masked(text).masked == "••••"
