"""A question put to an approver about one frozen version, and the answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .campaign import CampaignVersion
from .run import Run


class Approval(models.Model):
    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        APPROVED = "approved", _("Approved")
        SENT_BACK = "sent_back", _("Sent back")
        CANCELLED = "cancelled", _("Cancelled")

    version = models.ForeignKey(CampaignVersion, on_delete=models.CASCADE, related_name="approvals")
    test_run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    counts = models.JSONField(default=dict)  # node -> port -> rows, as the test run saw them
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="requested_approvals"
    )
    requested_at = models.DateTimeField(auto_now_add=True)
    message = models.TextField(_("message"), blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(_("answer"), blank=True)

    class Meta:
        ordering = ["requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=Q(status="waiting"), name="one_open_approval_per_version"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")) | ~Q(status="approved"),
                name="nobody_approves_their_own",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_status_display()}"
