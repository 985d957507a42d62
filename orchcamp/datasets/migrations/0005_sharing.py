"""Single audiences are shared: tables of object permissions, what their owners have, and a right of its own for use."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OWNS = ("view_audience", "use_audience", "change_audience", "delete_audience")
USE = ("use_audience", "Can use audiences in campaigns and rules")


def keep_what_was(apps, schema_editor):
    """Owners reach theirs, and the profiles of one's own that see audiences go on using them in campaigns."""
    Audience, Group = apps.get_model("datasets", "Audience"), apps.get_model("auth", "Group")
    Permission, Kind = apps.get_model("auth", "Permission"), apps.get_model("contenttypes", "ContentType")
    held = {"permissions__content_type__app_label": "datasets", "permissions__codename": "view_audience"}
    profiles, owned = Group.objects.filter(**held), Audience.objects.exclude(owner=None)
    if not profiles.exists() and not owned.exists():
        return
    kind, _made = Kind.objects.get_or_create(app_label="datasets", model="audience")
    use, _made = Permission.objects.get_or_create(content_type=kind, codename=USE[0], defaults={"name": USE[1]})
    for group in profiles:
        group.permissions.add(use)
    rights = list(Permission.objects.filter(content_type=kind, codename__in=OWNS))
    table = apps.get_model("datasets", "AudienceUserPermission")
    table.objects.bulk_create(
        table(content_object_id=pk, user_id=owner, permission=right)
        for pk, owner in owned.values_list("pk", "owner")
        for right in rights
    )


def shares(name, subject):
    return migrations.CreateModel(
        name=name,
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="datasets.audience")),
            subject,
            ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
        ],
        options={"abstract": False, "unique_together": {(subject[0], "permission", "content_object")}},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("datasets", "0004_changes_by_campaigns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="audience",
            options={
                "ordering": ["label"],
                "permissions": [USE],
                "verbose_name": "audience",
                "verbose_name_plural": "audiences",
            },
        ),
        shares(
            "AudienceGroupPermission",
            ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
        ),
        shares(
            "AudienceUserPermission",
            ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
        ),
        migrations.RunPython(keep_what_was, migrations.RunPython.noop),
    ]
