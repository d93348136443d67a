from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Value",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "indicator",
                        "unit",
                        "month",
                        "snapshot",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("indicator", models.TextField()),
                ("unit", models.TextField()),
                ("month", models.DateField()),
                ("snapshot", models.BigIntegerField()),
                ("numerator", models.BigIntegerField()),
                ("denominator", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Figure",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("key", models.TextField()),
                ("as_of", models.DateField()),
                ("area", models.TextField(blank=True)),
                ("figure", models.JSONField()),
                ("owner", models.TextField()),
                ("submitted", models.DateTimeField()),
                ("submitted_by", models.TextField()),
                ("replaced", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("key"),
                        models.F("as_of"),
                        models.F("area"),
                        condition=models.Q(("replaced", None)),
                        name="figure_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("period", models.TextField()),
                ("unit", models.TextField(blank=True)),
                ("made", models.DateTimeField()),
                ("snapshot", models.BigIntegerField()),
                ("sha256", models.TextField()),
                ("body", models.BinaryField()),
                ("leaf", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["period", "unit", "-made"], name="steering_re_period_906aef_idx")],
            },
        ),
    ]
