from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0002_actorsession_journalentry_principal"),
    ]

    operations = [
        migrations.CreateModel(
            name="Spending",
            fields=[
                ("key", models.BinaryField(primary_key=True, serialize=False)),
                ("free_at", models.DateTimeField()),
                ("passed", models.BooleanField()),
            ],
        ),
        # Half-filled pages have room for the next version of each row, so that no spend touches the index.
        migrations.RunSQL(
            "ALTER TABLE kernel_spending SET UNLOGGED; ALTER TABLE kernel_spending SET (fillfactor = 50)",
            migrations.RunSQL.noop,
        ),
    ]
