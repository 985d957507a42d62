"""What each person arranges for themselves, and the index that search reads."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .campaign import Campaign


class ListLayout(models.Model):
    """The columns of the list of campaigns that a person wants to see, in their order."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    columns = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.user}"


class SavedView(models.Model):
    """Filters, sort and columns of the list under a name that one person gave."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000, blank=True)  # as in the address
    columns = models.JSONField(default=list)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="one_view_per_name"),
            models.UniqueConstraint(fields=["user"], condition=Q(is_default=True), name="one_default_view"),
        ]

    def __str__(self) -> str:
        return self.name


class CalendarFeed(models.Model):
    """That a person's calendar may be read from outside; a new secret makes every older address useless."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    secret = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.user}"


class SearchEntry(models.Model):
    """A campaign (without ``node_id``) or a node of its newest canvas, as search finds it.

    Derived from the canvas by ``finding.refresh``, which sees by ``at`` what has changed since.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="entries")
    node_id = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=60, blank=True)  # type of the node
    name = models.CharField(max_length=160)
    folded = models.CharField(max_length=400)  # its words without capitals and accents, each after a space
    at = models.DateTimeField(null=True)  # of a campaign: when it was modified, as far as is written here

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "node_id"], name="one_entry_per_node")]
        indexes = [models.Index(fields=["kind", "campaign"], name="entries_by_kind")]
        verbose_name_plural = "search entries"

    def __str__(self) -> str:
        return self.name
