"""What waits for one person: approvals, sendings to confirm, tasks, doubtful messages, failed runs."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from orchcamp.accounts.models import User

from .models import Approval, Campaign, CampaignVersion, DoubtfulMessage, NodeRun, Run, Task


def _where(user: User, action: str) -> QuerySet:
    return Campaign.objects.for_user(user, action).values("pk")


def approvals(user: User) -> QuerySet[Approval]:
    """Requests that the person may decide: not those they wrote or asked for."""
    own = Q(requested_by=user) | Q(version__author=user) | Q(version__in=user_versions(user))
    return (
        Approval.objects.filter(status=Approval.Status.WAITING, version__campaign__in=_where(user, "approve"))
        .exclude(pk__in=Approval.objects.filter(own).values("pk"))
        .select_related("version__campaign", "requested_by", "test_run")
    )


def user_versions(user: User) -> QuerySet:
    """The versions that the person has changed."""
    return CampaignVersion.objects.filter(editors=user).values("pk")


def sendings(user: User) -> QuerySet[NodeRun]:
    """Prepared sendings that the person may let go."""
    return (
        NodeRun.objects.filter(
            status=NodeRun.Status.WAITING,
            waiting_for=NodeRun.WaitingFor.CONFIRMATION,
            run__status__in=[Run.Status.RUNNING, Run.Status.PAUSED],
            run__campaign__in=_where(user, "confirm"),
        )
        .select_related("run__campaign", "run__version")
        .order_by("started_at", "pk")
    )


def tasks(user: User) -> QuerySet[Task]:
    """What others gave the person to do, the urgent first."""
    mine = Task.objects.filter(assignee=user, campaign__in=_where(user, "view")).exclude(status=Task.Status.DONE)
    return mine.select_related("campaign", "created_by").order_by(F("due_on").asc(nulls_last=True), "pk")


def doubtful(user: User) -> QuerySet[DoubtfulMessage]:
    """Messages that were begun and never answered, which the person may resolve."""
    return DoubtfulMessage.objects.filter(
        resolution=DoubtfulMessage.Resolution.OPEN, batch__node_run__run__campaign__in=_where(user, "confirm")
    ).select_related("batch__node_run__run__campaign", "batch__delivery")


def failed_runs(user: User) -> QuerySet[Run]:
    """Live runs in error that the person may resume or stop."""
    return (
        Run.objects.live()
        .filter(
            status=Run.Status.FAILED,
            campaign__status=Campaign.Status.LIVE,
            campaign__in=_where(user, "publish"),
        )
        .select_related("campaign", "version")
    )


def counts(user: User) -> dict[str, int]:
    """How much waits, by kind; ``total`` for the badge in the menu."""
    found = {
        "approvals": approvals(user).count(),
        "sendings": sendings(user).count(),
        "tasks": tasks(user).count(),
        "doubtful": doubtful(user).count(),
        "failed_runs": failed_runs(user).count(),
    }
    return {**found, "total": sum(found.values())}
