"""Messages and questions: what systems tell and ask each other, declared in the `contract.py` of the one that owns them."""

import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.scopes import Purpose, Scope
from doorstep.kernel.values.units import UnitCode

MESSAGES: dict[str, "MessageKind"] = {}
QUESTIONS: dict[str, "QuestionKind"] = {}
HEARERS: dict[str, dict[str, "Hearer"]] = {}
"""Who reacts to a message: by its name, then by the system that hears it."""
ANSWERERS: dict[str, Callable[..., typing.Any]] = {}
"""Who answers a question, by its name."""

M = typing.TypeVar("M", bound="Message")
Q = typing.TypeVar("Q", bound="Question")

Key = typing.Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,200}$")]
"""An identifier or reference: visible ASCII without blanks, which no full name is."""

_KIND = re.compile(r"[a-z]+\.[a-z_]+")
_PLAIN = (UUID, UnitCode, date, datetime, Decimal, int, bool)


class MessageKind(msgspec.Struct, frozen=True):
    """A declared message. One that is `public` may have no hearer."""

    name: str
    type: type["Message"]
    public: bool


class Message(msgspec.Struct, frozen=True):
    """Base of messages; each is declared with `@message`. Those of one `subject` are heard in the order of telling."""

    subject: str

    KIND: typing.ClassVar[MessageKind]


class Hearer(msgspec.Struct, frozen=True):
    """A handler, called with an Act and the message, and why it touches records."""

    run: Callable[[typing.Any, typing.Any], None]
    purpose: Purpose


class QuestionKind(msgspec.Struct, frozen=True):
    """A declared question: who may ask it, and the type of its answer."""

    name: str
    type: type["Question"]
    scope: Scope
    answer: typing.Any

    @property
    def system(self) -> str:
        return self.name.split(".")[0]

    @property
    def fields(self) -> Sequence[str]:
        """What an answer tells: the fields of its type, or of the one that its list or map holds."""
        return _fields(self.answer)


class Question(msgspec.Struct, frozen=True):
    """Base of questions; each is declared with `@question`. One about many people is one ask with one journal entry."""

    KIND: typing.ClassVar[QuestionKind]

    def subjects(self) -> Sequence[str]:
        """Keys of the people it asks about: the field `subject`, unless the question says otherwise."""
        return [self.subject]  # type: ignore[attr-defined]  # `question` refuses one without it

    def fields(self) -> Sequence[str]:
        """What is told of them, as the journal names it: the fields of the answer's type, unless the question says otherwise."""
        return self.KIND.fields


def message(name: str, *, public: bool = False) -> Callable[[type[M]], type[M]]:
    """Declare a message `system.past_tense`. A later version adds fields with defaults; other content is another message.

    Raises TypeError for a field that could name a person, ValueError for a wrong or repeated name.
    """

    def declare(cls: type[M]) -> type[M]:
        _claim(name, MESSAGES)
        hints = typing.get_type_hints(cls, include_extras=True)
        for field in cls.__struct_fields__:
            if not (hints[field] is str if field == "subject" else _plain(hints[field])):
                raise TypeError(f"{name}.{field}: a message may hold its subject, keys, codes, numbers and dates only")
        cls.KIND = MESSAGES[name] = MessageKind(name, cls, public)
        return cls

    return declare


def question(name: str, *, scope: Scope, answer: typing.Any) -> Callable[[type[Q]], type[Q]]:
    """Declare a question `system.noun`; `answer` is a type that msgspec can decode.

    Raises TypeError for one that does not say whom it asks about, ValueError for a wrong or repeated name.
    """

    def declare(cls: type[Q]) -> type[Q]:
        _claim(name, QUESTIONS)
        if cls.subjects is Question.subjects and "subject" not in cls.__struct_fields__:
            raise TypeError(f"{name}: give it a field `subject`, or a method `subjects`")
        cls.KIND = QUESTIONS[name] = QuestionKind(name, cls, scope, answer)
        return cls

    return declare


def revived(kind: type, value: typing.Any) -> typing.Any:
    """The `dec_hook` of msgspec for strings of our own: unit codes and masked identifiers."""
    if issubclass(kind, str) and isinstance(value, str):
        return kind(value)
    raise ValueError(f"{type(value).__name__} is no {kind.__name__}")


def _claim(name: str, taken: Mapping[str, object]) -> None:
    if not _KIND.fullmatch(name) or name in taken:
        raise ValueError(f"{name!r}: named system.what, once")


def _plain(annotation: typing.Any) -> bool:
    if typing.get_origin(annotation) in (tuple, typing.Union, types.UnionType):
        return all(one in (..., types.NoneType) or _plain(one) for one in typing.get_args(annotation))
    return annotation in (Key, *_PLAIN) or (isinstance(annotation, type) and issubclass(annotation, Code))


def _fields(annotation: typing.Any) -> Sequence[str]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation.__struct_fields__
    return next((found for one in typing.get_args(annotation) if (found := _fields(one))), ())
