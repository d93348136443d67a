"""Looks: the one way to read other people's records. The query and its journal entry are one transaction."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec
from django.db import transaction

from doorstep.kernel.declare.scopes import Actor, Purpose, Scope
from doorstep.kernel.store import journal
from doorstep.kernel.store.writing import home_of
from doorstep.kernel.values.ids import Masked, uuid7

P = ParamSpec("P")
R = TypeVar("R")

LOOKS: dict[str, Scope] = {}
"""The scope of each query that is looked through, by the name under which the journal knows the look."""

_NOTHING_TOLD = {"id", "subject_key", "version"}
_looking: ContextVar[bool] = ContextVar("looking", default=False)


class Sought(msgspec.Struct, frozen=True):
    """Text that somebody is looked for by: the journal says that somebody was looked for, not whom."""

    text: str

    def __str__(self) -> str:
        return f"text of {len(self.text)} characters"


def personal(
    scope: Scope,
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Mark a query whose rows hold a person's fields: it needs `scope` and runs inside `look` only."""

    def declare(query: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        @wraps(query)
        def run(actor: Actor, *args: P.args, **kwargs: P.kwargs) -> R:
            if not _looking.get():
                raise RuntimeError(f"{query.__name__} returns personal fields: call it through look()")
            actor.need(scope)
            return query(actor, *args, **kwargs)

        run.personal = True  # type: ignore[attr-defined]
        LOOKS[_name(query)] = scope
        return run  # type: ignore[return-value]

    return declare


def look(
    actor: Actor,
    purpose: Purpose,
    at: datetime,
    query: Callable[Concatenate[Actor, P], R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Run a `personal` query and journal it: who looked, why, with which filter, and the digest of what was seen.

    A list is one entry without subjects, since it shows people masked; a single record names its `subject_key`, and the
    entry its fields: those of the record that are not empty, or what the record says as `told_fields`.
    """
    with transaction.atomic():
        with looking():
            seen = query(actor, *args, **kwargs)
        key = getattr(seen, "subject_key", "")
        journal.write(
            uuid7(at),
            actor,
            _name(query),
            purpose,
            subjects=[key] if key else (),
            fields=[*dict.fromkeys(getattr(seen, "told_fields", ()) or _fields(seen))] if key else (),
            detail=" ".join([*map(_shown, args), *(f"{k}={_shown(v)}" for k, v in kwargs.items() if v)]),
            digest=hashlib.sha256(msgspec.json.encode(seen, enc_hook=str)).digest(),
        )
    return seen


@contextmanager
def looking() -> Iterator[None]:
    """Personal queries answer in here; whoever opens it writes the journal in the same transaction."""
    token = _looking.set(True)
    try:
        yield
    finally:
        _looking.reset(token)


def _shown(value: object) -> str:
    """A filter as the entry names it: a person's identifier stays masked, the rest is spelled."""
    return value.masked if isinstance(value, Masked) else str(value)


def _name(query: Callable[..., Any]) -> str:
    return f"{home_of(query)}.look.{query.__name__}"


def _fields(seen: Any) -> Iterator[str]:
    """What the record told of its person: names of its fields and, in place of a part, those of the part."""
    for name in seen.__struct_fields__:
        value = getattr(seen, name)
        if isinstance(value, msgspec.Struct):
            yield from _fields(value)
        elif name not in _NOTHING_TOLD and value not in (None, "", (), []):
            yield name
