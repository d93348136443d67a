"""Month partitions by range of a UUIDv7 primary key, which carries the time, so that no extra column is needed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.migrations.operations import CreateModel

from doorstep.kernel.values.ids import first_uuid7
from doorstep.kernel.values.period import Period

MONTHS_LOCK = 0x40257


class CreatePartitionedModel(CreateModel):
    """CreateModel whose table is `PARTITION BY RANGE (id)`; partitions come with `ensure_months`."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002  Django's signature
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            sql, params = schema_editor.table_sql(model)
            schema_editor.execute(f"{sql} PARTITION BY RANGE (id)", params or None)
            schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))  # noqa: SLF001  as create_model does

    def describe(self) -> str:
        return f"Create model {self.name}, partitioned by month"


def drop_before(tables: Sequence[str], day: date) -> int:
    """Drop the partitions of whole months before `day`; returns how many."""
    dropped = 0
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
            for (name,) in cursor.fetchall():
                year, month = name.removeprefix(f"{table}_").split("_")
                if Period.month(date(int(year), int(month), 1)).end <= day:
                    cursor.execute(f"DROP TABLE {name}")
                    dropped += 1
    return dropped


def ensure_months(first: date, last: date) -> int:
    """Create the partitions of the months from `first` to `last` for all partitioned tables; returns how many were new."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array(SELECT i.inhrelid::regclass::text FROM pg_inherits i WHERE i.inhparent = c.oid)"
            " FROM pg_class c WHERE c.relkind = 'p' AND c.relnamespace = current_schema()::regnamespace"
        )
        tables: list[tuple[str, list[str]]] = cursor.fetchall()
        new = 0
        months = Period(first.replace(day=1), Period.month(last).end, "")
        for month in months.months():
            start, end = (
                first_uuid7(datetime(d.year, d.month, 1, tzinfo=UTC)) for d in (month, Period.month(month).end)
            )
            for table, partitions in tables:
                name = f"{table}_{month:%Y_%m}"
                if name not in partitions:
                    # One transaction a table: the locks on two parents could meet those of a running action crosswise.
                    with transaction.atomic():
                        # IF NOT EXISTS alone fails where two make the same table at once.
                        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MONTHS_LOCK])
                        cursor.execute(
                            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table}"
                            f" FOR VALUES FROM ('{start}') TO ('{end}')"
                        )
                    new += 1
    return new
