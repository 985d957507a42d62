"""Campaigns, their versions, and the folders they lie in."""

from __future__ import annotations

from copy import copy
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from activities.graph import Graph
from orchcamp.accounts.access import PermittedQuerySet
from orchcamp.accounts.models import User


def empty_canvas() -> dict:
    return Graph().to_json()


def zone_of(name: str) -> ZoneInfo:
    """The zone of a name; UTC for one that is unknown here."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")


class Folder(models.Model):
    """Where campaigns and other folders lie; sharing a folder shares what lies in it, at most three deep."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children", verbose_name=_("lies in")
    )
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    # what has to be shared of a folder for something to be done to its campaigns; anything else needs all of it
    OPENS: ClassVar = {"view": "view", "report": "view", "change": "change", "test": "change"}
    OPENS_ALL: ClassVar = "delete"

    objects = PermittedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("folder")
        verbose_name_plural = _("folders")

    def __str__(self) -> str:
        return self.name


class CampaignQuerySet(PermittedQuerySet):
    def active(self) -> CampaignQuerySet:
        return self.exclude(status=Campaign.Status.ARCHIVED)


class Campaign(models.Model):
    """What a team plans, has approved, and runs."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        SCHEDULED = "scheduled", _("Scheduled")
        LIVE = "live", _("Live")
        PAUSED = "paused", _("Paused")
        COMPLETED = "completed", _("Completed")
        CLOSED = "closed", _("Closed")
        STOPPED = "stopped", _("Stopped")
        ARCHIVED = "archived", _("Archived")

    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    tags = models.JSONField(_("tags"), default=list)
    dimension = models.SlugField(_("targeting dimension"), max_length=60)
    timezone = models.CharField(_("time zone"), max_length=60, default="UTC")
    variables = models.JSONField(default=dict)
    schedule = models.JSONField(default=dict)
    settings = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    former_status = models.CharField(max_length=10, blank=True)  # what a pause or an archive goes back to
    archived_at = models.DateTimeField(null=True, blank=True)
    next_launch_at = models.DateTimeField(null=True, blank=True)  # the slot that comes next; None: no clock launches it
    folder = models.ForeignKey(Folder, null=True, blank=True, on_delete=models.SET_NULL, related_name="campaigns")
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="campaigns")
    favourite_of = models.ManyToManyField(User, related_name="favourite_campaigns", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(auto_now=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-modified_at"]
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        indexes = [
            models.Index(fields=["-modified_at", "-id"], name="campaigns_by_change"),
            models.Index(fields=["name", "-id"], name="campaigns_by_name"),
            models.Index(fields=["status", "-modified_at", "-id"], name="campaigns_by_status"),
            models.Index(
                fields=["next_launch_at"],
                condition=Q(next_launch_at__isnull=False),
                name="campaigns_by_next_launch",
            ),
        ]
        permissions = [
            ("test_campaign", "Can run campaigns in test mode"),
            ("approve_campaign", "Can decide approvals"),
            ("publish_campaign", "Can publish, pause and stop campaigns"),
            ("confirm_campaign", "Can confirm sendings"),
            ("report_campaign", "Can see reports"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def by_signal(self) -> bool:
        """Whether its runs begin when a signal comes; such a campaign stays live between them."""
        return isinstance(self.schedule, dict) and self.schedule.get("frequency") == "signal"

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which its moments and days are meant; a name that is unknown here is UTC."""
        return zone_of(self.timezone)

    def draft(self) -> CampaignVersion | None:
        """The version that can be edited, if there is one."""
        return self.versions.filter(frozen_at=None).first()

    def latest_version(self) -> CampaignVersion:
        """The draft, else the version frozen last: what the canvas shows."""
        return self.versions.order_by("-number")[0]

    def published_version(self) -> CampaignVersion | None:
        """The version that was published last."""
        return self.versions.exclude(published_at=None).order_by("-published_at").first()


class CampaignVersion(models.Model):
    """One state of the canvas: a draft that changes by conditional update, or frozen for good."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    document = models.JSONField(default=empty_canvas)
    revision = models.PositiveIntegerField(default=0)
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    editors = models.ManyToManyField(User, related_name="+")  # everybody who changed it: none of them may approve it
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(auto_now=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField(_("why"), blank=True)  # said at its publication
    began_from = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    # what its runs depend on beside the canvas; empty: what the campaign says, of which it is the draft
    properties = models.JSONField(default=dict)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="one_version_per_number"),
            models.UniqueConstraint(fields=["campaign"], condition=Q(frozen_at=None), name="one_draft_per_campaign"),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(approved_at__isnull=False), name="published_means_approved"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {self.number}"

    @property
    def graph(self) -> Graph:
        """The canvas as a value, read once from each document."""
        document, graph = self.__dict__.get("_read", (None, None))
        if graph is None or document is not self.document:
            graph = Graph.from_json(self.document)
            self.__dict__["_read"] = (self.document, graph)
        return graph

    def hold(self, graph: Graph, document: dict) -> None:
        """Have this canvas and its document, as it was just stored."""
        self.document = document
        self.__dict__["_read"] = (document, graph)

    @property
    def is_draft(self) -> bool:
        return self.frozen_at is None

    def planned(self) -> Campaign:
        """The campaign as this version would have it run; to be read, not to be stored."""
        if not self.properties:
            return self.campaign
        twin = copy(self.campaign)
        for name, value in self.properties.items():
            setattr(twin, name, value)
        return twin
