"""The activation drive: why somebody has not activated yet, and where an officer can help."""

from doorstep.kernel.declare.codes import Code


class Hindrance(Code):
    """Why somebody has not activated."""

    NO_PHONE = "no_phone", "Has no phone that can be used"
    NO_HELP = "no_help", "Needs help with the steps"
    AWAY = "away", "Is away"
    UNWILLING = "unwilling", "Does not want to"
    NOT_REACHED = "not_reached", "Was not reached"


class Where(Code):
    HOME = "home", "At home"
    MOBILE_DESK = "mobile_desk", "At the mobile desk"
