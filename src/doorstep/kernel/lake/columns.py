"""From encoded outbox columns to Arrow tables and their rollups; the only place that knows both."""

from datetime import date
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from doorstep.kernel.declare.facts import CaseKey, Columns, FactKind, Minor, Rollup

_TYPES: dict[type, pa.DataType] = {
    date: pa.date32(),
    bool: pa.bool_(),
    int: pa.int64(),
    Minor: pa.int64(),
    CaseKey: pa.int64(),
}
DERIVED = {"top": pa.string(), "month": pa.date32(), "recorded": pa.date32()}


def schema(kind: FactKind) -> pa.Schema:
    """The file's columns: the fact's own, then `top` (the unit's first level), `month` of the day, day `recorded`."""
    own = {name: _TYPES.get(annotation, pa.string()) for name, annotation in kind.columns.items()}
    return pa.schema({**own, **DERIVED})


def decode(kind: FactKind, version: int, recorded: date, encoded: bytes) -> pa.Table:
    """An outbox row of `version` as a table of the newest version."""
    columns: Columns = msgspec.msgpack.decode(encoded)
    return table(kind, kind.newest(version, columns), [recorded] * len(columns["n"]))


def table(kind: FactKind, columns: Columns, recorded: list[date]) -> pa.Table:
    """Columns of the newest version as a table with the derived columns."""
    target = schema(kind)
    arrays: dict[str, Any] = {}
    for name in kind.columns:
        wanted = target.field(name).type
        arrays[name] = (
            pa.array(columns[name], pa.string()).cast(wanted) if name == "day" else pa.array(columns[name], wanted)
        )
    arrays["top"] = pc.list_element(pc.split_pattern(arrays["unit"], ".", max_splits=1), 0)
    arrays["month"] = pc.floor_temporal(arrays["day"], unit="month").cast(pa.date32())
    arrays["recorded"] = pa.array(recorded, pa.date32())
    return pa.table(arrays, schema=target)


def fold(kind: FactKind, rollup: Rollup, facts: pa.Table) -> pa.Table:
    """Facts (or finer rollups) folded by the rollup's dimensions, measures summed."""
    grouped = facts.group_by(list(rollup.by)).aggregate([(measure, "sum") for measure in kind.measures])
    return grouped.rename_columns([name.removesuffix("_sum") for name in grouped.column_names])


def newest(kind: FactKind, version: int, stored: pa.Table) -> pa.Table:
    """A stored segment of `version` as a table of the newest version."""
    if version == kind.version:
        return stored
    own = stored.drop_columns(list(DERIVED)).to_pydict()
    own["day"] = [day.isoformat() for day in own["day"]]
    return table(kind, kind.newest(version, own), stored["recorded"].to_pylist())
