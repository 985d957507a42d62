"""Predefined filters: rules under a name, with values that are asked on each use; and what people mark in pickers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orchcamp.accounts.access import PermittedQuerySet

from .data import Dataset


class PredefinedFilter(models.Model):
    """A rule of one dataset that others can use by its name; its rule lies in its current revision."""

    slug = models.SlugField(unique=True, max_length=80)
    label = models.CharField(_("label"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="filters")
    shared = models.BooleanField(_("shared"), default=False)
    revision = models.PositiveIntegerField(default=1)  # the current one; runs pin the number
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    favourite_of = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="favourite_filters", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)  # what ``schema.load`` looks at

    objects = PermittedQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        verbose_name = _("predefined filter")
        verbose_name_plural = _("predefined filters")

    def __str__(self) -> str:
        return self.label


class FilterRevision(models.Model):
    """One immutable state of a filter."""

    filter = models.ForeignKey(PredefinedFilter, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    rule = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)  # name -> {"type", "default", "label"}
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["filter", "number"], name="one_filter_revision_per_number")]

    def __str__(self) -> str:
        return f"{self.filter} {self.number}"


class AttributeMark(models.Model):
    """An attribute that a person used lately or starred in the picker."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=255)
    favourite = models.BooleanField(default=False)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["user", "dataset", "path"], name="one_mark_per_attribute")]
        indexes = [models.Index(fields=["user", "dataset"], condition=Q(favourite=True), name="favourite_attributes")]

    def __str__(self) -> str:
        return self.path
