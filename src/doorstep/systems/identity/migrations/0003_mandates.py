"""Mandates name persons and organisations of the register; nothing was ever written into the table of before."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("identity", "0002_openid")]

    operations: ClassVar = [
        migrations.DeleteModel("Mandate"),
        migrations.CreateModel(
            name="Mandate",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("services", models.JSONField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("granted_by", models.TextField()),
                ("unit", models.TextField(blank=True)),
                ("paper_kind", models.TextField(blank=True)),
                ("paper_day", models.DateField(null=True)),
                ("paper", models.TextField(blank=True)),
                ("confirmed", models.DateTimeField(null=True)),
                ("confirmed_by", models.TextField(blank=True)),
                ("ended", models.DateTimeField(null=True)),
                ("ended_by", models.TextField(blank=True)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mandates", to="identity.person"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agents",
                        to="identity.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agents",
                        to="identity.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["unit", "id"],
                        name="mandate_waiting",
                        condition=models.Q(("confirmed", None), ("ended", None)),
                    ),
                    models.Index(fields=["valid_to"], name="mandate_valid_to", condition=models.Q(("ended", None))),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("person", None), ("organisation", None), _connector="XOR"),
                        name="mandate_of_person_or_organisation",
                    ),
                    models.UniqueConstraint(
                        fields=["agent", "person", "organisation"],
                        condition=models.Q(("ended", None)),
                        nulls_distinct=False,
                        name="one_mandate_an_agent_and_principal",
                    ),
                ],
            },
        ),
    ]
