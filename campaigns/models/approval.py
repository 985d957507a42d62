"""A question put to approvers about one frozen version: what each policy requires, and what people answered."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .campaign import CampaignVersion
from .policy import FACET_LABELS, ApprovalPolicy, all_facets
from .run import Run


def person(related: str = "+", **more: Any) -> models.ForeignKey:
    """Somebody; whoever leaves takes no history along."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name=related, **more
    )


class Approval(models.Model):
    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        APPROVED = "approved", _("Approved")
        SENT_BACK = "sent_back", _("Sent back")
        CANCELLED = "cancelled", _("Cancelled")
        EXPIRED = "expired", _("Expired")

    version = models.ForeignKey(CampaignVersion, on_delete=models.CASCADE, related_name="approvals")
    test_run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")  # the dry run it shows
    counts = models.JSONField(default=dict)  # node -> port -> rows, as that run saw them
    targeted = models.JSONField(default=dict)  # channel node -> rows that arrived there
    hashes = models.JSONField(default=dict)  # facet -> what is signed of it; empty: asked before there were facets
    deviation = models.PositiveIntegerField(null=True)  # percent by which a launch may differ; None: by any number
    bulk = models.BooleanField(default=True)  # whether it may be decided together with others
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    requested_by = person("requested_approvals")
    requested_at = models.DateTimeField(auto_now_add=True)
    message = models.TextField(_("message"), blank=True)
    due_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    decided_by = person()
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
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="waiting"), name="approvals_by_expiry"),
            models.Index(fields=["remind_at"], condition=Q(status="waiting"), name="approvals_by_reminder"),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_status_display()}"


class Requirement(models.Model):
    """One stage of one policy, as it was when the approval was asked for: who signs what."""

    class Status(models.TextChoices):
        LATER = "later", _("Not yet its turn")
        OPEN = "open", _("Waiting")
        SATISFIED = "satisfied", _("Signed")

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="requirements")
    policy = models.ForeignKey(ApprovalPolicy, null=True, on_delete=models.SET_NULL, related_name="requirements")
    title = models.CharField(max_length=160)  # the policy's name; stays when that is deleted
    conditions = models.TextField(blank=True)  # for which campaigns it held, in words
    track = models.PositiveSmallIntegerField(
        default=0
    )  # stages of one policy follow each other, tracks go side by side
    stage = models.PositiveSmallIntegerField(default=1)
    facets = models.JSONField(default=all_facets)
    groups = models.ManyToManyField(Group, related_name="+")
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    named = models.PositiveSmallIntegerField(default=0)  # groups and people that were named, some may be gone since
    anyone = models.BooleanField(default=False)  # whoever may approve the campaign
    needed = models.PositiveSmallIntegerField(default=1)  # so many different people; 0: all that are named
    definition = models.CharField(max_length=64)  # tells whether another request asked the same of the same people
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.OPEN)
    satisfied_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)  # since then administrators may sign: too few of the named are left
    carried_from = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["track", "stage", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["approval", "track", "stage"], name="one_requirement_per_stage"),
            models.CheckConstraint(
                condition=Q(status="satisfied", satisfied_at__isnull=False)
                | (~Q(status="satisfied") & Q(satisfied_at=None)),
                name="satisfied_has_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.stage}"

    @property
    def facet_labels(self) -> list[str]:
        return [str(FACET_LABELS[facet]) for facet in self.facets if facet in FACET_LABELS]

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def is_satisfied(self) -> bool:
        return self.status == self.Status.SATISFIED


class Decision(models.Model):
    """What one person said about one requirement, and exactly what they signed."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("Approved")
        SEND_BACK = "send_back", _("Sent back")
        RESCHEDULE = "reschedule", _("Moved its date")

    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="decisions")
    by = person()
    by_name = models.CharField(max_length=200)  # stays when the person is deleted
    on_behalf_of = person()
    on_behalf_of_name = models.CharField(max_length=200, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    message = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)
    signed = models.JSONField(default=dict)  # facet -> hash

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["requirement", "by"], condition=Q(verdict="approve"), name="one_signature_per_person"
            ),
            models.UniqueConstraint(
                fields=["requirement", "on_behalf_of"], condition=Q(verdict="approve"), name="one_signature_per_mandate"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.signer}: {self.get_verdict_display()}"

    @property
    def signer(self) -> str:
        """“Anna”, or “Anna for Otto”."""
        if not self.on_behalf_of_name:
            return self.by_name
        return str(_("%(person)s for %(other)s") % {"person": self.by_name, "other": self.on_behalf_of_name})


class Delegation(models.Model):
    """Somebody decides one request in another's place."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="delegations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    message = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["approval", "by"], name="one_delegation_per_person"),
            models.CheckConstraint(condition=~Q(by=F("to")), name="nobody_delegates_to_themselves"),
        ]

    def __str__(self) -> str:
        return str(_("%(person)s for %(other)s") % {"person": self.to, "other": self.by})
