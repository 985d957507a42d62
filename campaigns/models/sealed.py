"""What a dry run would have sent: plans that belong to no delivery and hold no batches, so that nothing can leave."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from orchcamp.messaging.models import Channel, ChannelConfiguration

from .run import Run


class SealedPlan(models.Model):
    """One channel node of one dry run: who would get its message, and what a sample of them would read."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="sealed_plans")
    node_id = models.CharField(max_length=60)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    configuration = models.ForeignKey(ChannelConfiguration, null=True, on_delete=models.SET_NULL, related_name="+")
    content = models.JSONField(default=dict)  # the node's settings with the run's variables, frozen
    dimension = models.CharField(max_length=60)
    key = models.JSONField(default=list)
    path = models.CharField(max_length=200)  # lake path of the plan; no batch numbers in it
    personal = models.JSONField(default=list)  # those of its fields that not everybody may see
    targeted = models.BigIntegerField()
    prepared = models.BigIntegerField()
    left_out = models.BigIntegerField()
    excluded = models.JSONField(default=dict)  # reason -> rows
    empty = models.JSONField(default=dict)  # field -> how many of the prepared rows have nothing in it
    rendered = models.PositiveIntegerField(default=0)  # of the prepared messages, how many were put together
    failing = models.PositiveIntegerField(default=0)  # of those, how many could not be
    faults = models.JSONField(default=list)  # [{"sentence", "messages", "example"}], the most frequent first
    samples = models.JSONField(default=list)  # [{"message", "why", "length"}]
    lengths = models.JSONField(default=dict)  # shortest, median and longest of the rendered
    seconds = models.FloatField(default=0)  # that the rendering took: a live run does not spend them here

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "node_id"], name="one_sealed_plan_per_node"),
            models.CheckConstraint(condition=Q(targeted=F("prepared") + F("left_out")), name="sealed_books_balance"),
            models.CheckConstraint(
                condition=Q(rendered__lte=F("prepared")) & Q(failing__lte=F("rendered")), name="sealed_samples_are_rows"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.node_id}"
