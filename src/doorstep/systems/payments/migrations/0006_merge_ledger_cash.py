"""Ledger, bank, orders and cash together."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing changes."""

    dependencies: ClassVar = [("payments", "0003_ledger"), ("payments", "0005_cash")]
    operations: ClassVar = []
