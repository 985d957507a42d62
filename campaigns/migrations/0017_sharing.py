"""Folders have an owner and are shared at levels; the audit trail has a retention."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import campaigns.models.operations

MORE = ("change_folder", "delete_folder")


def share_everything(apps, schema_editor):
    """Until now whoever saw a folder could do everything to its campaigns: so it stays for them."""
    Permission = apps.get_model("auth", "Permission")
    more = list(Permission.objects.filter(content_type__app_label="campaigns", codename__in=MORE))
    for name, kind in (("FolderUserPermission", "user"), ("FolderGroupPermission", "group")):
        table = apps.get_model("campaigns", name)
        seen = table.objects.filter(permission__codename="view_folder").values_list("content_object", kind)
        for folder, subject in list(seen):
            for permission in more:
                facts = {"content_object_id": folder, f"{kind}_id": subject, "permission": permission}
                table.objects.get_or_create(**facts)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("campaigns", "0016_policies"),
    ]

    operations = [
        migrations.AddField(
            "folder",
            "owner",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "installation",
            "audit_days",
            models.PositiveIntegerField(
                "audit trail in days",
                default=0,
                help_text="How long the entries of the audit trail are kept: at least 90 days. 0 keeps them for ever.",
                validators=[
                    campaigns.models.operations.keeps_long_enough,
                    django.core.validators.MaxValueValidator(3650),
                ],
            ),
        ),
        migrations.RunPython(share_everything, migrations.RunPython.noop),
    ]
