"""Hostile neighbours of a good file: bytes changed blindly, and encodings taken apart and put together wrongly."""

import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from time import process_time

import pytest

from doorstep.systems.identity.simulation.documents import tlv

LENGTHS = pytest.mark.parametrize("count", [1000, pytest.param(200_000, marks=pytest.mark.soak)])

SLOWEST = 2.0
"""Seconds of the processor that one case may take; nearly all take a few milliseconds."""

STRANGE = (
    b"",
    b"\x00",
    b"\x80",
    b"\xff" * 9,
    b"\x00" * 9,
    b"\x7f" + b"\xff" * 300,
    b"99999999999999Z",
    b"20240230000000Z",
    b"00000101000000Z",
    b"240601120000+9999",
    b"\xe1\xba",
    b"\x2a\x80\x00",
    b"\x88\x37" + b"\xff" * 40,
    "Đ\u202e".encode("utf-16-be"),
)
CONSTRUCTED, PRIMITIVE_WITH_DER = 0x20, (0x04, 0x03)


class Node:
    """An element taken apart, with octet and bit strings that hold an encoding taken apart too."""

    def __init__(self, tag: bytes, content: bytes = b"", children: list["Node"] | None = None, prefix: bytes = b""):
        self.tag, self.content, self.children, self.prefix = tag, content, children, prefix

    def encoded(self) -> bytes:
        content = self.content
        if self.children is not None:
            content = self.prefix + b"".join(child.encoded() for child in self.children)
        return self.tag + tlv(0x30, content)[1:]

    def all(self) -> list["Node"]:
        return [self, *(node for child in self.children or () for node in child.all())]


def taken_apart(data: bytes, depth: int = 0) -> list[Node]:
    """The elements of well-encoded data. ValueError for other data, and below a depth of 50."""
    if depth > 50:
        raise ValueError("too deep")
    nodes, at = [], 0
    while at < len(data):
        start = at
        at += 2 if data[at] & 0x1F == 0x1F else 1
        tag = data[start:at]
        if at >= len(data):
            raise ValueError("no length")
        length, at = data[at], at + 1
        if length > 0x7F:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count]), at + count
        if at + length > len(data) or not tag[0]:
            raise ValueError("no element")
        nodes.append(_node(tag, data[at : at + length], depth))
        at += length
    return nodes


def _node(tag: bytes, content: bytes, depth: int) -> Node:
    if tag[0] & CONSTRUCTED:
        return Node(tag, children=taken_apart(content, depth + 1))
    if tag[0] in PRIMITIVE_WITH_DER and len(content) > 2:
        prefix = content[:1] if tag[0] == 0x03 else b""
        try:
            return Node(tag, children=taken_apart(content[len(prefix) :], depth + 1), prefix=prefix)
        except ValueError:
            pass  # an octet string that holds no encoding is left whole
    return Node(tag, content)


def mutated(data: bytes, chance: Random) -> bytes:
    """A neighbour of a well-encoded file, by one to three changes."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        data = (_rebuilt if chance.random() < 0.7 else _blind)(data, chance)
    return data


def _blind(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    other = chance.randrange(len(data) + 1)
    return chance.choice(
        (
            data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :],
            data[:at] + data[at + chance.randrange(8) :],
            data[:at] + chance.randbytes(chance.randrange(1, 9)) + data[at:],
            data[:at] + data[other : other + 40] + data[at:],
            data[:at],
            data + chance.randbytes(3),
            data[:at] + b"\x30\x80" + data[at:] + b"\x00\x00",
            data[:at] + b"\x30\x84\x7f\xff\xff\xff" + data[at:],
        )
    )


def _rebuilt(data: bytes, chance: Random) -> bytes:
    try:
        roots = taken_apart(data)
    except ValueError:
        return _blind(data, chance)
    nodes = [node for root in roots for node in root.all()]
    if not nodes:
        return _blind(data, chance)
    chance.choice(CHANGES)(chance.choice(nodes), chance.choice(nodes), chance)
    return b"".join(root.encoded() for root in roots)


def _strange(node: Node, _other: Node, chance: Random) -> None:
    node.children, node.content = None, chance.choice(STRANGE)


def _other_tag(node: Node, _other: Node, chance: Random) -> None:
    node.tag = bytes([chance.randrange(1, 256)])


def _fewer(node: Node, _other: Node, chance: Random) -> None:
    if node.children:
        node.children.pop(chance.randrange(len(node.children)))


def _twice(node: Node, _other: Node, chance: Random) -> None:
    if node.children:
        node.children.insert(chance.randrange(len(node.children) + 1), chance.choice(node.children))


def _one_more(node: Node, other: Node, _chance: Random) -> None:
    if node.children is not None:
        node.children.append(Node(b"\x04", other.encoded()))


def _other_content(node: Node, other: Node, _chance: Random) -> None:
    node.children, node.content = None, other.encoded()


def _deep(node: Node, _other: Node, chance: Random) -> None:
    deep = b""
    for _ in range(chance.choice((3, 30, 2000))):
        deep = tlv(0x30, deep)
    node.children, node.content = None, deep


def _shuffled(node: Node, _other: Node, chance: Random) -> None:
    if node.children:
        chance.shuffle(node.children)


CHANGES = (_strange, _strange, _other_tag, _fewer, _twice, _one_more, _other_content, _deep, _shuffled)


def misread(text: str, signs: str, chance: Random) -> str:
    """The text with one to three signs taken for others, or, one time in four, as bytes that were changed."""
    if chance.random() < 0.25:
        return mutated(text.encode(), chance).decode("utf-8", "replace")
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(signs) + text[at + 1 :]
    return text


def run(cases: Sequence[Callable[[Random], str]], count: int) -> Counter[str]:
    """Runs `count` cases, kind by kind in turn, and counts their answers. A failure names the seed that makes it again."""
    told: Counter[str] = Counter()
    slowest = 0.0
    for seed in range(count):
        case = cases[seed % len(cases)]
        begun = process_time()
        try:
            with _at_most(SLOWEST):
                told[f"{case.__name__}: {case(Random(seed))}"] += 1
        except Exception as error:
            raise AssertionError(f"{case.__name__}, seed {seed}") from error
        slowest = max(slowest, process_time() - begun)
    if count > 1000:
        lines = (f"{times:8} {what}\n" for what, times in sorted(told.items()))
        sys.__stderr__.write(f"\n{count} cases, the slowest {slowest * 1000:.0f} ms\n{''.join(lines)}")
    return told


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Stops what hangs with TimeoutError."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
