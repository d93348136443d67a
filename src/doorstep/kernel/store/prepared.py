"""Statements of the hottest paths: Django writes their SQL once and PostgreSQL plans them once; then only values change.

Writing and planning a query with joins takes several times as long as answering it.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators  # type: ignore[attr-defined]  # the stubs lack it
from psycopg import Cursor

M = TypeVar("M", bound=Model)


def execute(sql: str, values: Sequence[Any]) -> Cursor[Any]:
    """Runs a statement that the server keeps prepared, in the present transaction; errors are Django's."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return Cursor(connection.connection).execute(sql, values, prepare=True)


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
        compiler, sql, count, converters, names, populators = self._compiled
        if len(parameters) != count:
            raise ValueError(f"{count} parameters are needed: {sql}")
        row = execute(sql, parameters).fetchone()
        if row is None:
            return None
        if converters:
            row = next(iter(compiler.apply_converters([row], converters)))
        first = compiler.klass_info["select_fields"][0]
        found: M = compiler.klass_info["model"].from_db(connection.alias, names, row[first : first + len(names)])
        for populate in populators:
            populate.populate(row, found)
        return found
