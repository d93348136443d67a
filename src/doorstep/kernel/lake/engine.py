"""The engine: hands an indicator's formula the facts, or their rollup, of a snapshot. DuckDB through Ibis.

Never imported by the web processes: pages read stored values (a guard test asserts it).
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal
from uuid import uuid4

import ibis
import pyarrow as pa
from django.db.models import Q, QuerySet

from doorstep.kernel.declare.facts import FACTS, FactKind
from doorstep.kernel.declare.indicators import Cell, Indicator
from doorstep.kernel.lake import columns, files
from doorstep.kernel.lake.models import Ring, Segment
from doorstep.kernel.lake.rings import next_leaf

Source = Literal["rollup", "facts"]


def snapshot() -> int:
    """The snapshot of now: the size of the auditors' ring."""
    return next_leaf(Ring.AUDITORS)


def segments(kind: FactKind, size: int) -> QuerySet[Segment]:
    """The segments that the snapshot of `size` names."""
    named = Segment.objects.filter(kind=kind.name, leaf__lt=size)
    return named.filter(Q(merged=None) | Q(merged__gte=size)).order_by("leaf")


class Engine:
    """One DuckDB in this process; no extension is fetched at run time."""

    def __init__(self, threads: int = 2, memory: str = "1500MB") -> None:
        self.con = ibis.duckdb.connect(
            threads=threads,
            memory_limit=memory,
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
        )

    def close(self) -> None:
        self.con.disconnect()

    def facts(self, kind: FactKind, size: int) -> Any:
        """The facts of a snapshot as an Ibis table, in the newest version; whoever publishes proves the files first."""
        named = list(segments(kind, size))
        old = [columns.newest(kind, s.version, _read(s)) for s in named if s.version < kind.version]
        older = [pa.concat_tables(old)] if old else []
        paths = [str(files.root() / s.path) for s in named if s.version == kind.version]
        return self._table(columns.schema(kind), paths, older)

    def rollup(self, kind: FactKind, name: str, size: int) -> Any:
        """The rollup of a snapshot; partial sums, one row or more for each group. Refused where a file is not as sealed."""
        rollup = kind.rollup(name)
        whole = columns.schema(kind)
        schema = pa.schema([whole.field(column) for column in (*rollup.by, *kind.measures)])
        named = list(segments(kind, size))
        old = [columns.newest(kind, s.version, _read(s)) for s in named if s.version < kind.version]
        older = [columns.fold(kind, rollup, pa.concat_tables(old))] if old else []
        paths = [_rollup_file(s.rollups[name]) for s in named if s.version == kind.version]
        return self._table(schema, paths, older)

    def evaluate(
        self, indicators: Sequence[Indicator], size: int, source: Source, by: str = "top"
    ) -> dict[str, list[Cell]]:
        """Cells of each indicator by unit (`by`: "top" for those of the first level, "unit" from the facts) and month, sorted.

        Indicators over one table are computed in one pass. Cells whose sums are all zero are left out.
        """
        found: dict[str, list[Cell]] = {}
        groups: dict[tuple[str, str], list[Indicator]] = {}
        for indicator in indicators:
            groups.setdefault((indicator.fact.name, indicator.rollup if source == "rollup" else ""), []).append(
                indicator
            )
        for (name, rollup), group in groups.items():
            kind = FACTS[name]
            table = self.rollup(kind, rollup, size) if rollup else self.facts(kind, size)
            sums = {}
            for place, indicator in enumerate(group):
                sums[f"n{place}"] = indicator.numerator(table)
                if indicator.denominator:
                    sums[f"d{place}"] = indicator.denominator(table)
            folded = table.group_by([by, "month"]).aggregate(**sums).order_by([by, "month"])
            # Fetched from DuckDB itself: Ibis would load pandas first, which takes longer than most answers.
            names = [by, "month", *sums]
            rows = [dict(zip(names, row, strict=True)) for row in self.con.raw_sql(self.con.compile(folded)).fetchall()]
            for place, indicator in enumerate(group):
                cells = [
                    Cell(row[by], row["month"], int(row[f"n{place}"] or 0), _whole(row.get(f"d{place}"), indicator))
                    for row in rows
                ]
                found[indicator.key] = [cell for cell in cells if cell.numerator or cell.denominator]
        return found

    def _table(self, schema: pa.Schema, paths: list[str], older: list[pa.Table]) -> Any:
        """Files of the newest version, and tables that were upcast in memory, as one."""
        parts = [self.con.read_parquet(paths)] if paths else []
        parts += [self._in_memory(table) for table in older]
        if not parts:
            return self._in_memory(schema.empty_table())
        return ibis.union(*parts) if len(parts) > 1 else parts[0]

    def _in_memory(self, table: pa.Table) -> Any:
        name = f"memory_{uuid4().hex}"
        self.con.con.register(name, table)
        return self.con.table(name)


def _read(segment: Segment) -> pa.Table:
    return files.read(segment.path, bytes(segment.sha256))


def _rollup_file(rollup: dict[str, str]) -> str:
    return str(files.intact(rollup["path"], bytes.fromhex(rollup["sha256"])))


def _whole(value: Decimal | int | None, indicator: Indicator) -> int | None:
    return int(value or 0) if indicator.denominator else None
