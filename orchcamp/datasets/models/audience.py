"""Saved audiences: keys of one dimension, with columns, as a sequence of immutable versions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orchcamp.accounts.access import PermittedQuerySet

from .data import Dataset


class Audience(models.Model):
    """Rows of one dataset that were saved under a name."""

    class Origin(models.TextChoices):
        RULE = "rule", _("Rule")
        CAMPAIGN = "campaign", _("Campaign")
        UPLOAD = "upload", _("Upload")

    slug = models.SlugField(unique=True, max_length=80)
    label = models.CharField(_("label"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="audiences")
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices, default=Origin.RULE)
    rule = models.JSONField(_("rule"), default=dict)  # for origin "rule": what a refresh asks
    current = models.ForeignKey("AudienceVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    refresh_every = models.DurationField(_("refresh every"), null=True, blank=True)
    next_refresh_at = models.DateTimeField(null=True, blank=True)
    refresh_lease = models.DateTimeField(null=True)  # until then a worker is at the refresh that is due
    refresh_error = models.TextField(blank=True)  # why the last scheduled refresh did not end well
    maker = models.CharField(max_length=160, blank=True)  # for origin "campaign": "campaign/node" that made it
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)  # what ``schema.load`` looks at

    objects = PermittedQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        verbose_name = _("audience")
        verbose_name_plural = _("audiences")
        permissions = [("use_audience", "Can use audiences in campaigns and rules")]

    def __str__(self) -> str:
        return self.label


class AudienceVersion(models.Model):
    """One immutable state of an audience: a Parquet file of keys and columns in the lake."""

    class Mode(models.TextChoices):
        CREATE = "create", _("Created")
        OVERWRITE = "overwrite", _("Overwritten")
        APPEND = "append", _("Rows added")
        REMOVE = "remove", _("Rows removed")

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    path = models.CharField(max_length=200)  # relative to the lake's root
    rows = models.BigIntegerField()
    columns = models.JSONField(default=dict)  # column beside the key -> type (a key of schema.TYPES)
    personal = models.JSONField(default=list)  # the columns beside the key that are personal where they come from
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.OVERWRITE)
    source = models.CharField(max_length=200, blank=True)  # what saved it, in words: campaign and node, file, rule
    facts = models.JSONField(default=dict)  # of an upload: rows read, matched, and so on
    run_key = models.CharField(max_length=120, blank=True)  # "run-node": saving twice is saving once
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["audience", "number"], name="one_audience_version_per_number"),
            models.UniqueConstraint(
                fields=["audience", "run_key"], condition=~Q(run_key=""), name="one_audience_version_per_run"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.audience} {self.number}"
