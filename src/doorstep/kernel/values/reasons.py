"""Reasons say what is wrong, where, and the repair, in no language yet; rules return them, actions raise them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

REASONS: dict[str, "ReasonKind"] = {}


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong: `code` names a declared ReasonKind, `field` and `line` (1-based) say where.

    `given` holds the values that the text names; never a person's identifier.
    """

    code: str
    field: str = ""
    line: int | None = None
    given: Mapping[str, str | int] = {}

    def at_line(self, line: int) -> "Reason":
        return msgspec.structs.replace(self, line=line)


class ReasonKind:
    """A declared reason: English text and repair are message ids, translated where they are shown."""

    def __init__(self, code: str, text: str, repair: str) -> None:
        if code in REASONS:
            raise ValueError(f"reason {code} is declared twice")
        self.code, self.text, self.repair = code, text, repair
        REASONS[code] = self

    def __call__(self, field: str = "", *, line: int | None = None, **given: str | int) -> Reason:
        return Reason(self.code, field, line, given)


def reason(code: str, text: str, *, repair: str) -> ReasonKind:
    """Declare a reason `system.what_is_wrong`; the extractor of translations reads both texts from the call."""
    return ReasonKind(code, text, repair)


class Refused(Exception):  # noqa: N818  a refusal is an answer, not an error of ours
    """An action or query that was not done; carries the reasons. `status` is the HTTP status of the answer."""

    status = 422

    def __init__(self, reasons: Reason | Iterable[Reason], **extra: Any) -> None:
        self.reasons: tuple[Reason, ...] = (reasons,) if isinstance(reasons, Reason) else tuple(reasons)
        self.extra = extra
        super().__init__(", ".join(r.code for r in self.reasons))


def refuse(reasons: Sequence[Reason]) -> None:
    """Raise Refused if there is any reason."""
    if reasons:
        raise Refused(reasons)


class NotAllowed(Refused):
    """The actor lacks the scope, the level or the unit."""

    status = 403


class NotFound(Refused):
    """There is no such record that this actor may see."""

    status = 404


class Conflict(Refused):
    """The same key or natural key with other content."""

    status = 409


class Stale(Refused):
    """The record changed since the caller read it."""

    status = 412


class Unavailable(Refused):
    """What this needs does not answer just now."""

    status = 503


class TooLarge(Refused):
    """More than is taken at once."""

    status = 413


class TooMany(Refused):
    """More often than a limit allows; its extra `retry_after` says in how many whole seconds the next try may pass."""

    status = 429


NOT_SIGNED_IN = reason("kernel.not_signed_in", "You are not signed in.", repair="Sign in and try again.")
NOT_ALLOWED = reason(
    "kernel.not_allowed",
    "Your role does not include this: {scope}.",
    repair="Ask the administrator of your unit for a role that includes it.",
)
NOT_IN_MANDATE = reason(
    "kernel.not_in_mandate",
    "The mandate under which you act does not include this: {scope}.",
    repair="Stop acting for somebody else, or ask for a mandate that includes it.",
)
LEVEL_TOO_LOW = reason(
    "kernel.level_too_low",
    "This needs a surer way of signing in than the one you used.",
    repair="Sign in with a passkey, or with your passcode and a code by SMS.",
)
NOT_FOUND = reason(
    "kernel.not_found", "There is no such record, or you may not see it.", repair="Check the address or the reference."
)
KEY_REUSED = reason(
    "kernel.key_reused",
    "This Idempotency-Key was used before with other content.",
    repair="Use a new key for new content; repeat the same content to get the same answer.",
)
MALFORMED = reason(
    "kernel.malformed", "The request cannot be read: {detail}", repair="Compare it with the description of the API."
)
TOO_LARGE = reason(
    "kernel.too_large", "The request is larger than {limit}.", repair="Send it in several smaller parts."
)
TOO_MANY = reason(
    "kernel.too_many",
    "There were too many attempts.",
    repair="Try again later. Waiting time in minutes: {minutes}.",
)
DATABASE_AWAY = reason(
    "kernel.database_away",
    "The database cannot be reached just now. Nothing was saved.",
    repair="Try again in a minute.",
)
NO_ANSWER = reason(
    "kernel.no_answer",
    "Another system that this needs does not answer just now. Nothing was saved.",
    repair="Try again in a minute.",
)
CHANGED = reason(
    "kernel.changed", "Somebody changed this since you opened it.", repair="Open it again and repeat your change."
)
