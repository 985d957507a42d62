"""The four product profiles; what they may do is set by ``roles.sync`` once every app has its permissions."""

from django.db import migrations

PROFILES = [
    ("administrator", "Administrator", "Everything: data, channels, suppression and people, besides campaigns."),
    ("approver", "Approver", "Designs, tests, approves and publishes campaigns; sees the configuration."),
    ("manager", "Manager", "Designs and tests campaigns and asks for their approval; sees the configuration."),
    ("viewer", "Viewer", "Reads campaigns and reports."),
]


def create(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    ProductProfile = apps.get_model("accounts", "ProductProfile")
    database = schema_editor.connection.alias
    for slug, label, description in PROFILES:
        group, _ = Group.objects.using(database).get_or_create(name=label)
        ProductProfile.objects.using(database).get_or_create(
            slug=slug, defaults={"label": label, "description": description, "group": group, "built_in": True}
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_cache_table")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
