"""A person's open stay is unique in a house: another house's keeper must not learn of it. Some stays have no deadline."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lodging", "0001_initial")]

    operations = [
        migrations.AlterField("stay", "deadline", models.DateTimeField(null=True)),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    """
                    ALTER TABLE lodging_openstay ADD COLUMN establishment uuid;
                    UPDATE lodging_openstay o SET establishment = s.establishment_id FROM lodging_stay s WHERE s.id = o.stay;
                    DELETE FROM lodging_openstay WHERE establishment IS NULL;
                    ALTER TABLE lodging_openstay DROP CONSTRAINT lodging_openstay_pkey,
                        ADD PRIMARY KEY (person, establishment);
                    """
                ),
            ],
            state_operations=[
                migrations.DeleteModel("OpenStay"),
                migrations.CreateModel(
                    "OpenStay",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "person", "establishment", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("person", models.TextField()),
                        ("establishment", models.UUIDField()),
                        ("stay", models.UUIDField()),
                    ],
                ),
            ],
        ),
    ]
