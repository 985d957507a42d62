"""Signals: how the end of one campaign, or a program, sets another campaign going."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from activities import variables
from orchcamp.accounts.models import ApiToken

from .campaign import Campaign
from .run import Run


class Signal(models.Model):
    """One call to a campaign, with the values it brought; taken by one run, once."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        TAKEN = "taken", _("Taken")
        REFUSED = "refused", _("Refused")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="signals")
    parameters = models.JSONField(default=dict)
    key = models.CharField(max_length=120, unique=True)  # "run-node" of an End: sent once, however often it is tried
    source = models.CharField(max_length=200, blank=True)  # in words: who sent it
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="signals")  # of a program
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="signals")  # that took it
    error = models.TextField(blank=True)
    began = models.BooleanField(default=False)  # whether it began that run; else it released one that waited
    sent_at = models.DateTimeField(auto_now_add=True)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-sent_at", "-pk"]
        indexes = [models.Index(fields=["campaign", "-taken_at"], name="signals_by_campaign")]

    def __str__(self) -> str:
        return f"{self.source} → {self.campaign}"

    @property
    def brought(self) -> list[tuple[str, str]]:
        """Its parameters, as a person would type them."""
        return [(name, variables.shown(value)) for name, value in self.parameters.items()]
