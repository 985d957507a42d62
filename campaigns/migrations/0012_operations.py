"""What an error does, who is told, how long a node may take; what is kept for how long, and what was removed."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0011_lifecycle"),
    ]

    operations = [
        migrations.CreateModel(
            name="RemovedCampaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80)),
                ("name", models.CharField(max_length=120)),
                ("owner", models.CharField(blank=True, max_length=150)),
                ("archived_at", models.DateTimeField(null=True)),
                ("removed_at", models.DateTimeField(auto_now_add=True)),
                ("runs", models.PositiveIntegerField(default=0)),
                ("totals", models.JSONField(default=list)),
                ("places", models.JSONField(default=list)),
            ],
            options={
                "ordering": ["-removed_at", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="noderun",
            name="ignored",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="noderun",
            name="taken_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="noderun",
            name="worked",
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name="run",
            name="aborted",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="run",
            name="errors",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="run",
            name="forgotten_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="policy",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="run",
            name="purged_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="purging_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "history_days",
                    models.PositiveIntegerField(
                        default=30,
                        help_text="How long the log, the alerts and the files of a run are kept after its end. A campaign may say otherwise.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="history in days",
                    ),
                ),
                (
                    "archive_days",
                    models.PositiveIntegerField(
                        default=30,
                        help_text="How long an archived campaign can be restored; then it is removed. 0 keeps it for ever.",
                        validators=[django.core.validators.MaxValueValidator(3650)],
                        verbose_name="archived campaigns in days",
                    ),
                ),
                ("purge_due_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("purged_at", models.DateTimeField(editable=False, null=True)),
                ("last_purge", models.JSONField(default=dict, editable=False)),
            ],
            options={
                "verbose_name": "installation",
                "verbose_name_plural": "installation",
                "default_permissions": ("view", "change"),
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_installation")],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("failed", "A node failed"),
                            ("aborted", "A run was aborted"),
                            ("slow", "A node takes longer than it should"),
                            ("stuck", "A run does not move"),
                            ("missed", "A launch was missed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("sentence", models.TextField()),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "mail",
                    models.CharField(
                        choices=[
                            ("waiting", "To be written"),
                            ("sending", "Being written"),
                            ("sent", "Written"),
                            ("nobody", "Nobody to write to"),
                            ("failed", "Could not be written"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("not_before", models.DateTimeField(null=True)),
                ("told", models.JSONField(default=list)),
                ("problem", models.TextField(blank=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="campaigns.campaign"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="campaigns.run",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["mail", "not_before"], name="notices_by_mail")],
                "constraints": [models.UniqueConstraint(fields=("campaign", "key"), name="one_notice_per_event")],
            },
        ),
    ]
