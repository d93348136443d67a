"""What lodging counts: stays notified and houses that began to notify; no field could name a guest."""

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.facts import Fact, Rollup, fact


class GuestKind(Code):
    DOMESTIC = "domestic", "Domestic guest"
    FOREIGN = "foreign", "Foreign guest"
    STATELESS = "stateless", "Stateless guest"


class Channel(Code):
    """How a notice came in."""

    PAGE = "page", "Form"
    SCAN = "scan", "Card scan"
    UPLOAD = "upload", "File upload"
    API = "api", "Programming interface"


class FacilityType(Code):
    """Kinds of houses that notify; the profile says which of them its law knows."""

    TOURIST = "tourist", "Tourist lodging"
    HEALTH = "health", "Health facility"
    RENTAL = "rental", "Divided rental house"
    HOUSEHOLD = "household", "Private home"
    OTHER = "other", "Other lodging facility"


@fact(
    "lodging.stay_notified",
    rollups=(Rollup("top_month", ("top", "month")), Rollup("top_month_late", ("top", "month", "late"))),
)
class StayNotified(Fact, frozen=True):
    """A notice of one stay was accepted.

    `day` is the legal day of acceptance, `unit` the commune of the house. A cancellation takes it back: n = -1 with the
    same dimensions, day included. So does a correction that changes the kind of guest or the lateness, and counts it
    anew on the same day; any other change is no fact.
    """

    guest_kind: GuestKind
    channel: Channel
    late: bool


@fact("lodging.establishment_first_notified", rollups=(Rollup("top_month", ("top", "month")),))
class EstablishmentFirstNotified(Fact, frozen=True):
    """A house had its first notice accepted; emitted once a house. Enrolling alone is no fact."""

    facility_type: FacilityType
