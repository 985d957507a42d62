"""Launches by the clock: each slot of a schedule is decided exactly once, whatever workers do and however many there are.

The cursor ``Campaign.next_launch_at`` moves by conditional update, in one transaction with the slot's ``Launch`` and its
run: who moved it decided, who came second finds nothing to do, and a worker that dies leaves everything as it was.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchcamp.accounts import audit
from orchcamp.accounts.models import User
from orchcamp.datasets import engine
from orchcamp.web.errors import Refused

from . import beginning, launches, status
from .arming import arm, disarm, finish, goes_on
from .beginning import BY_HAND, SCHEDULE
from .errors import WrongStatus
from .models import Campaign, Launch, Run
from .schedules import moments, value
from .schedules.value import Schedule

__all__ = ["arm", "decide", "disarm", "due", "finish", "goes_on", "launch_now"]

S = Campaign.Status
L = Launch.Status
GRACE = timedelta(minutes=10)  # a slot that nobody took for so long is a missed one
MOST = 100  # missed slots of one downtime that are written down, the newest ones


def due(now: datetime | None = None) -> list[int]:
    """The campaigns of which a slot is due, or whose queued launch may begin now."""
    now = now or timezone.now()
    _disarm_others()
    _arm_others(now)
    busy = Run.objects.open().live().filter(campaign=OuterRef("pk"))
    queued = Launch.objects.filter(campaign=OuterRef("pk"), status=L.QUEUED)
    known = Campaign.objects.filter(status__in=(*launches.ARMED, S.PAUSED))
    free = Q(Exists(queued), ~Exists(busy), status__in=launches.ARMED)
    found = known.filter(Q(next_launch_at__lte=now) | free)
    return list(found.order_by("next_launch_at", "pk").values_list("pk", flat=True))


def _disarm_others() -> None:
    """A campaign that is out of force has no slot that comes next, and what it queued does not begin."""
    in_force = (*launches.ARMED, S.PAUSED)
    Campaign.objects.filter(next_launch_at__isnull=False).exclude(status__in=in_force).update(next_launch_at=None)
    said = _("The campaign was taken out of force before its turn came.")
    queued = Launch.objects.filter(status=L.QUEUED).exclude(campaign__status__in=in_force)
    queued.update(status=L.SKIPPED, reason=said, decided_at=timezone.now())


def _arm_others(now: datetime) -> None:
    """A campaign that came into force again without its run, after a stop, launches by its schedule from now on."""
    ran = Run.objects.live().filter(campaign=OuterRef("pk"))
    idle = Campaign.objects.filter(status__in=launches.ARMED, next_launch_at=None)
    again = Q(schedule__frequency__in=value.REPEATING) | Q(~Exists(ran), schedule__frequency=value.ONCE)
    for campaign in idle.filter(again):
        arm(campaign, now)


def decide(pk: int, now: datetime | None = None) -> Run | None:
    """Decide what is due of one campaign; the run that began, if one did."""
    now = now or timezone.now()
    campaign = Campaign.objects.get(pk=pk)
    schedule = launches.of(campaign)
    if schedule is None:  # nothing that is published: ``arming.first`` refused it
        _moved(campaign, None)
        return None
    if campaign.next_launch_at is not None and campaign.next_launch_at <= now:
        if campaign.status == S.PAUSED:
            _pass_by(campaign, schedule, now)
        else:
            return _take(campaign, schedule, now)
    return _from_queue(pk, now)


# --- Which slots ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slots:
    """The slots from the cursor to now, and the one after."""

    begin: list[datetime]  # that are to launch, in order
    missed: list[datetime]  # that are not, the newest of them
    forgotten: int  # how many more were missed before those
    following: datetime | None


def _slots(campaign: Campaign, schedule: Schedule, now: datetime) -> Slots:
    assert campaign.next_launch_at is not None
    zone, late, begin, count = launches.zone(campaign), deque[datetime](maxlen=MOST + 1), list[datetime](), 0
    for slot in moments.launches(schedule, zone, campaign.next_launch_at - moments.JUST, now):
        if slot < now - GRACE:
            late.append(slot)
            count += 1
        else:
            begin.append(slot)
    if schedule.missed == value.RUN_ONCE and late and not begin:
        begin = [late.pop()]
        count -= 1
    missed = list(late)[-MOST:]
    following = next(iter(moments.upcoming(schedule, zone, now, 1)), None)
    return Slots(begin, missed, count - len(missed), following)


def _moved(campaign: Campaign, to: datetime | None) -> bool:
    """Move the cursor, unless another worker has, or the campaign's status changed meanwhile."""
    mine = Campaign.objects.filter(pk=campaign.pk, status=campaign.status, next_launch_at=campaign.next_launch_at)
    if not mine.update(next_launch_at=to):
        return False
    campaign.next_launch_at = to
    return True


def _take(campaign: Campaign, schedule: Schedule, now: datetime) -> Run | None:
    """Launch what is to launch and write down what was missed; the last run that began."""
    slots, run = _slots(campaign, schedule, now), None
    with transaction.atomic():
        if not _moved(campaign, slots.following):
            return None
        _record_missed(campaign, slots)
        for slot in slots.begin:
            run = _launch(campaign, schedule, slot, now) or run
        _rest(campaign, schedule)
    return run


def _record_missed(campaign: Campaign, slots: Slots) -> None:
    said = _("No worker was there at that moment.")
    rows = [Launch(campaign=campaign, slot=slot, status=L.MISSED, reason=said) for slot in slots.missed]
    if rows and slots.forgotten:
        more = ngettext("%(n)s earlier one was missed too.", "%(n)s earlier ones were missed too.", slots.forgotten)
        rows[0].reason += " " + more % {"n": slots.forgotten}
    Launch.objects.bulk_create(rows, ignore_conflicts=True)


def _pass_by(campaign: Campaign, schedule: Schedule, now: datetime) -> None:
    """While a campaign is paused its slots pass by; the one moment of “once” waits until somebody resumes it."""
    if schedule.frequency == value.ONCE:
        return
    slots = _slots(campaign, schedule, now)
    said = _("The campaign was paused at that moment.")
    with transaction.atomic():
        if _moved(campaign, slots.following):
            gone = [*slots.missed, *slots.begin]
            rows = [Launch(campaign=campaign, slot=slot, status=L.SKIPPED, reason=said) for slot in gone]
            Launch.objects.bulk_create(rows, ignore_conflicts=True)
            _rest(campaign, schedule)


# --- One slot ----------------------------------------------------------------------------------------------


def _launch(campaign: Campaign, schedule: Schedule, slot: datetime, now: datetime) -> Run | None:
    """Decide one slot: a run, a place in the queue, or a reason why not. Nothing when it was decided before."""
    launch, new = Launch.objects.get_or_create(campaign=campaign, slot=slot, defaults={"status": L.LAUNCHED})
    if not new:
        return None
    busy = Run.objects.open().live().filter(campaign=campaign).first()
    if busy is None:
        return _begin(launch, now)
    facts = {"run": busy.pk}
    if schedule.overlap == value.QUEUE:
        later = _("A later launch took its place in the queue: run %(run)s was still on.") % facts
        waiting = Launch.objects.filter(campaign=campaign, status=L.QUEUED)
        waiting.update(status=L.SKIPPED, reason=later, decided_at=timezone.now())
        launch.status, launch.reason = L.QUEUED, _("Run %(run)s was still on; this one begins when it ends.") % facts
    else:
        launch.status, launch.reason = L.SKIPPED, _("Run %(run)s was still on.") % facts
    launch.save()
    return None


def _begin(launch: Launch, now: datetime) -> Run | None:
    """The run of a slot, with the data of this moment; where it cannot begin, the launch says why and is not tried again."""
    campaign = launch.campaign
    try:
        with transaction.atomic():
            version = campaign.published_version()
            if version is None:
                raise WrongStatus(_("“%(name)s” has no published version.") % {"name": campaign.name})
            version.campaign = campaign
            moment = _moment(launch, now)
            launch.run = beginning.start(version, mode=Run.Mode.LIVE, scheduled_for=moment, trigger=SCHEDULE)
            launch.status, launch.reason = L.LAUNCHED, ""
            if campaign.status == S.SCHEDULED:
                status.move(campaign, "launch")
    except (Refused, engine.Failed) as refusal:
        launch.run, launch.status, launch.reason = None, L.FAILED, str(refusal)
        audit.record(None, "could not launch", campaign, slot=launch.slot.isoformat(), error=launch.reason)
    launch.save()
    return launch.run


def _moment(launch: Launch, now: datetime) -> datetime:
    """From when the run reckons: its slot; where it comes late, or after another run, the moment at which it begins.

    So what a query remembers of its last run never goes back in time, and nobody is taken for new twice.
    """
    after = Run.objects.live().filter(campaign=launch.campaign, scheduled_for__gte=launch.slot)
    return now if now - launch.slot > GRACE or after.exists() else launch.slot


def _from_queue(pk: int, now: datetime) -> Run | None:
    """Begin the launch that waits for the run before it, when that one has ended."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().filter(pk=pk, status__in=launches.ARMED).first()
        waiting = campaign and campaign.launches.filter(status=L.QUEUED).first()
        if not campaign or not waiting or Run.objects.open().live().filter(campaign=campaign).exists():
            return None
        waiting.campaign = campaign
        run = _begin(waiting, now)
        _rest(campaign, launches.of(campaign))
    return run


def _rest(campaign: Campaign, schedule: Schedule | None) -> None:
    """Close a campaign that has nothing more to come and nothing in flight; not one whose only launch failed."""
    if goes_on(campaign) or Run.objects.open().live().filter(campaign=campaign).exists():
        return
    failed = campaign.launches.filter(status=L.FAILED).exists()
    if not (failed and schedule is not None and schedule.frequency == value.ONCE):
        status.moved(campaign, "close")


# --- By a person --------------------------------------------------------------------------------------------


def launch_now(campaign: Campaign, *, by: User | None) -> Run:
    """A run now, by hand: the one of “once” before its time, or one beside those of a schedule that repeats."""
    if refusal := not_launched_now(campaign):
        raise WrongStatus(refusal)
    with transaction.atomic():
        once = not launches.repeats(campaign)
        if once and not _moved(campaign, None):
            raise WrongStatus(_("“%(name)s” has just been launched; follow its run.") % {"name": campaign.name})
        version = campaign.published_version()
        assert version is not None
        run = beginning.start(version, mode=Run.Mode.LIVE, by=by, trigger=BY_HAND)
        said = _("By hand, by %(by)s.") % {"by": by or _("the system")}
        facts = {"status": L.LAUNCHED, "run": run, "reason": said}
        Launch.objects.update_or_create(campaign=campaign, slot=run.scheduled_for, defaults=facts)
        status.move(campaign, "launch", by=by)
        audit.record(by, "launched now", campaign, run=run.pk)
    return run


def not_launched_now(campaign: Campaign) -> str:
    """Why a campaign cannot be launched by hand now; empty when it can."""
    facts = {"name": campaign.name, "status": campaign.get_status_display().lower()}
    if not launches.by_clock(campaign):
        return _("Only a scheduled or repeating campaign can be launched now; “%(name)s” is %(status)s.") % facts
    if Run.objects.open().live().filter(campaign=campaign).exists():
        return _("A run of “%(name)s” is on; wait until it has ended.") % facts
    return ""
