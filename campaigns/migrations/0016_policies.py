"""Approval policies; what each requires of a request, and who signed exactly what."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import campaigns.models.policy


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("campaigns", "0015_notify"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("inactive", "Inactive")],
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("conditions", models.JSONField(blank=True, default=dict)),
                (
                    "deviation",
                    models.PositiveIntegerField(
                        blank=True,
                        default=10,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(1000)],
                        verbose_name="deviation in percent",
                    ),
                ),
                (
                    "open_hours",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(8760),
                        ],
                        verbose_name="open for",
                    ),
                ),
                (
                    "due_hours",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(8760),
                        ],
                        verbose_name="due after",
                    ),
                ),
                (
                    "remind_hours",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(8760),
                        ],
                        verbose_name="remind before",
                    ),
                ),
                ("bulk", models.BooleanField(default=True, verbose_name="decide in bulk")),
                ("revision", models.PositiveIntegerField(default=0)),
                ("activated_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("modified_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name": "approval policy",
                "verbose_name_plural": "approval policies",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by_name", models.CharField(max_length=200)),
                ("on_behalf_of_name", models.CharField(blank=True, max_length=200)),
                (
                    "verdict",
                    models.CharField(
                        choices=[("approve", "Approved"), ("send_back", "Sent back"), ("reschedule", "Moved its date")],
                        max_length=10,
                    ),
                ),
                ("message", models.TextField(blank=True)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("signed", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Delegation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message", models.TextField(blank=True)),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="PolicyStage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("named", models.PositiveSmallIntegerField(default=0)),
                ("needed", models.PositiveSmallIntegerField(default=1)),
                ("facets", models.JSONField(default=campaigns.models.policy.all_facets)),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="Requirement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=160)),
                ("track", models.PositiveSmallIntegerField(default=0)),
                ("stage", models.PositiveSmallIntegerField(default=1)),
                ("facets", models.JSONField(default=campaigns.models.policy.all_facets)),
                ("named", models.PositiveSmallIntegerField(default=0)),
                ("anyone", models.BooleanField(default=False)),
                ("needed", models.PositiveSmallIntegerField(default=1)),
                ("definition", models.CharField(max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[("later", "Not yet its turn"), ("open", "Waiting"), ("satisfied", "Signed")],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("satisfied_at", models.DateTimeField(null=True)),
                ("escalated_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["track", "stage", "pk"],
            },
        ),
        migrations.AddField(
            model_name="approval",
            name="bulk",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="approval",
            name="deviation",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="approval",
            name="due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="approval",
            name="expires_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="approval",
            name="hashes",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="approval",
            name="remind_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="approval",
            name="reminded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="approval",
            name="targeted",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="installation",
            name="policies_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="approval",
            name="status",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("approved", "Approved"),
                    ("sent_back", "Sent back"),
                    ("cancelled", "Cancelled"),
                    ("expired", "Expired"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(
                condition=models.Q(("status", "waiting")), fields=["expires_at"], name="approvals_by_expiry"
            ),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(
                condition=models.Q(("status", "waiting")), fields=["remind_at"], name="approvals_by_reminder"
            ),
        ),
        migrations.AddField(
            model_name="approvalpolicy",
            name="activated_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="approvalpolicy",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="on_behalf_of",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="delegation",
            name="approval",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="delegations", to="campaigns.approval"
            ),
        ),
        migrations.AddField(
            model_name="delegation",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="delegation",
            name="to",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="policystage",
            name="groups",
            field=models.ManyToManyField(blank=True, related_name="+", to="auth.group"),
        ),
        migrations.AddField(
            model_name="policystage",
            name="people",
            field=models.ManyToManyField(blank=True, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="policystage",
            name="policy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="stages", to="campaigns.approvalpolicy"
            ),
        ),
        migrations.AddField(
            model_name="requirement",
            name="approval",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="requirements", to="campaigns.approval"
            ),
        ),
        migrations.AddField(
            model_name="requirement",
            name="carried_from",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="campaigns.requirement"
            ),
        ),
        migrations.AddField(
            model_name="requirement",
            name="groups",
            field=models.ManyToManyField(related_name="+", to="auth.group"),
        ),
        migrations.AddField(
            model_name="requirement",
            name="people",
            field=models.ManyToManyField(related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="requirement",
            name="policy",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="requirements",
                to="campaigns.approvalpolicy",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="requirement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="decisions", to="campaigns.requirement"
            ),
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=models.UniqueConstraint(fields=("approval", "by"), name="one_delegation_per_person"),
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=models.CheckConstraint(
                condition=models.Q(("by", models.F("to")), _negated=True), name="nobody_delegates_to_themselves"
            ),
        ),
        migrations.AddConstraint(
            model_name="policystage",
            constraint=models.UniqueConstraint(fields=("policy", "position"), name="one_stage_per_position"),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=models.UniqueConstraint(fields=("approval", "track", "stage"), name="one_requirement_per_stage"),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("satisfied_at__isnull", False), ("status", "satisfied")),
                    models.Q(models.Q(("status", "satisfied"), _negated=True), ("satisfied_at", None)),
                    _connector="OR",
                ),
                name="satisfied_has_a_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("verdict", "approve")),
                fields=("requirement", "by"),
                name="one_signature_per_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("verdict", "approve")),
                fields=("requirement", "on_behalf_of"),
                name="one_signature_per_mandate",
            ),
        ),
    ]
