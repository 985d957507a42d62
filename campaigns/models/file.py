"""Files of a campaign: those that it reads, and those that its runs made."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .campaign import Campaign
from .run import Run


class CampaignFile(models.Model):
    """A file that a campaign's nodes read by name; another upload of the name moves ``path``, never rewrites it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=150)
    path = models.CharField(max_length=255)  # in the lake, with a digest of the content in it
    size = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    uploaded_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["campaign", "name"], name="one_campaign_file_per_name")]

    def __str__(self) -> str:
        return self.name


class RunFile(models.Model):
    """A file that a node of a run made; people can download it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="made_files")
    node_id = models.CharField(max_length=60)
    name = models.CharField(max_length=255)
    path = models.CharField(max_length=255)  # in the lake
    rows = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    note = models.TextField(blank=True)  # where it went, in words
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-made_at"]
        constraints = [models.UniqueConstraint(fields=["run", "node_id", "name"], name="one_run_file_per_name")]

    def __str__(self) -> str:
        return self.name
