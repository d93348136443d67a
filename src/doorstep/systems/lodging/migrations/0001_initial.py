import django.db.models.deletion
from django.db import migrations, models

from doorstep.kernel.store.partitions import CreatePartitionedModel


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        CreatePartitionedModel(
            name="StayVersion",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("stay", models.UUIDField(db_index=True)),
                ("version", models.SmallIntegerField()),
                ("change", models.TextField()),
                ("why", models.TextField()),
                ("before", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="Establishment",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("code", models.TextField(unique=True)),
                ("name", models.TextField()),
                ("facility_type", models.TextField()),
                ("unit", models.TextField()),
                ("address", models.TextField()),
                ("remote", models.BooleanField(default=False)),
                ("enrolled", models.DateTimeField()),
                ("closed", models.DateTimeField(null=True)),
                ("first_notice", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["unit"], name="lodging_est_unit_c31361_idx")],
            },
        ),
        migrations.CreateModel(
            name="NoGuests",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "establishment", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("said", models.DateTimeField()),
                (
                    "establishment",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="lodging.establishment"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OpenStay",
            fields=[
                ("person", models.TextField(primary_key=True, serialize=False)),
                ("stay", models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name="Room",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.TextField()),
                ("beds", models.SmallIntegerField()),
                ("price", models.BigIntegerField()),
                ("retired", models.DateTimeField(null=True)),
                (
                    "establishment",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="lodging.establishment"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Booking",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("guest_name", models.TextField()),
                ("guests", models.SmallIntegerField()),
                ("arrival", models.DateField()),
                ("departure", models.DateField()),
                ("cancelled", models.DateTimeField(null=True)),
                ("arrived", models.DateTimeField(null=True)),
                (
                    "establishment",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="lodging.establishment"),
                ),
                ("room", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="lodging.room")),
            ],
        ),
        CreatePartitionedModel(
            name="Stay",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("notice", models.UUIDField()),
                ("line", models.IntegerField()),
                ("person", models.TextField()),
                ("kind", models.TextField()),
                ("full_name", models.TextField()),
                ("name_latin", models.TextField()),
                ("birth", models.DateField()),
                ("sex", models.TextField()),
                ("nationality", models.TextField()),
                ("document_type", models.TextField()),
                ("document_number", models.TextField()),
                ("phone", models.TextField()),
                ("address", models.TextField()),
                ("details", models.JSONField()),
                ("room", models.TextField()),
                ("party", models.TextField()),
                ("reason", models.TextField()),
                ("arrival", models.DateTimeField()),
                ("expected_departure", models.DateField()),
                ("departed", models.DateTimeField(null=True)),
                ("cancelled", models.DateTimeField(null=True)),
                ("notified", models.DateTimeField()),
                ("deadline", models.DateTimeField()),
                ("late", models.TextField()),
                ("channel", models.TextField()),
                ("version", models.SmallIntegerField()),
                (
                    "establishment",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="lodging.establishment"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Keeper",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.TextField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "establishment",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="lodging.establishment"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["subject"], name="lodging_kee_subject_7f2677_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("establishment"),
                        models.F("subject"),
                        condition=models.Q(("until", None)),
                        name="one_keeper_row",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("reference", models.TextField(unique=True)),
                ("channel", models.TextField()),
                ("at", models.DateTimeField()),
                ("accepted", models.IntegerField()),
                ("late", models.IntegerField()),
                ("refused", models.IntegerField()),
                ("digest", models.BinaryField()),
                (
                    "establishment",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="lodging.establishment"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["establishment", "at"], name="lodging_not_establi_d94f21_idx")],
            },
        ),
        migrations.AddConstraint(
            model_name="room",
            constraint=models.UniqueConstraint(models.F("establishment"), models.F("number"), name="room_number_once"),
        ),
        migrations.AddConstraint(
            model_name="room",
            constraint=models.CheckConstraint(condition=models.Q(("beds__gt", 0)), name="room_has_beds"),
        ),
        migrations.AddConstraint(
            model_name="room",
            constraint=models.CheckConstraint(condition=models.Q(("price__gte", 0)), name="room_price_not_negative"),
        ),
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(fields=["establishment", "arrival"], name="lodging_boo_establi_50814c_idx"),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("departure__gt", models.F("arrival"))), name="booking_has_nights"
            ),
        ),
        migrations.AddIndex(
            model_name="stay",
            index=models.Index(fields=["establishment", "arrival"], name="stay_by_house"),
        ),
        migrations.AddIndex(
            model_name="stay",
            index=models.Index(fields=["notice"], name="stay_by_notice"),
        ),
    ]
