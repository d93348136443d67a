"""Every write is an action: scope, one transaction, rows, journal, facts and messages, one answer to a repetition."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, get_type_hints
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.db import connection, transaction

from doorstep.kernel.declare.facts import Columns, Fact, FactKind, columns_of
from doorstep.kernel.declare.messages import Message
from doorstep.kernel.declare.scopes import Actor, Purpose, Scope
from doorstep.kernel.store import journal, messages
from doorstep.kernel.values.dates import legal_day
from doorstep.kernel.values.ids import uuid7
from doorstep.kernel.values.reasons import KEY_REUSED, Conflict

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

Joint = Callable[[list[tuple["Act", T]], bool], list[R]]
Joined = Callable[[Sequence[tuple["By", T]], bool], list[R]]

ACTIONS: dict[str, tuple[Scope, Purpose]] = {}


class Once(msgspec.Struct, frozen=True):
    """The caller's `Idempotency-Key` and a SHA-256 that tells what it came with: another one is a conflict."""

    key: str
    digest: bytes


class By(msgspec.Struct, frozen=True):
    """Who acts, when (aware UTC), and the key under which a repetition gets the same answer."""

    actor: Actor
    at: datetime
    once: Once | None = None

    @property
    def day(self) -> date:
        """The legal day of `at` in the profile's zone."""
        return legal_day(self.at, ZoneInfo(settings.TIME_ZONE))


class Act:
    """One running action: what it writes beside its own rows, all in its one transaction."""

    def __init__(self, by: By, name: str, purpose: Purpose) -> None:
        self.actor, self.at, self.day, self.name, self.purpose = by.actor, by.at, by.day, name, purpose
        self.id: UUID = uuid7(by.at)
        self.entry: journal.Row | None = None
        self.told: list[Message] = []

    def next_id(self) -> UUID:
        """A fresh id for one more row."""
        return uuid7(self.at)

    def journal(
        self, *, subjects: Sequence[str] = (), fields: Sequence[str] = (), detail: str = "", digest: bytes = b""
    ) -> None:
        """The entry, of whoever acts now. `subjects` are personal keys without repetition; `detail` names no person."""
        if self.entry:
            raise RuntimeError(f"{self.name}: one action, one journal entry")
        who = (self.id, self.actor, self.name, self.purpose)
        self.entry = journal.row(*who, subjects=subjects, fields=fields, detail=detail, digest=digest)

    def fact(self, *facts: Fact, n: int = 1) -> None:
        """Emit facts of one kind; `n` is -1 where they take back earlier ones."""
        if facts:
            self.facts(facts[0].KIND, columns_of(facts, n))

    def facts(self, kind: FactKind, columns: Columns) -> None:
        """Emit facts of one kind given as columns (the hot path): one outbox row, however many."""
        rows = len(columns["n"])
        if tuple(columns) != tuple(kind.columns) or any(len(values) != rows for values in columns.values()):
            raise ValueError(f"{kind.name}: columns are {tuple(columns)}, declared {tuple(kind.columns)}, equally long")
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO kernel_factbatch (kind, version, recorded, rows, columns) VALUES (%s, %s, %s, %s, %s)",
                (kind.name, kind.version, self.day, rows, msgspec.msgpack.encode(columns, enc_hook=str)),
            )

    def tell(self, *told: Message) -> None:
        """Tell the systems that hear these messages, once this transaction is committed."""
        self.told += told


def finish(acts: Sequence[Act]) -> None:
    """The last that a transaction does, for its acts; raises RuntimeError where one has no journal entry."""
    if silent := next((act.name for act in acts if act.entry is None), ""):
        raise RuntimeError(f"{silent} wrote no journal entry")
    journal.write_rows([act.entry for act in acts if act.entry])
    for act in acts:
        messages.write(act.told, act.at, act.actor.via)


def action(
    scope: Scope, purpose: Purpose
) -> Callable[[Callable[Concatenate[Act, P], R]], Callable[Concatenate[By, P], R]]:
    """Make `verb(act, ...)` an action that is called as `verb(By(actor, at), ...)`.

    Raises NotAllowed without the scope, Conflict where the key was used with other content, RuntimeError where the
    action wrote no journal entry. The result of an action that may be repeated under a key is a msgspec type.
    """

    def declare(run: Callable[Concatenate[Act, P], R]) -> Callable[Concatenate[By, P], R]:
        name = _declared(run, scope, purpose)

        @wraps(run)
        def call(by: By, *args: P.args, **kwargs: P.kwargs) -> R:
            by.actor.need(scope)
            with transaction.atomic(durable=True):
                act = Act(by, name, purpose)
                if by.once and (answer := _claim(by, name, by.once)) is not None:
                    return msgspec.msgpack.decode(answer, type=get_type_hints(run)["return"])  # type: ignore[no-any-return]
                result = run(act, *args, **kwargs)
                if by.once:
                    _keep(by, name, by.once, msgspec.msgpack.encode(result))
                finish([act])
                return result

        return call  # type: ignore[return-value]

    return declare


def joint(scope: Scope, purpose: Purpose) -> Callable[[Joint[T, R]], Joined[T, R]]:
    """Make `verb([(act, told), ...], alone)` an action of calls in one transaction, called as `verb([(By, told), ...], alone)`.

    Each has an act and a journal entry of its own; one answered with None wrote nothing. RuntimeError for a key of repetition.
    """

    def declare(run: Joint[T, R]) -> Joined[T, R]:
        name = _declared(run, scope, purpose)

        @wraps(run)
        def call(calls: Sequence[tuple[By, T]], alone: bool) -> list[R]:  # noqa: FBT001
            for by, _ in calls:
                by.actor.need(scope)
                if by.once:
                    raise RuntimeError(f"{name} keeps no answers for a repetition")
            with transaction.atomic(durable=True):
                acts = [(Act(by, name, purpose), told) for by, told in calls]
                results = run(acts, alone)
                if done := [act for (act, _), result in zip(acts, results, strict=True) if result is not None]:
                    finish(done)
                return results

        return call

    return declare


def _declared(run: Callable[..., Any], scope: Scope, purpose: Purpose) -> str:
    name = f"{home_of(run)}.{run.__name__}"
    ACTIONS[name] = (scope, purpose)
    return name


def home_of(function: Callable[..., Any]) -> str:
    """The system that a function belongs to, "kernel" for the kernel's own."""
    parts = function.__module__.split(".")
    return parts[2] if parts[1:2] == ["systems"] else "kernel"


def _claim(by: By, name: str, once: Once) -> bytes | None:
    """Take the key, waiting for a transaction that holds it; the kept answer where it was used before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_idempotencykey (subject, action, key, digest, answer, at) VALUES (%s, %s, %s, %s, '', %s)"
            " ON CONFLICT DO NOTHING",
            (by.actor.subject, name, once.key, once.digest, by.at),
        )
        if cursor.rowcount:
            return None
        cursor.execute(
            "SELECT digest, answer FROM kernel_idempotencykey WHERE subject = %s AND action = %s AND key = %s",
            (by.actor.subject, name, once.key),
        )
        digest, answer = cursor.fetchone()
    if bytes(digest) != once.digest:
        raise Conflict(KEY_REUSED())
    return bytes(answer)


def _keep(by: By, name: str, once: Once, answer: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kernel_idempotencykey SET answer = %s WHERE subject = %s AND action = %s AND key = %s",
            (answer, by.actor.subject, name, once.key),
        )
