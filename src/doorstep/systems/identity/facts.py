"""What identity counts: e-identity records, activations and first visits; no field could name a person."""

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.facts import Fact, Rollup, fact


class Holder(Code):
    """Whose e-ID it is."""

    CITIZEN = "citizen", "Citizen"
    MINOR = "minor", "Citizen under age, through a guardian"
    FOREIGNER = "foreigner", "Foreigner"
    ORGANISATION = "organisation", "Organisation"


class Level(Code):
    """Assurance level of an e-ID; organisations have none."""

    NONE = "none", "No level"
    ONE = "one", "Level 1"
    TWO = "two", "Level 2"


class Stage(Code):
    """Which count moves."""

    COLLECTED = "collected", "Record collected"
    ACTIVATED = "activated", "Account activated"


@fact(
    "identity.eid_counted",
    rollups=(
        Rollup("top_month_stage", ("top", "month", "stage")),
        Rollup("level_month_stage", ("top", "level", "month", "stage")),
    ),
)
class EidCounted(Fact, frozen=True):
    """An e-identity record was collected, or its account activated, in the commune `unit` on `day`.

    A revocation takes back both with n = -1 on the day of the revocation; a lock takes back nothing. A change of level
    takes back the old level's counts and counts the new level's, on the day of the change.
    """

    stage: Stage
    holder: Holder
    level: Level


@fact("identity.portal_entered", rollups=(Rollup("top_month", ("top", "month")),))
class PortalEntered(Fact, frozen=True):
    """A person or organisation signed in to the portal for the first time; emitted once an account."""

    holder: Holder
