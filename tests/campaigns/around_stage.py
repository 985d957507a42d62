"""What is tried where nothing may launch: half-signed requests, what workers do, and that nothing ran."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns import launching, lifecycle, signals, tasks
from campaigns.models import Approval, Campaign, CampaignVersion, NodeRun, Run
from orchcamp.accounts.models import User
from orchcamp.web.errors import Refused

DAILY = {"frequency": "daily", "at": "09:00"}


def half_signed(campaign: Campaign, mark: User, anna: User) -> Approval:
    """A request that one of two has signed."""
    approval = lifecycle.submit(Campaign.objects.get(pk=campaign.pk).draft(), by=mark)
    lifecycle.approve(approval, by=anna)
    assert Approval.objects.get(pk=approval.pk).status == "waiting"
    return approval


def signed(campaign: Campaign, mark: User, anna: User, otto: User) -> Campaign:
    lifecycle.approve(half_signed(campaign, mark, anna), by=otto)
    return Campaign.objects.get(pk=campaign.pk)


def attempt(act: Callable[[], object]) -> None:
    """Try it; what is refused is refused in a sentence."""
    try:
        with transaction.atomic():
            act()
    except (Refused, IntegrityError) as refusal:
        assert str(refusal).strip()


def signal(campaign: Campaign, *, by: User) -> None:
    signals.send(campaign, {}, key=str(timezone.now().timestamp()), source="test", by=by)


def work() -> None:
    """What workers and clocks do, now and for the next days; a task that is delivered again changes nothing."""
    for moment in (timezone.now(), timezone.now() + timedelta(days=2)):
        for pk in [*launching.due(moment), *Campaign.objects.values_list("pk", flat=True)]:
            attempt(lambda pk=pk, moment=moment: launching.decide(pk, moment))
    tasks.recover()
    for run in Run.objects.live():
        for _again in range(2):
            tasks.advance(run.pk)
    for node in NodeRun.objects.filter(run__mode=Run.Mode.LIVE):
        tasks.execute_node(node.pk)


def nothing_ran(*, but: int | None = None) -> None:
    """No live run, and no version in force, but of the one that was approved."""
    assert not Run.objects.live().exclude(version=but).exists()
    assert not CampaignVersion.objects.exclude(published_at=None).exclude(pk=but).exists()
