from django.db import migrations, models

from doorstep.kernel.store.partitions import CreatePartitionedModel


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
        CreatePartitionedModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("subject", models.TextField()),
                ("kind", models.TextField()),
                ("secret", models.BooleanField()),
                ("given", models.JSONField()),
                ("language", models.TextField(blank=True)),
                ("channel", models.TextField()),
                ("target", models.TextField(blank=True)),
                ("unit", models.TextField(blank=True)),
                ("state", models.TextField()),
                ("reason", models.TextField(blank=True)),
                ("attempts", models.SmallIntegerField(default=0)),
                ("due", models.DateTimeField(null=True)),
                ("expires", models.DateTimeField()),
                ("sent", models.DateTimeField(null=True)),
                ("read", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("subject"), models.OrderBy(models.F("id"), descending=True), name="notice_inbox"
                    ),
                    models.Index(
                        models.F("channel"),
                        models.F("due"),
                        name="notice_due",
                        condition=models.Q(("due__isnull", False)),
                    ),
                ],
            },
        ),
    ]
