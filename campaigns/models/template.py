"""Canvases that campaigns begin with."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class CampaignTemplate(models.Model):
    """A canvas with its properties, saved from a campaign for everybody who creates campaigns."""

    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=300)
    dimension = models.SlugField(_("targeting dimension"), max_length=60)
    document = models.JSONField()
    properties = models.JSONField(default=dict)  # tags, variables, schedule, settings
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("campaign template")
        verbose_name_plural = _("campaign templates")
        constraints = [models.UniqueConstraint(fields=["name"], name="one_template_per_name")]

    def __str__(self) -> str:
        return self.name
