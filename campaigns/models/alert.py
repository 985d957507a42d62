"""What alert nodes said."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .run import Run


class Alert(models.Model):
    """One alert of one run; shown to those who may see its campaign until they have read it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="alerts")
    node_id = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    message = models.TextField()
    severity = models.CharField(max_length=8, default="info")  # info, warning or error
    at = models.DateTimeField(auto_now_add=True)
    read_by = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["-at"], name="alerts_by_time")]
        constraints = [models.UniqueConstraint(fields=["run", "node_id"], name="one_alert_per_node")]

    def __str__(self) -> str:
        return self.title
