from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0003_ledger"),
        ("payments", "0005_cash"),
    ]

    operations = []
