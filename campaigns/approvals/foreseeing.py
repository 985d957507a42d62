"""Which of the last campaigns a policy would have held for, and whom it would have asked: looked at before it works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from activities import catalogue
from campaigns.models import Approval, ApprovalPolicy, Campaign, CampaignVersion, Folder, NodeRun, PolicyStage, Run
from campaigns.models.policy import EACH, FACET_LABELS, FACETS
from orchcamp.accounts.models import User
from orchcamp.datasets.models import Dataset

from . import conditions, subjects

LAST = 50


@dataclass(frozen=True)
class Line:
    """One campaign as a policy would have met it."""

    version: CampaignVersion
    requester: User | None
    size: int | None
    holds: bool
    asked: list[str]  # in words, stage by stage
    barred: list[str]  # who is named, and wrote it or asked
    others: list[str]  # other active policies that hold for it

    @property
    def campaign(self) -> Campaign:
        return self.version.campaign


@dataclass(frozen=True)
class Known:
    """What is needed of all campaigns, each asked once."""

    counts: Mapping[int, subjects.Counts]  # version -> what is known of its counts
    approvals: Mapping[int, Approval]
    parents: Mapping[int, int | None]


def preview(policy: ApprovalPolicy, campaigns: Any) -> list[Line]:
    """The last campaigns that changed, those for which the policy would hold first; as many queries however many."""
    versions = _versions(campaigns)
    known = _known(versions)
    others = [one for one in ApprovalPolicy.objects.active() if one.pk != policy.pk]
    stages = list(policy.stages.all())
    lines = [_line(version, policy, stages, others, known) for version in versions]
    return sorted(lines, key=lambda line: not line.holds)


def _versions(campaigns: Any) -> list[CampaignVersion]:
    """Of each of the last campaigns the version frozen last, else its draft."""
    mine = CampaignVersion.objects.filter(campaign=OuterRef("pk")).order_by("-number").values("pk")
    shown = Coalesce(Subquery(mine.exclude(frozen_at=None)[:1]), Subquery(mine[:1]))
    last = campaigns.annotate(shown=shown).order_by("-modified_at", "-pk").values_list("shown", flat=True)[:LAST]
    keys = [pk for pk in last if pk is not None]
    found = CampaignVersion.objects.filter(pk__in=keys).select_related("campaign", "author")
    at = {pk: place for place, pk in enumerate(keys)}
    return sorted(found.prefetch_related("author__groups", "editors"), key=lambda version: at[version.pk])


def _known(versions: list[CampaignVersion]) -> Known:
    asked = Approval.objects.filter(version__in=versions).select_related("requested_by").order_by("pk")
    approvals = {one.version_id: one for one in asked.prefetch_related("requested_by__groups")}
    counts: dict[int, subjects.Counts] = {pk: one.counts for pk, one in approvals.items() if one.counts}
    uncounted = {version.pk: version for version in versions if version.pk not in counts}
    runs = Run.objects.filter(version__in=uncounted, status=Run.Status.SUCCEEDED).order_by("pk")
    latest = {version: run for run, version in runs.values_list("pk", "version")}
    rows: dict[int, list[NodeRun]] = {}
    for node in NodeRun.objects.filter(run__in=latest.values()).exclude(outputs={}):
        rows.setdefault(node.run_id, []).append(node)
    for version, run in latest.items():
        counts[version] = {
            node.node_id: {port: kept["rows"] for port, kept in node.outputs.items() if port in node.follows}
            for node in rows.get(run, [])
        }
    return Known(counts, approvals, subjects.parents())


def _line(
    version: CampaignVersion,
    policy: ApprovalPolicy,
    stages: list[PolicyStage],
    others: list[ApprovalPolicy],
    known: Known,
) -> Line:
    approval = known.approvals.get(version.pk)
    requester = approval.requested_by if approval is not None else version.author
    subject = subjects.of(version, requester=requester, counts=known.counts.get(version.pk), parents=known.parents)
    holds = conditions.hold(policy.conditions, subject)
    own = {requester.pk if requester else None, version.author_id, *(user.pk for user in version.editors.all())}
    barred = {str(user) for stage in stages for user in stage.people.all() if user.pk in own}
    return Line(
        version,
        requester,
        subject.size,
        holds,
        [stage_in_words(stage) for stage in stages] if holds else [],
        sorted(barred) if holds else [],
        [one.name for one in others if conditions.hold(one.conditions, subject)],
    )


# --- In words -----------------------------------------------------------------------------------------


def stage_in_words(stage: PolicyStage) -> str:
    """Whom a stage asks, and for what."""
    names = [str(user) for user in stage.people.all()]
    names += [_("somebody of “%(group)s”") % {"group": group.name} for group in stage.groups.all()]
    facts = {"n": stage.needed, "names": ", ".join(names) or _("nobody"), "facets": facets_in_words(stage.facets)}
    if stage.needed == EACH:
        return _("each of: %(names)s; for %(facets)s") % facts
    return _("%(n)s of: %(names)s; for %(facets)s") % facts


def facets_in_words(facets: Iterable[str]) -> str:
    """What is signed; all three are “everything”."""
    found = [str(FACET_LABELS[facet]).lower() for facet in FACETS if facet in facets]
    return _("everything") if len(found) == len(FACETS) else get_text_list(found, _("and"))


def names() -> dict[str, dict[Any, str]]:
    """What people call the values of conditions."""
    return {
        "channel": {cls.key: str(cls.label) for cls in catalogue.all_types()},
        "dimension": dict(Dataset.objects.values_list("slug", "label")),
        "folder": dict(Folder.objects.values_list("pk", "name")),
        "group": dict(Group.objects.values_list("pk", "name")),
    }


def condition_in_words(policy: ApprovalPolicy, known: Mapping[str, Mapping[Any, str]]) -> str:
    """For which campaigns a policy holds; people are asked for by name only where one is named."""
    asked = [leaf["value"] for leaf in conditions.leaves(policy.conditions) if leaf["field"] == "requester"]
    people = {user.pk: str(user) for user in User.objects.filter(pk__in=asked)} if asked else {}
    return conditions.words(policy.conditions, {**known, "requester": people})
