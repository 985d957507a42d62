"""What was done to a draft, step by step, and who has its canvas open."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .campaign import Campaign, CampaignVersion


class CanvasStep(models.Model):
    """One edit of a draft. It keeps the other side of itself: the canvas before it, or after it once it is undone."""

    version = models.ForeignKey(CampaignVersion, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()  # the revision that the edit made: later steps have higher ones
    deed = models.CharField(max_length=20)
    names = models.JSONField(default=list)  # of the first nodes it was done to
    count = models.PositiveIntegerField(default=1)  # how many nodes there were
    node_id = models.CharField(max_length=60, blank=True)
    automatic = models.BooleanField(default=False)  # saved by itself: the next such save of the node joins it
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField()
    undone = models.BooleanField(default=False)
    document = models.BinaryField()  # JSON, compressed

    class Meta:
        ordering = ["-number"]
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="one_step_per_revision")]

    def __str__(self) -> str:
        return f"{self.version} · {self.deed} {', '.join(self.names)}"


class Presence(models.Model):
    """A person who has the canvas of a campaign open; gone when no sign of them has come for a while."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    node_id = models.CharField(max_length=60, blank=True)  # the node whose panel they have open
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["campaign", "user"], name="one_presence_per_person")]

    def __str__(self) -> str:
        return f"{self.user} · {self.campaign}"
