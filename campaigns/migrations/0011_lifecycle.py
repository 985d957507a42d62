"""A campaign can be scheduled, paused and closed; each moment of a schedule is decided once."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


def keep_archived(apps, schema_editor):
    """What was archived before is kept from now on, and goes back to where such campaigns mostly came from."""
    campaigns = apps.get_model("campaigns", "Campaign").objects.filter(status="archived")
    campaigns.filter(versions__published_at__isnull=False).update(former_status="completed")
    campaigns.filter(former_status="").update(former_status="draft")
    campaigns.update(archived_at=models.F("modified_at"))


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0010_running")]

    operations = [
        migrations.AlterField(
            "campaign",
            "status",
            models.CharField(
                max_length=10,
                default="draft",
                choices=[
                    ("draft", "Draft"),
                    ("in_review", "In review"),
                    ("approved", "Approved"),
                    ("scheduled", "Scheduled"),
                    ("live", "Live"),
                    ("paused", "Paused"),
                    ("completed", "Completed"),
                    ("closed", "Closed"),
                    ("stopped", "Stopped"),
                    ("archived", "Archived"),
                ],
            ),
        ),
        migrations.AddField(
            "campaign", "former_status", models.CharField(max_length=10, blank=True, default=""), False
        ),
        migrations.AddField("campaign", "archived_at", models.DateTimeField(null=True, blank=True)),
        migrations.AddField("campaign", "next_launch_at", models.DateTimeField(null=True, blank=True)),
        migrations.AddIndex(
            "campaign",
            models.Index(
                fields=["next_launch_at"],
                condition=Q(next_launch_at__isnull=False),
                name="campaigns_by_next_launch",
            ),
        ),
        migrations.CreateModel(
            "Launch",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        max_length=8,
                        choices=[
                            ("launched", "Launched"),
                            ("queued", "Queued"),
                            ("skipped", "Skipped"),
                            ("missed", "Missed"),
                            ("failed", "Failed"),
                        ],
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField(auto_now=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="launches", to="campaigns.campaign"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="launches",
                        to="campaigns.run",
                    ),
                ),
            ],
            options={
                "ordering": ["-slot"],
                "constraints": [models.UniqueConstraint(fields=["campaign", "slot"], name="one_launch_per_slot")],
            },
        ),
        migrations.RunPython(keep_archived, migrations.RunPython.noop),
    ]
