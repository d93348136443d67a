from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("steering", "0001_initial"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="figure",
            name="owner",
        ),
        migrations.RemoveField(
            model_name="figure",
            name="submitted_by",
        ),
    ]
