"""What a plug-in cannot override: the test database has the month partitions that tests speak of, and lets its ledger be emptied."""

from datetime import date
from typing import Any

import pytest


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    from django.db import connection

    from doorstep.kernel.store.partitions import ensure_months

    with django_db_blocker.unblock():
        ensure_months(date(2023, 12, 1), date(2025, 1, 1))
        with connection.cursor() as cursor:
            cursor.execute(
                f"ALTER DATABASE {connection.ops.quote_name(connection.settings_dict['NAME'])}"
                " SET doorstep.may_empty_ledger = 'yes'"
            )
        connection.close()  # it holds for those that connect from now on
