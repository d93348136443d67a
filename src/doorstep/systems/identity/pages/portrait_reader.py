"""Reads a picture from stdin and writes it anew, small and bare, to stdout, under limits; see `portraits`.

A picture of a few kilobytes may claim to be gigabytes wide: that must not be the process that serves everybody.
`python -m doorstep.systems.identity.pages.portrait_reader`
"""

import resource
import sys
from io import BytesIO

from PIL import Image, ImageOps

MEMORY = 600_000_000
"""Bytes of address space: a photograph of 25 million points needs 250 million."""
SECONDS = 5
MOST_POINTS = 25_000_000
LEAST_SIDE = 100
SIZE = (600, 800)
UNREADABLE, TOO_MANY_POINTS, TOO_SMALL = 3, 4, 5


def main() -> int:
    """Exit code 0, one of those above, or whatever the limits end it with."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    Image.MAX_IMAGE_PIXELS = MOST_POINTS * 2
    try:
        with Image.open(BytesIO(sys.stdin.buffer.read()), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MOST_POINTS:
                return TOO_MANY_POINTS
            if min(picture.size) < LEAST_SIDE:
                return TOO_SMALL
            picture.draft("RGB", SIZE)
            bare = ImageOps.exif_transpose(picture).convert("RGB")
    except Image.DecompressionBombError:
        return TOO_MANY_POINTS
    except (OSError, ValueError, SyntaxError, IndexError, KeyError, TypeError, OverflowError, EOFError):
        return UNREADABLE
    bare.thumbnail(SIZE)
    anew = Image.new("RGB", bare.size)  # with the points and nothing else: no EXIF, no profile, no comment
    anew.paste(bare)
    anew.save(sys.stdout.buffer, "JPEG", quality=90)
    return 0


if __name__ == "__main__":
    sys.exit(main())
