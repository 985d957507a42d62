"""What a node keeps from one live run to the next."""

from __future__ import annotations

from django.db import models

from .campaign import Campaign
from .run import Run


class NodeMemory(models.Model):
    """The state of a node (an incremental query's mark) as the last live run that ended well left it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="memories")
    node_id = models.CharField(max_length=60)
    state = models.JSONField(default=dict)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "node_id"], name="one_memory_per_node")]
        verbose_name_plural = "node memories"

    def __str__(self) -> str:
        return f"{self.campaign}: {self.node_id}"
