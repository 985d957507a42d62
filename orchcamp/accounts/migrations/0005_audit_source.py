"""Where an entry of the audit trail comes from; one person's entries are found at once."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("accounts", "0003_profiles"),
    ]

    operations = [
        migrations.AddField(
            "auditentry", "source", models.CharField(max_length=80, blank=True, default=""), preserve_default=False
        ),
        migrations.AddIndex("auditentry", models.Index(fields=["actor", "-at"], name="audit_by_actor")),
    ]
