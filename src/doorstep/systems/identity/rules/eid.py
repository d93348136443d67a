"""The life of an e-ID: which step may follow which, who may have one at which level, and by when it is due."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.facts import Holder, Level

STEP_IMPOSSIBLE = reason(
    "identity.step_impossible",
    "An e-ID that is {state} cannot be {step}.",
    repair="Look at its state, and do what the page offers for it.",
)
LEVEL_NOT_OFFERED = reason(
    "identity.level_not_offered",
    "This level is not given at this age, or not to this kind of holder.",
    repair="Choose another level, or let a guardian apply.",
)
GUARDIAN_NEEDED = reason(
    "identity.guardian_needed",
    "A minor's e-ID needs a guardian with an active e-ID of level 2.",
    repair="Enter the guardian in the register, and let the guardian activate first.",
)
PERSON_DEAD = reason(
    "identity.person_dead", "The person is registered as dead.", repair="If that is wrong, ask the registrar."
)
EID_THERE = reason(
    "identity.eid_there",
    "There is an e-ID for this person or organisation already.",
    repair="Open it; a higher level is added to it.",
)
SAME_OFFICER = reason(
    "identity.eid_same_officer",
    "Who collected the record cannot approve it.",
    repair="Leave the approval to another officer of the unit.",
)
PHONE_NEEDED = reason(
    "identity.phone_needed", "Without a phone number no code can be sent.", repair="Enter the person's phone number."
)
NOT_OFFERED_FROM_HOME = reason(
    "identity.not_from_home",
    "This level is given in person only.",
    repair="Come to the police of any commune with your identity card.",
)


class State(Code):
    """Where an e-ID stands."""

    COLLECTED = "collected", "collected"
    APPROVED = "approved", "approved"
    NOTIFIED = "notified", "ready to be activated"
    ACTIVATED = "activated", "active"
    LOCKED = "locked", "locked"
    REVOKED = "revoked", "revoked"


class Step(Code):
    """What is done with an e-ID."""

    APPROVE = "approve", "approved"
    NOTIFY = "notify", "notified"
    ACTIVATE = "activate", "activated"
    LOCK = "lock", "locked"
    UNLOCK = "unlock", "unlocked"
    REVOKE = "revoke", "revoked"
    RAISE = "raise", "raised to a higher level"
    RECOVER = "recover", "recovered"
    CHANGE_PHONE = "change_phone", "given another phone number"


class Done(Code):
    """A step as the history tells it."""

    COLLECT = "collect", "The record was collected"
    APPROVE = "approve", "Approved"
    NOTIFY = "notify", "The holder was told that it is ready"
    ACTIVATE = "activate", "Activated by the holder"
    LOCK = "lock", "Locked"
    UNLOCK = "unlock", "Unlocked"
    REVOKE = "revoke", "Revoked"
    RAISE = "raise", "Raised to a higher level"
    RECOVER = "recover", "Recovered in person"
    CHANGE_PHONE = "change_phone", "Another phone number"


class LockCause(Code):
    LOSS = "loss", "Card or phone lost"
    MISUSE = "misuse", "Suspicion of misuse"
    CARD_EXPIRED = "card_expired", "The identity card has expired or is locked"
    REQUEST = "request", "The holder asks for it"


_AFTER: dict[State, dict[Step, State]] = {
    State.COLLECTED: {Step.APPROVE: State.APPROVED, Step.REVOKE: State.REVOKED},
    State.APPROVED: {Step.NOTIFY: State.NOTIFIED, Step.REVOKE: State.REVOKED, Step.CHANGE_PHONE: State.APPROVED},
    State.NOTIFIED: {
        Step.ACTIVATE: State.ACTIVATED,
        Step.NOTIFY: State.NOTIFIED,
        Step.CHANGE_PHONE: State.NOTIFIED,
        Step.REVOKE: State.REVOKED,
    },
    State.ACTIVATED: {
        Step.LOCK: State.LOCKED,
        Step.RAISE: State.ACTIVATED,
        Step.RECOVER: State.ACTIVATED,
        Step.CHANGE_PHONE: State.ACTIVATED,
        Step.REVOKE: State.REVOKED,
    },
    State.LOCKED: {Step.UNLOCK: State.ACTIVATED, Step.RECOVER: State.ACTIVATED, Step.REVOKE: State.REVOKED},
    State.REVOKED: {},
}


def after(state: State, step: Step) -> State | Reason:
    """The state after a step; STEP_IMPOSSIBLE where the step does not follow.

    >>> after(State.ACTIVATED, Step.LOCK)
    <State.LOCKED: 'locked'>
    """
    return _AFTER[state].get(step) or STEP_IMPOSSIBLE(state=state, step=step)


def permitted(state: State) -> list[Step]:
    """The repairs that the help desk may offer in a state."""
    return list(_AFTER[state])


def age_on(birth: date, day: date) -> int:
    """Full years; who was born on 29 February is a year older on 1 March.

    >>> age_on(date(2008, 2, 29), date(2022, 2, 28)), age_on(date(2008, 2, 29), date(2022, 3, 1))
    (13, 14)
    """
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def check_holder(country: Country, holder: Holder, level: Level, birth: date | None, day: date) -> list[Reason]:
    """Against an e-ID of `level` for a holder of that kind and age; organisations have neither birth nor level."""
    age = age_on(birth, day) if birth else 0
    rows = [
        row
        for row in in_force(country.ages, day)
        if row.holder is holder
        and row.level is level
        and row.from_age <= age
        and (row.below_age is None or age < row.below_age)
    ]
    return [] if rows else [LEVEL_NOT_OFFERED("level")]


def due(country: Country, holder: Holder, level: Level, day: date, *, complete: bool) -> date:
    """The legal day by which the record is to be approved. LookupError where the country knows no limit."""
    rows = [
        row
        for row in in_force(country.limits, day)
        if row.holder is holder and row.level is level and row.complete is complete
    ] or [row for row in in_force(country.limits, day) if row.holder is holder and row.level is level]
    if not rows:
        raise LookupError(f"no time limit for {holder.value} {level.value} on {day}")
    return country.add_working_days(day, rows[0].working_days)


def activate_by(country: Country, notified: datetime) -> date:
    """The last day for activating."""
    return country.day(notified + country.activate_within)


def raised(level: Level) -> Sequence[Level]:
    """The levels above one."""
    order = (Level.ONE, Level.TWO)
    return order[order.index(level) + 1 :] if level in order else ()


def subject_of_holder(holder: UUID) -> str:
    """The subject under which a person or organisation signs in once the e-ID is activated, by its id in the register.

    Known before, so that what others do for them by mandate is theirs later.
    """
    return f"account:{holder}"
