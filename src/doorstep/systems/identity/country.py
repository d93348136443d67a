"""The socket: what the law on identity needs from a country. Profiles fill it, rules read it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from doorstep.kernel.values.dates import Certainty
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason
from doorstep.systems.identity.contract import Particular
from doorstep.systems.identity.facts import Holder, Level


class LimitRow(msgspec.Struct, frozen=True, kw_only=True):
    """Within how many working days an e-ID of `level` is to be approved.

    `complete`: the applicant's data are already in the state's databases (a valid card, registered particulars).
    """

    holder: Holder
    level: Level
    complete: bool
    working_days: int
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class AgeRow(msgspec.Struct, frozen=True, kw_only=True):
    """From which age, and below which, a holder may have an e-ID of `level`; `guardian`: only through one."""

    holder: Holder
    level: Level
    from_age: int
    below_age: int | None
    guardian: bool
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class SecretRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a password must be (length, and which kinds of characters it must hold) and how long a passcode is."""

    shortest: int
    longest: int
    kinds: frozenset[str]
    passcode_digits: int
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class AnswerRow(msgspec.Struct, frozen=True, kw_only=True):
    """Within which time a person's question about the own data is to be answered."""

    within: timedelta
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class BreachRow(msgspec.Struct, frozen=True, kw_only=True):
    """Which authority (an English message id) is told of a breach, and within which time from when it `happened` or was
    `found`.
    """

    authority: str
    within: timedelta
    counts_from: Literal["happened", "found"]
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """What a document of the country says of its holder; what it leaves open is empty or None."""

    number: Masked
    full_name: str = ""
    birth: date | None = None
    female: bool | None = None
    expires: date | None = None


class OutsideRow(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an outside e-ID of level 2 opens an account for a person of the register who has none here."""

    opens: bool
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """A country's law on identity.

    `check_number(number, birth, female, day)` judges a personal number against what else is known (`female` None: not
    stated); its reasons name the field `number`. `activate_within` is how long after the notice an account is to be
    activated. `answers` and `breaches` are the clocks of data protection. `outside` says what an outside e-ID may do.
    `usage_years` is how long usage stays known. `granted` says by purpose code which particulars of a person the register
    tells. `capture_levels` are the levels whose collection needs a biometric capture.

    What documents say, as of today (`day`): `read_lines(lines, day)` the holder by a card's machine-readable lines;
    `read_code(text, day)` the holder by a card's code, which is unsigned; `read_chip(groups, lines, day)` the holder by
    what the chip holds beyond the standard, None where it holds nothing, with reasons where it contradicts the lines.
    `groups` are data groups that a check found unaltered.
    """

    zone: ZoneInfo
    nationality: str
    check_number: Callable[[str, date, bool | None, date], list[Reason]]
    check_tax_code: Callable[[str], list[Reason]]
    check_phone: Callable[[str], list[Reason]]
    add_working_days: Callable[[date, int], date]
    limits: tuple[LimitRow, ...]
    ages: tuple[AgeRow, ...]
    secrets: tuple[SecretRow, ...]
    adult_age: int
    activate_within: timedelta
    answers: tuple[AnswerRow, ...]
    breaches: tuple[BreachRow, ...]
    outside: tuple[OutsideRow, ...]
    usage_years: int
    granted: Mapping[str, frozenset[Particular]]
    capture_levels: frozenset[Level]
    read_lines: Callable[[str, date], Printed | list[Reason]]
    read_code: Callable[[str, date], Printed | list[Reason]]
    read_chip: Callable[[Mapping[int, bytes], str, date], Printed | list[Reason] | None]

    def day(self, at: datetime) -> date:
        """The legal day of an aware instant."""
        return at.astimezone(self.zone).date()
