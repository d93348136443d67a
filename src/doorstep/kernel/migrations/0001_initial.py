from django.db import migrations, models

from doorstep.kernel.store.partitions import CreatePartitionedModel


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="FactBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("version", models.SmallIntegerField()),
                ("recorded", models.DateField()),
                ("rows", models.IntegerField()),
                ("columns", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subject", "action", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject", models.TextField()),
                ("action", models.TextField()),
                ("key", models.TextField()),
                ("digest", models.BinaryField()),
                ("answer", models.BinaryField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("value", models.JSONField()),
            ],
        ),
        CreatePartitionedModel(
            name="JournalEntry",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("actor", models.TextField()),
                ("unit", models.TextField()),
                ("via", models.TextField()),
                ("action", models.TextField()),
                ("purpose", models.TextField()),
                ("basis", models.TextField()),
                ("fields", models.TextField()),
                ("detail", models.TextField()),
                ("digest", models.BinaryField()),
            ],
        ),
        CreatePartitionedModel(
            name="JournalSubject",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subject", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject", models.TextField()),
                ("id", models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ring", "index", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ring", models.TextField(choices=[("public", "Public"), ("auditors", "Auditors")])),
                ("index", models.BigIntegerField()),
                ("entry", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Pin",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("why", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Unit",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "code", "valid_from", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.TextField()),
                ("kind", models.TextField()),
                ("parent", models.TextField(blank=True)),
                ("names", models.JSONField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("successor", models.TextField(blank=True)),
                ("source", models.TextField()),
                ("certainty", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="AccessToken",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("digest", models.BinaryField(unique=True)),
                ("label", models.TextField()),
                ("subject", models.TextField()),
                ("unit", models.TextField(blank=True)),
                ("roles", models.JSONField()),
                ("created", models.DateTimeField()),
                ("expires", models.DateTimeField()),
                ("revoked", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["subject"], name="kernel_acce_subject_36a8e5_idx")],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("path", models.TextField(primary_key=True, serialize=False)),
                ("leaf", models.BigIntegerField()),
                ("merged", models.BigIntegerField(null=True)),
                ("kind", models.TextField()),
                ("version", models.SmallIntegerField()),
                ("month", models.DateField()),
                ("rows", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("sha256", models.BinaryField()),
                ("rollups", models.JSONField()),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "leaf"], name="kernel_segm_kind_c6afbe_idx")],
            },
        ),
    ]
