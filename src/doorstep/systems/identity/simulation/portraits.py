"""Made-up portraits for the demo and the tests: drawings, each as different from the others as faces are."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (300, 400)
_GRID = 6


def draw(number: str) -> bytes:
    """The drawing of whoever has the number, as PNG: a face before a wall of squares in shades of its own."""
    shades = sha256(number.encode()).digest() + sha256(number[::-1].encode()).digest()
    wall = Image.frombytes("L", (_GRID, _GRID), shades[: _GRID * _GRID])
    picture = wall.resize(SIZE, Image.Resampling.NEAREST).convert("RGB")
    pen = ImageDraw.Draw(picture)
    skin, cloth = (200, 150 + shades[40] % 60, 130), (shades[41], shades[42], shades[43])
    pen.ellipse((60, 300, 240, 480), fill=cloth)
    pen.ellipse((95, 110 - shades[44] % 30, 205, 290), fill=skin)
    for left in (125, 165):
        pen.ellipse((left, 180, left + 14, 194), fill=(20, 20, 20))
    pen.arc((125, 205, 180, 250), 20, 160, fill=(120, 30, 30), width=4)
    made = BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


def keep(folder: Path, number: str) -> None:
    """Let the stand-in for biometrics know the person."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{number}.png").write_bytes(draw(number))
