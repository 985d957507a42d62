"""Who did what the log says; when a batch was taken in hand, for the rate of a sending."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("campaigns", "0009_lists"),
    ]

    operations = [
        migrations.AddField("batch", "hurried_at", models.DateTimeField(null=True)),
        migrations.AddField("batch", "taken_at", models.DateTimeField(null=True)),
        migrations.AddField("batch", "done_before", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "logentry",
            "by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
