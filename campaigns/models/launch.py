"""Launches: what became of each moment at which a schedule wanted to begin a run."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .campaign import Campaign
from .run import Run


class Launch(models.Model):
    """One slot of a campaign's schedule, decided once: by a run, or by the reason why there was none."""

    class Status(models.TextChoices):
        LAUNCHED = "launched", _("Launched")
        QUEUED = "queued", _("Queued")
        SKIPPED = "skipped", _("Skipped")
        MISSED = "missed", _("Missed")
        FAILED = "failed", _("Failed")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="launches")
    slot = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status.choices)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="launches")
    reason = models.TextField(blank=True)  # in a sentence: why it was skipped, missed or failed
    decided_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-slot"]
        constraints = [models.UniqueConstraint(fields=["campaign", "slot"], name="one_launch_per_slot")]

    def __str__(self) -> str:
        return f"{self.campaign} · {self.slot:%Y-%m-%d %H:%M} UTC · {self.get_status_display()}"
