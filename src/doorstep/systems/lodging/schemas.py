"""The shapes of lodging's API; a batch is read line by line, so that one bad line does not lose the others."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from doorstep.kernel.values.reasons import MALFORMED, Reason, Refused, reason
from doorstep.kernel.web.problems import ReasonTold
from doorstep.systems.lodging.actions.stays import Line
from doorstep.systems.lodging.rules.records import decoded

MOST_LINES = 1000
LARGEST_BATCH = 2_000_000

TOO_MANY = reason(
    "lodging.batch_too_long", "A batch holds at most {most} stays.", repair="Send the stays in several batches."
)

NOT_ISO_8601 = reason(
    "lodging.not_iso_8601",
    "This is no day or time of the calendar.",
    repair="Write days as 1990-05-21, and times with their zone as 2024-05-21T20:30:00+07:00.",
)

_line = msgspec.json.Decoder(Line, dec_hook=decoded).decode
_place = re.compile(r" - at `\$\.?(?P<field>[^`]*)`$")


class Batch(msgspec.Struct, frozen=True):
    """Stays of one house, at most 1,000."""

    stays: list[msgspec.Raw]


class DescribedBatch(msgspec.Struct, frozen=True):
    """How a batch looks in the description of the API."""

    stays: Annotated[list[Line], msgspec.Meta(max_length=MOST_LINES)]


class RefusedLine(msgspec.Struct, frozen=True):
    """One line that was not taken."""

    line: int
    reasons: list[ReasonTold]


class Answer(msgspec.Struct, frozen=True):
    """What became of a batch: the reference of its acknowledgement, the stays' ids by line, the refused lines."""

    reference: str
    at: datetime
    accepted: int
    late: int
    stays: tuple[str | None, ...]
    refused: list[RefusedLine]


class CheckedOut(msgspec.Struct, frozen=True):
    """Whose stay ended."""

    stay: UUID


class CheckOut(msgspec.Struct, frozen=True):
    """When the guest left, and the version of the stay that the caller knows."""

    version: int
    left: Annotated[datetime, msgspec.Meta(tz=True)]


def read_lines(batch: Batch) -> list[Line | list[Reason]]:
    """Each line as a stay, or the reason why it cannot be read as one; Refused for too long a batch."""
    if len(batch.stays) > MOST_LINES:
        raise Refused(TOO_MANY("stays", most=MOST_LINES))
    return [_read(raw) for raw in batch.stays]


def _read(raw: msgspec.Raw) -> Line | list[Reason]:
    try:
        return _line(raw)
    except (msgspec.DecodeError, ValueError) as error:
        place = _place.search(str(error))
        field = place["field"].removeprefix("guest.") if place else ""
        detail = str(error)[: place.start()] if place else str(error)
        # msgspec's words for 30 February, a day written otherwise, and a time without its zone
        return [NOT_ISO_8601(field) if "RFC3339" in detail or "timezone" in detail else MALFORMED(field, detail=detail)]
