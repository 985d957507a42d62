"""Approval policies: for which campaigns they hold, and whom they ask, stage by stage."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from orchcamp.accounts.access import PermittedQuerySet

FACETS = ("audience", "content", "schedule")
FACET_LABELS = {
    "audience": _("Audience"),
    "content": _("Content"),
    "schedule": _("Schedule and budget"),
}
EACH = 0  # of ``needed``: every person that is named, and somebody of every group
LONGEST = 24 * 365  # hours


def all_facets() -> list[str]:
    return list(FACETS)


def hours(label: object, **more: object) -> models.PositiveIntegerField:
    """A number of hours that may be left out."""
    bounds = [MinValueValidator(1), MaxValueValidator(LONGEST)]
    return models.PositiveIntegerField(label, null=True, blank=True, validators=bounds, **more)


class ApprovalPolicyQuerySet(PermittedQuerySet):
    def active(self) -> ApprovalPolicyQuerySet:
        return self.filter(status=ApprovalPolicy.Status.ACTIVE)

    def with_stages(self) -> ApprovalPolicyQuerySet:
        """With everything that is read of a policy, in as many queries however many there are."""
        return self.prefetch_related("stages__groups", "stages__people")


class ApprovalPolicy(models.Model):
    """Who has to approve campaigns of a kind; while it is active nobody changes it."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        INACTIVE = "inactive", _("Inactive")

    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)
    conditions = models.JSONField(default=dict, blank=True)  # a tree of all and any; nothing: every campaign
    deviation = models.PositiveIntegerField(
        _("deviation in percent"), null=True, blank=True, default=10, validators=[MaxValueValidator(1000)]
    )
    open_hours = hours(_("open for"))
    due_hours = hours(_("due after"))
    remind_hours = hours(_("remind before"))
    bulk = models.BooleanField(_("decide in bulk"), default=True)
    revision = models.PositiveIntegerField(default=0)
    activated_at = models.DateTimeField(null=True)
    activated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(auto_now=True)

    objects = ApprovalPolicyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("approval policy")
        verbose_name_plural = _("approval policies")

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE


class PolicyStage(models.Model):
    """One step of a policy: these groups and people sign these facets, before the next step begins."""

    policy = models.ForeignKey(ApprovalPolicy, on_delete=models.CASCADE, related_name="stages")
    position = models.PositiveSmallIntegerField()
    groups = models.ManyToManyField(Group, related_name="+", blank=True)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    named = models.PositiveSmallIntegerField(default=0)  # groups and people as it was written: some may be gone since
    needed = models.PositiveSmallIntegerField(default=1)  # so many different people; EACH: all that are named
    facets = models.JSONField(default=all_facets)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["policy", "position"], name="one_stage_per_position")]

    def __str__(self) -> str:
        return f"{self.policy} {self.position}"
