"""Testland's thirteen areas with one-word names, two ministries, and a tile map wider than high."""

from datetime import date

from doorstep.kernel.values.unit_tree import UnitRow
from doorstep.kernel.values.units import UnitCode
from doorstep.profiles.profile import Units

_FOUNDED = date(2000, 2, 29)

_AREAS = ["Alum", "Birch", "Clay", "Dune", "Elm", "Fen", "Gorse", "Heath", "Ivy", "Juniper", "Kelp", "Larch", "Moss"]


def _row(code: str, kind: str, name: str) -> UnitRow:
    return UnitRow(
        code=UnitCode(code),
        kind=kind,
        names=dict.fromkeys(("vi", "en", "de", "ar"), name),
        valid_from=_FOUNDED,
        source="Invented for tests",
        certainty="invented",
    )


def invented_communes(locality: str, count: int, neighbourhoods: int = 0) -> tuple[UnitRow, ...]:
    """Made-up communes `A.C1`, `A.C2`..., each with so many neighbourhoods `A.C1.N1`..."""
    rows = []
    for number in range(1, count + 1):
        rows.append(_row(f"{locality}.C{number}", "commune", f"Village{number}"))
        rows += [_row(f"{locality}.C{number}.N{n}", "neighbourhood", f"Lane{n}") for n in range(1, neighbourhoods + 1)]
    return tuple(rows)


UNITS = Units(
    rows=(
        *(_row(name[0], "area", name) for name in _AREAS),
        _row("Y1", "ministry", "Tides"),
        _row("Y2", "ministry", "Winds"),
    ),
    locality_kinds=frozenset({"area"}),
    ministry_kinds=frozenset({"ministry"}),
    grid={name[0]: (place % 7, place // 7) for place, name in enumerate(_AREAS)},
    invented_communes=invented_communes,
)
