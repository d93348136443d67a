"""Statements of the hottest paths: Django writes their SQL once and PostgreSQL plans them once; then only values change.

Writing and planning a query with joins takes several times as long as answering it.
"""

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, connection
from django.db.models import Field, Model, QuerySet
from django.db.models.query import get_related_populators  # type: ignore[attr-defined]  # the stubs lack it
from psycopg import Cursor

M = TypeVar("M", bound=Model)


def execute(sql: str, values: Sequence[Any]) -> Cursor[Any]:
    """Runs a statement that the server keeps prepared, in the present transaction; errors are Django's."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return Cursor(connection.connection).execute(sql, values, prepare=True)


def insert(row: Model) -> None:
    """Saves a new row all of whose values are set, as `row.save(force_insert=True)` does, but sends no signal."""
    sql, fields = _insertion(type(row))
    execute(sql, [_value(row, field) for field in fields])


def update(rows: Sequence[Model], *names: str) -> None:
    """Saves these fields (no arrays) of rows of one model, each as `row.save(update_fields=names)` does, but sends no signal.

    DatabaseError if one is gone.
    """
    sql, fields = _change(type(rows[0]), names)
    if execute(sql, [[_value(row, field) for row in rows] for field in fields]).rowcount != len(rows):
        raise DatabaseError("the row is gone")


@cache
def _insertion(model: type[Model]) -> "tuple[str, list[Field[Any, Any]]]":
    table, fields = model._meta.db_table, list(model._meta.local_concrete_fields)  # noqa: SLF001  documented by Django
    columns, marks = ", ".join(map(_column, fields)), ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})", fields  # noqa: S608  the model's names


@cache
def _change(model: type[Model], names: Sequence[str]) -> "tuple[str, list[Field[Any, Any]]]":
    table, key = model._meta.db_table, model._meta.pk  # noqa: SLF001
    fields: list[Any] = [*map(model._meta.get_field, names), key]  # noqa: SLF001
    columns = [_column(one) for one in fields]
    changes = ", ".join(f"{column} = n.{column}" for column in columns[:-1])
    arrays = ", ".join(f"%s::{one.db_type(connection)}[]" for one in fields)
    news = f"unnest({arrays}) AS n ({', '.join(columns)})"
    return f"UPDATE {table} SET {changes} FROM {news} WHERE {table}.{columns[-1]} = n.{columns[-1]}", fields  # noqa: S608


def _column(field: "Field[Any, Any]") -> str:
    return connection.ops.quote_name(field.column)


def _value(row: Model, field: "Field[Any, Any]") -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


class Prepared(Generic[M]):
    """`example()` is the queryset with parameters of the right types; `first` takes others, in the order of the SQL (within one
    `filter` that is the order of the names).
    """

    def __init__(self, example: Callable[[], QuerySet[M]]) -> None:
        self.example = example

    @cached_property
    def _compiled(self) -> Any:
        compiler = self.example().query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        columns = compiler.klass_info["select_fields"]
        return (
            compiler,
            sql,
            len(parameters),
            compiler.get_converters([one for one, _, _ in compiler.select]),
            [compiler.select[place][0].target.attname for place in range(columns[0], columns[-1] + 1)],
            get_related_populators(compiler.klass_info, compiler.select, connection.alias),
        )

    def first(self, *parameters: Any) -> M | None:
        """The first row, with what `select_related` names; None where there is none. ValueError for too few parameters."""
        return next(iter(self.all(*parameters)), None)

    def all(self, *parameters: Any) -> list[M]:
        """All rows, in the order of the query."""
        compiler, sql, count, converters, names, populators = self._compiled
        if len(parameters) != count:
            raise ValueError(f"{count} parameters are needed: {sql}")
        rows: Any = execute(sql, parameters).fetchall()
        if converters:
            rows = compiler.apply_converters(rows, converters)
        place, model = compiler.klass_info["select_fields"][0], compiler.klass_info["model"]
        found: list[M] = []
        for row in rows:
            one = model.from_db(connection.alias, names, row[place : place + len(names)])
            for populate in populators:
                populate.populate(row, one)
            found.append(one)
        return found
