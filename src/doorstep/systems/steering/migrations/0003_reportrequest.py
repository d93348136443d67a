from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("steering", "0002_figures_name_nobody"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportRequest",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("period", models.TextField()),
                ("unit", models.TextField(blank=True)),
                ("requested", models.DateTimeField()),
                ("ended", models.DateTimeField(null=True)),
                ("sha256", models.TextField(blank=True)),
                ("reasons", models.JSONField(default=list)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("period"),
                        models.F("unit"),
                        condition=models.Q(("ended", None)),
                        name="one_request_a_report",
                    )
                ],
            },
        ),
    ]
