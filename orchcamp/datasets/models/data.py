"""Datasets as the control plane knows them: shapes and pointers, never rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from orchcamp.accounts.access import PermittedQuerySet


class Dataset(models.Model):
    """A table of customer data: a sequence of immutable snapshots, one of which is current."""

    slug = models.SlugField(unique=True, max_length=60)
    label = models.CharField(_("label"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    key = models.JSONField(_("key"), default=list)  # column names
    version_column = models.CharField(_("version column"), max_length=120, blank=True)
    target = models.JSONField(_("address columns"), default=dict)  # channel -> column; empty: not a dimension
    snapshot = models.ForeignKey("Snapshot", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PermittedQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        permissions = [("view_personal", "Can see personal columns unmasked")]

    def __str__(self) -> str:
        return self.label

    @property
    def is_dimension(self) -> bool:
        return bool(self.target)


class Column(models.Model):
    class Type(models.TextChoices):
        STRING = "string", _("Text")
        INTEGER = "integer", _("Whole number")
        DECIMAL = "decimal", _("Decimal number")
        FLOAT = "float", _("Number")
        BOOLEAN = "boolean", _("Yes or no")
        DATE = "date", _("Date")
        DATETIME = "datetime", _("Date and time")

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="columns")
    name = models.CharField(max_length=120)
    label = models.CharField(max_length=120)
    type = models.CharField(max_length=10, choices=Type.choices)
    personal = models.BooleanField(default=False)
    values = models.JSONField(default=list)  # known values of an enumeration
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["dataset", "name"], name="one_column_per_name")]

    def __str__(self) -> str:
        return f"{self.dataset.slug}.{self.name}"


class Link(models.Model):
    """How rows of one dataset refer to rows of another, named from both sides."""

    class Cardinality(models.TextChoices):
        MANY_TO_ONE = "many_to_one", _("many to one")
        ONE_TO_ONE = "one_to_one", _("one to one")

    source = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="links")
    source_columns = models.JSONField(default=list)
    target = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="reverse_links")
    target_columns = models.JSONField(default=list)
    name = models.CharField(max_length=60)  # how the source sees the target
    reverse = models.CharField(max_length=60)  # how the target sees the source
    cardinality = models.CharField(max_length=12, choices=Cardinality.choices, default=Cardinality.MANY_TO_ONE)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "name"], name="one_link_per_name"),
            models.UniqueConstraint(fields=["target", "reverse"], name="one_link_per_reverse"),
        ]

    def __str__(self) -> str:
        return f"{self.source.slug}.{self.name} → {self.target.slug}"


class Snapshot(models.Model):
    """One immutable state of a dataset: Parquet files under ``path``, relative to the lake's root."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="snapshots")
    number = models.PositiveIntegerField()
    path = models.CharField(max_length=200)
    rows = models.BigIntegerField()
    size = models.BigIntegerField(default=0)  # bytes
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="one_snapshot_per_number")]

    def __str__(self) -> str:
        return f"{self.dataset.slug} {self.number}"


class Load(models.Model):
    """One file, or the rows of a campaign, read into one dataset, with what became of every row."""

    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="loads")
    source = models.CharField(max_length=255)  # the file's name, or the campaign and its node
    reference = models.CharField(max_length=120, null=True, unique=True)  # "run-node": a campaign's change, made once
    facts = models.JSONField(default=dict)  # of a campaign's change: what was inserted, updated, deleted
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    read = models.BigIntegerField(default=0)  # read = kept + rejected + replaced
    kept = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    replaced = models.BigIntegerField(default=0)
    reject_path = models.CharField(max_length=200, blank=True)  # relative to the lake
    error = models.TextField(blank=True)
    step = models.CharField(max_length=120, blank=True)  # what it is doing, in words
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.source} → {self.dataset.slug}"
