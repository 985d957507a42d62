"""The two ends of a run: how it begins, and how it is closed before its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from . import assumptions, following
from .advance import REVIEW, note
from .approvals import guard
from .contexts import demand_runnable, draft_context
from .errors import WrongStatus
from .models import Campaign, CampaignVersion, NodeRun, Run
from .pins import pins

S = NodeRun.Status
SCHEDULE, BY_HAND = "schedule", "by hand"  # what began a run that its campaign is launched with
LAUNCHED = (SCHEDULE, BY_HAND)
BEGAN = {
    Run.Mode.TEST: gettext_lazy("A test run began."),
    Run.Mode.DRY: gettext_lazy("A dry run began: nothing is sent, and nothing is changed."),
    Run.Mode.LIVE: gettext_lazy("A live run began."),
}


def start(
    version: CampaignVersion,
    *,
    mode: str,
    by: User | None = None,
    scheduled_for: datetime | None = None,
    trigger: str = "",
    variables: Mapping[str, Any] | None = None,
    answers: Mapping[str, str] | None = None,
) -> Run:
    """Begin a run over pinned snapshots and a copy of the canvas; the same slot twice is the same run.

    ``variables`` go before the campaign's: what a signal brought. ``answers`` (node -> code): what a dry run assumes.
    """
    if mode == Run.Mode.LIVE and version.published_at is None:
        raise WrongStatus(_("Only a published version can run live; have it approved and publish it first."))
    ctx = draft_context(version.planned())
    demand_runnable(version, mode=mode, ctx=ctx)
    given = assumptions.read(version.graph, answers or {}) if mode == Run.Mode.DRY else {}
    if mode != Run.Mode.LIVE and trigger != "review":
        _stop_older(version, mode)
    facts = {
        "campaign": version.campaign,
        "document": version.document,
        "snapshots": pins(ctx.model, version.document),
        "variables": {**(version.planned().variables if mode == Run.Mode.LIVE else ctx.variables), **(variables or {})},
        "memory": dict(ctx.memories),
        "files": dict(ctx.files),
        "started_by": by,
        "policy": version.planned().settings,
        "trigger": trigger or mode,
    }
    try:
        with transaction.atomic():
            slot = scheduled_for or timezone.now()
            if mode == Run.Mode.LIVE:
                _demand_live(version, slot)
                guard.demand_approved(version)
            run, made = Run.objects.get_or_create(version=version, scheduled_for=slot, mode=mode, defaults=facts)
            if made:
                nodes = [NodeRun(run=run, node_id=id, answer=given.get(id, "")) for id in version.graph.order()]
                NodeRun.objects.bulk_create(nodes)
                note(run, str(BEGAN[Run.Mode(mode)]), by=by)
                audit.record(by, f"started {mode} run", version.campaign, run=run.pk, version=version.number)
                if run.trigger in LAUNCHED:
                    following.happened(version.campaign, "run_began", by=by, run=run)
    except IntegrityError:
        raise WrongStatus(
            _("“%(name)s” is running live already; wait for that run to end, or stop it.")
            % {"name": version.campaign.name}
        ) from None
    return run


def _demand_live(version: CampaignVersion, slot: datetime) -> None:
    """Raise WrongStatus unless the campaign is live, or becomes so by this run; a slot that was begun before is no new run.

    The update holds the campaign's row until the run is made: who takes the campaign back to draft, pauses or stops
    it at that moment comes before the run, or finds it.
    """
    armed = (Campaign.Status.SCHEDULED, Campaign.Status.LIVE)
    campaigns = Campaign.objects.filter(pk=version.campaign_id, status__in=armed)
    if campaigns.update(status=F("status")):
        return
    if Run.objects.live().filter(version=version, scheduled_for=slot).exists():
        return
    campaign = Campaign.objects.get(pk=version.campaign_id)
    raise WrongStatus(
        _("“%(name)s” is %(status)s, not live: no run begins.")
        % {"name": campaign.name, "status": campaign.get_status_display().lower()}
    )


def _stop_older(version: CampaignVersion, mode: str) -> None:
    """A new test makes the one that is still on pointless, a new dry run the one before it."""
    said = _("Stopped: a newer test began.") if mode == Run.Mode.TEST else _("Stopped: a newer dry run began.")
    for run in Run.objects.open().filter(mode=mode, campaign=version.campaign_id).exclude(trigger=REVIEW):
        if end(run, Run.Status.STOPPED):
            note(run, said)


def end(run: Run, target: str, *, also: str | None = None) -> bool:
    """Close a run and every node of it that is not settled; whether it was open."""
    sources = [Run.Status.RUNNING, Run.Status.PAUSED, *filter(None, [also])]
    with transaction.atomic():
        now = timezone.now()
        if not Run.objects.filter(pk=run.pk, status__in=sources).update(status=target, finished_at=now):
            return False
        run.status, run.finished_at = target, now
        unsettled = NodeRun.objects.filter(run=run).exclude(status__in=[*NodeRun.SETTLED, S.FAILED])
        unsettled.update(status=S.STOPPED, waiting_for="", lease_until=None, finished_at=now)
    return True
