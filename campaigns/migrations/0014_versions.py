"""A version keeps what its runs depend on, where it began, and who published it and why."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

RUN_BY = ("dimension", "timezone", "variables", "schedule", "settings")


def keep_properties(apps, schema_editor):
    """The version that a campaign stands by has the campaign's properties; of those before it nothing is known."""
    versions = apps.get_model("campaigns", "CampaignVersion")
    for campaign in apps.get_model("campaigns", "Campaign").objects.iterator():
        last = versions.objects.filter(campaign=campaign).exclude(frozen_at=None).order_by("-number").first()
        if last is not None and not versions.objects.filter(campaign=campaign, frozen_at=None).exists():
            last.properties = {name: getattr(campaign, name) for name in RUN_BY}
            last.save(update_fields=["properties"])


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("campaigns", "0013_signals"),
    ]

    operations = [
        migrations.AddField("campaignversion", "properties", models.JSONField(default=dict)),
        migrations.AddField("campaignversion", "reason", models.TextField("why", blank=True, default=""), False),
        migrations.AddField(
            "campaignversion",
            "published_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "campaignversion",
            "began_from",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="campaigns.campaignversion",
            ),
        ),
        migrations.RunPython(keep_properties, migrations.RunPython.noop),
    ]
