"""Between systems: handlers hear what was told, each in a transaction of its own, and answer what is asked before acting."""

import hashlib
import logging
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from django.conf import settings
from django.db import connection, transaction

from doorstep.kernel import wire
from doorstep.kernel.access import looking
from doorstep.kernel.declare.messages import ANSWERERS, HEARERS, MESSAGES, Hearer, Message, Question, revived
from doorstep.kernel.declare.scopes import MESSAGES as FOR_REPAIR
from doorstep.kernel.declare.scopes import REPAIR, Actor, Purpose
from doorstep.kernel.store import journal, models
from doorstep.kernel.store.writing import Act, By, action, finish, home_of
from doorstep.kernel.values.ids import uuid7
from doorstep.kernel.values.reasons import NO_ANSWER, NOT_FOUND, NotFound, Refused, Unavailable

log = logging.getLogger(__name__)

M = TypeVar("M", bound=Message)
Q = TypeVar("Q", bound=Question)

ROUND = 1000
FAILURES = 10
PAUSE = 5.0
"""Seconds after the first failure; twice as long after each further one, until after `FAILURES` the message is parked."""
SIMULATION = "simulation"
"""What is told by this way is handled at the time of telling: a simulated half-year has no other."""


def hears(kind: type[M], purpose: Purpose) -> Callable[[Callable[[Act, M], None]], Callable[[Act, M], None]]:
    """Make `react(act, message)` the system's handler of a message, once; it journals like an action."""

    def declare(run: Callable[[Act, M], None]) -> Callable[[Act, M], None]:
        hearers = HEARERS.setdefault(kind.KIND.name, {})
        if home_of(run) in hearers:
            raise ValueError(f"{home_of(run)} hears {kind.KIND.name} already")
        hearers[home_of(run)] = Hearer(run, purpose)
        return run

    return declare


def answers(kind: type[Q]) -> Callable[[Callable[[By, Purpose, Q], Any]], Callable[[By, Purpose, Q], Any]]:
    """Make `answer(by, purpose, question)` what this installation answers; "no" and "nobody" are values, not refusals."""

    def declare(run: Callable[[By, Purpose, Q], Any]) -> Callable[[By, Purpose, Q], Any]:
        if ANSWERERS.setdefault(kind.KIND.name, run) is not run:
            raise ValueError(f"{kind.KIND.name} has an answer already")
        return run

    return declare


class Answered(msgspec.Struct, frozen=True):
    """An answer as evidence: when it was asked, the SHA-256 of its JSON, and the address it came from ("" is here)."""

    value: Any
    at: datetime
    digest: bytes
    source: str


def ask(by: By, purpose: Purpose, question: Question) -> Answered:
    """Ask before acting: journalled in a transaction of its own, whatever becomes of the action.

    Raises NotAllowed without the question's scope, Unavailable where nobody answers (as the log says why), RuntimeError
    inside a transaction.
    """
    kind = question.KIND
    place = settings.ELSEWHERE.get(kind.system)
    if place is None:
        return answer(by, purpose, question)
    by.actor.need(kind.scope)
    with transaction.atomic(durable=True):
        pass  # refuses to be nested: no network inside a transaction
    asked = wire.Asked(purpose.code, by.actor.subject, by.actor.unit, msgspec.Raw(_json(question)))
    content = wire.post(place, f"api/kernel/v1/ask/{kind.name}", _json(asked))
    try:
        value = msgspec.json.decode(content, type=kind.answer, dec_hook=revived)
    except (ValueError, RecursionError) as failure:
        raise wire.unavailable(place, type(failure).__name__) from failure
    with transaction.atomic(durable=True):
        return _journalled(by, purpose, question, value, content, place.url)


def answer(by: By, purpose: Purpose, question: Question, *, detail: str = "") -> Answered:
    """What this installation answers, journalled in the same transaction; raises as `ask` does."""
    by.actor.need(question.KIND.scope)
    run = ANSWERERS.get(question.KIND.name)
    if run is None:
        raise Unavailable(NO_ANSWER())
    with transaction.atomic(durable=True):
        with looking():
            value = run(by, purpose, question)
        return _journalled(by, purpose, question, value, _json(value), "", detail)


def _journalled(
    by: By, purpose: Purpose, question: Question, value: Any, content: bytes, source: str, detail: str = ""
) -> Answered:
    system, _, noun = question.KIND.name.partition(".")
    digest = hashlib.sha256(content).digest()
    journal.write(
        uuid7(by.at),
        by.actor,
        f"{system}.ask.{noun}",
        purpose,
        subjects=[*dict.fromkeys(question.subjects())],
        fields=question.fields(),
        detail=detail or source,
        digest=digest,
    )
    return Answered(value, by.at, digest, source)


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)


def drain(at: datetime) -> int:
    """Rounds until nothing is left that can be handled now; returns how many messages were."""
    total = 0
    while handled := deliver(at):
        total += handled
    return total


def deliver(at: datetime) -> int:
    """One round: what is due goes, oldest first, to those who hear it; returns how many messages were handled.

    Several may run at once: a message is taken by one of them, and only while no earlier one of its subject is left.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM kernel_message m WHERE due <= %s AND NOT EXISTS (SELECT FROM kernel_message e"
            " WHERE e.hearer = m.hearer AND e.subject = m.subject AND e.id < m.id AND (e.due IS NULL OR e.due > %s))"
            " ORDER BY id LIMIT %s",
            [at, at, ROUND],
        )
        due = [number for (number,) in cursor.fetchall()]
    return sum(_hand_over(number, at) for number in due)


def _hand_over(number: int, at: datetime) -> bool:
    """The handler's whole effect and the end of the message are one transaction: a kill undoes both or neither."""
    try:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            # Not waiting for the disk is safe here: a crash that loses the effect brings the message back.
            cursor.execute(
                "DELETE FROM kernel_message WHERE id = (SELECT id FROM kernel_message m WHERE id = %s AND due <= %s"
                " AND NOT EXISTS (SELECT FROM kernel_message e WHERE e.hearer = m.hearer AND e.subject = m.subject"
                " AND e.id < m.id) FOR UPDATE SKIP LOCKED)"
                " RETURNING kind, hearer, content, at, via, set_config('synchronous_commit', 'off', true)",
                [number, at],
            )
            taken = cursor.fetchone()
            if taken is None:  # another dispatcher has it, or an earlier one of its subject failed
                return False
            kind, hearer, content, told, via, _ = taken
            _react(kind, hearer, bytes(content), told if via == SIMULATION else at, via)
    except Exception as failure:  # noqa: BLE001  whatever it is, the other messages go on and this is tried again
        _postpone(number, at, failure)
        return False
    return True


def _react(kind: str, hearer: str, content: bytes, at: datetime, via: str) -> None:
    handler = HEARERS[kind][hearer]
    message = msgspec.msgpack.decode(content, type=MESSAGES[kind].type, dec_hook=revived)
    actor = Actor(f"task:{hearer}", via=SIMULATION if via == SIMULATION else "task")
    act = Act(By(actor, at), f"{hearer}.{handler.run.__name__}", handler.purpose)
    handler.run(act, message)
    finish([act])


def _postpone(number: int, at: datetime, failure: Exception) -> None:
    """Where it failed and what kind of failure it was; not its words, which may quote a record."""
    sqlstate = getattr(failure.__cause__, "sqlstate", None)
    codes = [one.code for one in failure.reasons] if isinstance(failure, Refused) else []
    kind = " ".join(filter(None, [type(failure).__name__, sqlstate, *codes]))
    log.error("message %d: %s\n%s", number, kind, "".join(traceback.format_tb(failure.__traceback__)))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kernel_message SET failure = %s, failures = failures + 1,"
            " due = CASE WHEN failures + 1 < %s THEN %s + make_interval(secs => %s * power(2, failures)) END"
            " WHERE id = %s AND due <= %s",
            [kind, FAILURES, at, PAUSE, number, at],
        )


@action(REPAIR, FOR_REPAIR)
def retry_message(act: Act, number: int) -> None:
    """Try a message that failed again from the first attempt on; raises NotFound for any other."""
    row = _failed(number)
    models.Message.objects.filter(id=number).update(due=act.at, failures=0)
    act.journal(subjects=[row.subject], detail=f"message {number}: {row.kind} to {row.hearer}")


@action(REPAIR, FOR_REPAIR)
def drop_message(act: Act, number: int) -> None:
    """Give a message up that failed: what waits behind it goes on without; raises NotFound for any other."""
    row = _failed(number)
    row.delete()
    act.journal(subjects=[row.subject], detail=f"message {number}: {row.kind} to {row.hearer}")


def _failed(number: int) -> models.Message:
    row = models.Message.objects.select_for_update().filter(id=number, failures__gt=0).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    return row
