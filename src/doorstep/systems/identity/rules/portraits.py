"""What a portrait must be to be taken from a stranger."""

from doorstep.kernel.values.reasons import Reason, reason

PORTRAIT_UNREADABLE = reason(
    "identity.portrait_unreadable",
    "This is no picture in JPEG or PNG.",
    repair="Take the photograph anew, and choose it.",
)
PORTRAIT_TOO_LARGE = reason(
    "identity.portrait_points",
    "The picture has more than {most} million points.",
    repair="Take the photograph with a smaller size, such as 1200 by 1600 points.",
)
PORTRAIT_SMALL = reason(
    "identity.portrait_small",
    "The picture is less than {least} points wide or high.",
    repair="Take the photograph from nearer, such that head and shoulders fill it.",
)
PORTRAIT_FILE = reason(
    "identity.portrait_file",
    "The picture's file is larger than {most} megabytes.",
    repair="Take the photograph with a smaller size, such as 1200 by 1600 points.",
)

LARGEST_PORTRAIT = 8_000_000


def check_size(size: int) -> list[Reason]:
    """Against a file of so many bytes."""
    return [PORTRAIT_FILE("portrait", most=LARGEST_PORTRAIT // 1_000_000)] if size > LARGEST_PORTRAIT else []
