"""Biometric captures: taken and kept by a system of their own; here stands what it answered, never the biometrics."""

import msgspec

from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.facts import Level

CAPTURE_NEEDED = reason(
    "identity.capture_needed",
    "This level needs a biometric capture, and there is none.",
    repair="Take face and fingers at the device of this counter, and try again.",
)
CAPTURE_POOR = reason(
    "identity.capture_poor",
    "The capture is too poor to be compared.",
    repair="Take it again with more light, clean fingers and the face towards the camera.",
)
CAPTURE_DIFFERS = reason(
    "identity.capture_differs",
    "Face or fingers are not those that are kept of this person.",
    repair="Take them once more; if it stays so, collect nothing, and have the person's papers examined.",
)
CAPTURE_UNKNOWN = reason(
    "identity.capture_unknown",
    "Nothing is kept of this person that face and fingers could be compared with.",
    repair="Say that there is no valid card; the longer time for approval holds then.",
)

LEAST_QUALITY = 50
"""Of 100; our own choice."""


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """What the biometric system answered: `known` whether it keeps anything of the person, `match` its own judgement of
    the comparison, `score` and `quality` from 0 to 100, `reference` what it calls the capture.
    """

    reference: str
    known: bool
    match: bool
    score: int
    quality: int

    def __post_init__(self) -> None:
        if not (0 < len(self.reference) <= 100 and 0 <= self.score <= 100 and 0 <= self.quality <= 100):
            raise ValueError("no answer about a capture")


def check_capture(country: Country, level: Level, capture: Capture | None, *, complete: bool) -> list[Reason]:
    """Against a collection of `level`; `complete` says that the state's databases hold what is needed."""
    if level not in country.capture_levels:
        return []
    if capture is None:
        return [CAPTURE_NEEDED()]
    if capture.quality < LEAST_QUALITY:
        return [CAPTURE_POOR()]
    if capture.known:
        return [] if capture.match else [CAPTURE_DIFFERS()]
    return [CAPTURE_UNKNOWN("complete")] if complete else []
