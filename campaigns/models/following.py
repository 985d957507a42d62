"""Who wants to hear what happens to a campaign."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .campaign import Campaign


class Following(models.Model):
    """What one person chose to hear of one campaign. Its owner and its editors hear everything without a row."""

    class Extent(models.TextChoices):
        ALL = "all", _("Everything")
        IMPORTANT = "important", _("Only failures and approvals")
        NONE = "none", _("Nothing")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="followings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="followings")
    extent = models.CharField(max_length=9, choices=Extent.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "person"], name="one_following_per_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.campaign}"
