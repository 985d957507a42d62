"""What waits for one person: approvals, questions, sendings to confirm, tasks, doubtful messages, what failed."""

from __future__ import annotations

from django.db.models import Count, Exists, F, IntegerField, Min, OuterRef, Q, QuerySet, Subquery, Value

from orchcamp.accounts import access
from orchcamp.accounts.models import Notification, User

from .controls import workers_heard
from .models import (
    Alert,
    Approval,
    Campaign,
    CampaignVersion,
    Decision,
    Delegation,
    DoubtfulMessage,
    Launch,
    Mention,
    NodeRun,
    Question,
    Requirement,
    Run,
    Task,
)
from .questions import put_to
from .work import finding


def _where(user: User, action: str, name: str) -> Q:
    return access.reached(user, action, Campaign, name)


def approvals(user: User) -> QuerySet[Approval]:
    """Requests of which the person may sign something now: nothing that they wrote or asked for, and what asks them, one
    of their groups, whoever asked them to stand in, or administrators where too few of the named are left."""
    own = Q(requested_by=user) | Q(version__author=user) | Q(version__in=user_versions(user))
    mine, asks = _requirements_of(user), Requirement.objects.filter(approval=OuterRef("pk"))
    return (
        Approval.objects.filter(_where(user, "approve", "version__campaign"), status=Approval.Status.WAITING)
        .exclude(pk__in=Approval.objects.filter(own).values("pk"))
        .filter(Q(pk__in=mine.values("approval")) | ~Exists(asks))  # nothing: from before there were policies
        .select_related("version__campaign", "requested_by", "test_run")
    )


def _requirements_of(user: User) -> QuerySet[Requirement]:
    """What the person could sign now, but for their own work; ``approvals.deciders`` says it of one request."""
    every, lent = Requirement.objects.all(), F("approval__delegations__by")
    to_me = {"approval__delegations__to": user}
    own = every.filter(Q(anyone=True) | Q(people=user) | Q(groups__in=user.groups.values("pk")))
    ways = Q(pk__in=own.exclude(approval__in=Delegation.objects.filter(by=user).values("approval")).values("pk"))
    for asked_by in ({"people": lent}, {"groups__user": lent}, {"anyone": True}):
        ways |= Q(pk__in=every.filter(**to_me, **asked_by).values("pk"))
    if access.administers(user):
        ways |= Q(escalated_at__isnull=False)
    signed = Decision.objects.filter(Q(by=user) | Q(on_behalf_of=user), verdict=Decision.Verdict.APPROVE)
    return every.filter(ways, status=Requirement.Status.OPEN).exclude(pk__in=signed.values("requirement"))


def user_versions(user: User) -> QuerySet:
    """The versions that the person has changed."""
    return CampaignVersion.objects.filter(editors=user).values("pk")


def sendings(user: User) -> QuerySet[NodeRun]:
    """Prepared sendings that the person may let go."""
    return (
        NodeRun.objects.filter(
            _where(user, "confirm", "run__campaign"),
            status=NodeRun.Status.WAITING,
            waiting_for=NodeRun.WaitingFor.CONFIRMATION,
            run__status__in=[Run.Status.RUNNING, Run.Status.PAUSED],
        )
        .select_related("run__campaign", "run__version")
        .order_by("started_at", "pk")
    )


def asked(user: User) -> QuerySet[Question]:
    """Questions of running campaigns that are put to the person."""
    return put_to(user).filter(_where(user, "view", "node_run__run__campaign")).order_by("expires_at", "asked_at")


def alerts(user: User) -> QuerySet[Alert]:
    """What alert nodes said and the person has not read."""
    found = Alert.objects.filter(_where(user, "view", "run__campaign")).exclude(read_by=user)
    return found.select_related("run__campaign")


def tasks(user: User) -> QuerySet[Task]:
    """What the person has to do, and what a team of theirs has and nobody has taken, the urgent first."""
    mine = Task.objects.filter(_where(user, "view", "campaign"), finding.given_to(user), status__in=Task.ACTIVE)
    return finding.urgent_first(mine).select_related("campaign", "assignee", "group", "created_by")


def mentioned(user: User) -> QuerySet[Mention]:
    """Comments that name the person and of which they have not taken note, the latest first."""
    found = Mention.objects.filter(_where(user, "view", "comment__campaign"), person=user, noted_at=None)
    of_what = ("comment__author", "comment__campaign", "comment__version", "comment__run", "comment__task")
    return found.select_related(*of_what).order_by("-pk")


def doubtful(user: User) -> QuerySet[DoubtfulMessage]:
    """Messages that were begun and never answered, which the person may resolve."""
    return DoubtfulMessage.objects.filter(
        _where(user, "confirm", "batch__node_run__run__campaign"), resolution=DoubtfulMessage.Resolution.OPEN
    ).select_related("batch__node_run__run__campaign", "batch__delivery")


def doubtful_runs(user: User) -> QuerySet[Run]:
    """The runs with such messages, each with how many (``in_doubt``), the longest in doubt first."""
    found = Run.objects.filter(
        _where(user, "confirm", "campaign"),
        nodes__batches__doubtful__resolution=DoubtfulMessage.Resolution.OPEN,
    )
    counted = found.annotate(
        in_doubt=Count("nodes__batches__doubtful"), doubtful_since=Min("nodes__batches__doubtful__begun_at")
    )
    return counted.select_related("campaign", "version").order_by("doubtful_since", "pk")


def failed_runs(user: User) -> QuerySet[Run]:
    """Live runs in error that the person may resume or stop."""
    return (
        Run.objects.live()
        .filter(
            _where(user, "publish", "campaign"),
            status=Run.Status.FAILED,
            campaign__status=Campaign.Status.LIVE,
        )
        .select_related("campaign", "version")
        .defer("document", "version__document")
    )


def failed_launches(user: User) -> QuerySet[Launch]:
    """The last launch of each campaign in force that could not begin; a later one that began settles it."""
    better = Launch.objects.filter(campaign=OuterRef("campaign"), slot__gt=OuterRef("slot"))
    later = better.filter(status__in=[Launch.Status.LAUNCHED, Launch.Status.FAILED])
    in_force = [Campaign.Status.SCHEDULED, Campaign.Status.LIVE, Campaign.Status.PAUSED]
    failed = Launch.objects.filter(_where(user, "publish", "campaign"), status=Launch.Status.FAILED)
    return failed.filter(~Exists(later), campaign__status__in=in_force).select_related("campaign")


KINDS = {  # what waits for a person, and with it what alert nodes said, which asks for nothing
    "approvals": approvals,
    "sendings": sendings,
    "questions": asked,
    "tasks": tasks,
    "mentions": mentioned,
    "doubtful": doubtful,
    "failed_runs": failed_runs,
    "failed_launches": failed_launches,
    "alerts": alerts,
}


MENU = {"approvals": ("approvals", "questions"), "work": ("total",)}  # section of the menu -> what waits there


def menu(found: dict[str, int]) -> dict[str, int]:
    """The numbers beside the entries of the menu, of what ``counts`` found; nothing of nothing."""
    return {section: sum(found[name] for name in names) for section, names in MENU.items()} if found else {}


def counts(user: User) -> dict[str, int]:
    """How much waits, by kind, in one query.

    ``total`` is what asks for something, ``unread`` the number on the bell, ``silent`` whether no worker is there.
    """
    numbers = {name: _count(waiting(user)) for name, waiting in KINDS.items()}
    numbers["unread"] = _count(Notification.objects.in_bell(user).unread())
    *row, heard = User.objects.filter(pk=user.pk).values_list(*numbers.values(), Exists(workers_heard())).get()
    found = {name: number or 0 for name, number in zip(numbers, row, strict=True)}
    return {**found, "total": sum(found[name] for name in KINDS) - found["alerts"], "silent": not heard}


def _count(rows: QuerySet) -> Subquery:
    everything = rows.order_by().annotate(everything=Value(1)).values("everything")
    return Subquery(
        everything.annotate(number=Count("pk", distinct=True)).values("number"), output_field=IntegerField()
    )
