"""What keeps an installation in order: whom failures are told to, what is kept for how long, and what was removed."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .campaign import Campaign
from .run import Run

LONGEST = 3650  # days
SHORTEST_TRAIL = 90  # days: nobody removes what they did yesterday


def keeps_long_enough(days: int) -> None:
    """For ever (0), or not shorter than a trail is of use."""
    if 0 < days < SHORTEST_TRAIL:
        raise ValidationError(
            _("The audit trail is kept for at least %(n)s days, or for ever with 0.") % {"n": SHORTEST_TRAIL}
        )


class Notice(models.Model):
    """Something that went wrong with a campaign, noted once, and which of its supervisors were told."""

    class Kind(models.TextChoices):
        FAILED = "failed", _("A node failed")
        ABORTED = "aborted", _("A run was aborted")
        SLOW = "slow", _("A node takes longer than it should")
        STUCK = "stuck", _("A run does not move")
        MISSED = "missed", _("A launch was missed")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="notices")
    run = models.ForeignKey(Run, null=True, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=120)  # what happened, told apart from every other time
    kind = models.CharField(max_length=8, choices=Kind.choices)
    sentence = models.TextField()
    at = models.DateTimeField(auto_now_add=True)
    told = models.JSONField(default=list)  # the names of the supervisors who were told; none: nobody supervised it

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["campaign", "key"], name="one_notice_per_event")]

    def __str__(self) -> str:
        return self.sentence


class Installation(models.Model):
    """The one row of what an administrator decides for the whole installation, and when it was last cleaned."""

    history_days = models.PositiveIntegerField(
        _("history in days"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST)],
        help_text=_(
            "How long the log, the alerts and the files of a run are kept after its end. A campaign may say otherwise."
        ),
    )
    archive_days = models.PositiveIntegerField(
        _("archived campaigns in days"),
        default=30,
        validators=[MaxValueValidator(LONGEST)],
        help_text=_("How long an archived campaign can be restored; then it is removed. 0 keeps it for ever."),
    )
    audit_days = models.PositiveIntegerField(
        _("audit trail in days"),
        default=0,
        validators=[keeps_long_enough, MaxValueValidator(LONGEST)],
        help_text=_("How long the entries of the audit trail are kept: at least 90 days. 0 keeps them for ever."),
    )
    purge_due_at = models.DateTimeField(default=timezone.now, editable=False)
    purged_at = models.DateTimeField(null=True, editable=False)
    last_purge = models.JSONField(default=dict, editable=False)  # what went, in numbers
    policies_since = models.DateTimeField(null=True, editable=False)  # when an approval policy was first active

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installation")
        default_permissions = ("view", "change")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_installation")]

    def __str__(self) -> str:
        return str(_("this installation"))


class RemovedCampaign(models.Model):
    """What stays of a campaign that was removed from the archive: its name and the sums of its sendings."""

    slug = models.SlugField(max_length=80)
    name = models.CharField(max_length=120)
    owner = models.CharField(max_length=150, blank=True)
    archived_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(auto_now_add=True)
    runs = models.PositiveIntegerField(default=0)  # live ones
    totals = models.JSONField(default=list)  # a line per sending: label, channel, and the books
    places = models.JSONField(default=list)  # lake folders that are still to be removed; empty when all are gone

    class Meta:
        ordering = ["-removed_at", "-pk"]

    def __str__(self) -> str:
        return self.name
