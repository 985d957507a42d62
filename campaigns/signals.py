"""Signals: they release a node that waits for one, or begin a run of a campaign whose schedule is “by signal”."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import catalogue, variables
from orchcamp.accounts import audit
from orchcamp.accounts.models import ApiToken, User
from orchcamp.web.errors import Refused

from . import beginning, launches
from .advance import name_of, note
from .errors import CampaignError, WrongStatus
from .models import Campaign, NodeRun, Run, Signal

SIGNAL = "signal"  # the answer of a node whose signal has come
Declared = list[Mapping[str, Any]]
S = Campaign.Status
MENDS = {  # what helps a campaign in a status in which it takes no signal
    S.DRAFT: gettext_lazy("have it approved and publish it"),
    S.IN_REVIEW: gettext_lazy("have it approved and publish it"),
    S.APPROVED: gettext_lazy("publish it"),
    S.SCHEDULED: gettext_lazy("wait until it is"),
    S.PAUSED: gettext_lazy("resume it"),
    S.COMPLETED: gettext_lazy("edit it again and publish it"),
    S.CLOSED: gettext_lazy("no further run of it begins, so edit it again, or duplicate it"),
    S.STOPPED: gettext_lazy("edit it again and publish it"),
    S.ARCHIVED: gettext_lazy("restore it first"),
}


class SignalError(CampaignError):
    """A signal that its campaign cannot take; ``code`` is for programs."""

    code = "not_taken"


class NotLive(SignalError):
    """The campaign is in a status in which no run of it begins."""

    code = "not_live"


class Busy(SignalError):
    """A run is on that does not wait for a signal."""

    code = "busy"


class KeyUsed(SignalError):
    """A program uses the key of one signal for another."""

    code = "key_used"


class BadParameters(SignalError):
    """Parameters that are missing, of a wrong type or not declared; ``faults`` has a sentence for each."""

    code = "parameters"

    def __init__(self, sentence: str, faults: Mapping[str, str]):
        super().__init__(sentence)
        self.faults = dict(faults)


class TooSoon(SignalError):
    """The last run that a signal began is too near; ``wait`` is for how many seconds."""

    code = "too_soon"

    def __init__(self, sentence: str, wait: int):
        super().__init__(sentence)
        self.wait = wait


def target(slug: str) -> Campaign:
    """The campaign that a signal is for. Raises SignalError."""
    campaign = Campaign.objects.filter(slug=slug).first()
    if campaign is None:
        raise SignalError(_("There is no campaign “%(slug)s” to send a signal to.") % {"slug": slug})
    return campaign


def send(
    campaign: Campaign,
    parameters: Mapping[str, Any],
    *,
    key: str,
    source: str = "",
    by: User | None = None,
    token: ApiToken | None = None,
    paced: bool = False,
) -> Signal:
    """Send a signal; the same key twice is the same signal. Raises SignalError when the campaign cannot take it.

    ``paced``: no program and no other campaign sent it by hand, so it keeps the interval. What comes with a token
    does, and may bring nothing but what is declared.
    """
    kept = {_kept(name): _kept(value) for name, value in parameters.items()}
    facts = {"campaign": campaign, "parameters": kept, "source": source[:200], "by": by, "token": token}
    signal, _new = Signal.objects.get_or_create(key=key, defaults=facts)
    if signal.status != Signal.Status.TAKEN:
        try:
            with transaction.atomic():
                held = Signal.objects.select_for_update().get(pk=signal.pk)
                if held.status != Signal.Status.TAKEN:
                    _take(held, facts, parameters, paced=paced or token is not None)
        except Refused as refusal:
            rows = Signal.objects.filter(pk=signal.pk).exclude(status=Signal.Status.TAKEN)
            rows.update(status=Signal.Status.REFUSED, error=str(refusal), **facts)
            raise
        signal.refresh_from_db()
    if token is not None and (signal.campaign_id != campaign.pk or (signal.parameters != kept and not _bare(signal))):
        raise KeyUsed(_("This key was used for another signal; send each signal with a key of its own."))
    return signal


def _bare(signal: Signal) -> bool:
    """Whether what the signal brought has been removed with the history of its run."""
    return signal.run is None or signal.run.forgotten_at is not None


def _kept(value: Any) -> Any:
    """A parameter as it can be stored even when it is refused: what no database keeps gives way to a sign."""
    if isinstance(value, list):
        return [_kept(item) if not isinstance(item, list) else "…" for item in value]
    if isinstance(value, str):
        return variables.UNKEPT.sub("\ufffd", value)
    return value if value is None or (isinstance(value, int | float) and math.isfinite(value)) else "…"


def _take(signal: Signal, facts: Mapping[str, Any], parameters: Mapping[str, Any], *, paced: bool) -> None:
    """Have the signal taken by a run, and note it."""
    campaign, token = facts["campaign"], facts["token"]
    campaign.refresh_from_db(fields=["status", "schedule"])
    run = Run.objects.open().live().filter(campaign=campaign).first()
    waiting = _waiting(run) if run else []
    if run and waiting:
        if campaign.status == S.PAUSED:  # nothing new begins, and the run is paused with it
            _demand_live(campaign)
        _released(run, waiting, parameters, facts)
    else:
        run = _begun(campaign, parameters, by=facts["by"], strict=token is not None, paced=paced)
    taken = {"status": Signal.Status.TAKEN, "run": run, "error": "", "began": not waiting, "taken_at": timezone.now()}
    Signal.objects.filter(pk=signal.pk).update(**taken, **facts)
    with_token = {"token": token.name} if token else {}
    said = {"run": run.pk, "source": facts["source"], "parameters": sorted(parameters)}
    audit.record(facts["by"], "sent signal", campaign, **said, **with_token)


def _begun(campaign: Campaign, parameters: Mapping[str, Any], *, by: User | None, strict: bool, paced: bool) -> Run:
    """The run that a signal begins. Signals to one campaign come here one after the other."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    name = {"name": campaign.name}
    if campaign.status != Campaign.Status.LIVE:
        status = campaign.get_status_display().lower()
        raise NotLive(
            _("“%(name)s” is %(status)s, not live, so it cannot take a signal; publish it.")
            % (name | {"status": status})
        )
    on = Run.objects.open().live().filter(campaign=campaign).exists()
    busy = Busy(_("The run of “%(name)s” does not wait for a signal now; send it again later.") % name)
    if not campaign.by_signal:
        raise busy if on else SignalError(_("“%(name)s” does not begin by a signal, and no run waits for one.") % name)
    if closed := launches.out_of_validity(campaign):
        raise NotLive(closed)
    values = _read(parameters_of(campaign), parameters, campaign, strict)
    if paced and (wait := seconds_left(campaign)):
        said = name | {"wait": wait, "interval": interval(campaign)}
        raise TooSoon(
            _("“%(name)s” takes a signal every %(interval)s seconds; send it again in %(wait)s.") % said, wait
        )
    if on:
        raise busy
    version = campaign.published_version()
    try:
        return beginning.start(version, mode=Run.Mode.LIVE, by=by, trigger=SIGNAL, variables=values)
    except WrongStatus as refusal:  # a run that nothing of this began, just now
        raise Busy(str(refusal)) from None


def _demand_live(campaign: Campaign) -> None:
    """Raise NotLive unless a run of the campaign may begin."""
    if campaign.status == S.LIVE:
        return
    said = {"name": campaign.name, "status": campaign.get_status_display().lower(), "mend": MENDS[S(campaign.status)]}
    raise NotLive(_("“%(name)s” is %(status)s, not live, so it cannot take a signal; %(mend)s.") % said)


def interval(campaign: Campaign) -> int:
    """The seconds that lie at least between two runs that programs or other campaigns begin by a signal."""
    own = campaign.schedule.get("interval") if isinstance(campaign.schedule, dict) else None
    good = isinstance(own, int | float) and not isinstance(own, bool) and 0 <= own < math.inf
    return math.ceil(own) if good else settings.SIGNAL_INTERVAL


def seconds_left(campaign: Campaign) -> int:
    """For how long no program can begin a run of the campaign; 0 when it can now."""
    last = campaign.signals.filter(began=True).aggregate(last=Max("taken_at"))["last"]
    if last is None:
        return 0
    return max(0, math.ceil(interval(campaign) - (timezone.now() - last).total_seconds()))


def _waiting(run: Run) -> list[NodeRun]:
    found = run.nodes.filter(status=NodeRun.Status.WAITING, waiting_for=NodeRun.WaitingFor.SIGNAL)
    return list(found.select_related("run"))


def _released(run: Run, waiting: Iterable[NodeRun], parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Every node of the run that waits for a signal goes on with its parameters."""
    rows = [row for node in waiting for row in declared(run, node.node_id)]
    values = _read(rows, parameters, run.campaign, facts["token"] is not None)
    locked = Run.objects.select_for_update().get(pk=run.pk)
    locked.variables = {**locked.variables, **values}
    locked.save(update_fields=["variables"])
    released = 0
    for node in waiting:
        held = NodeRun.objects.filter(
            pk=node.pk, status=NodeRun.Status.WAITING, waiting_for=NodeRun.WaitingFor.SIGNAL, run__in=Run.objects.open()
        )
        if held.update(status=NodeRun.Status.PENDING, waiting_for="", resume_at=None, answer=SIGNAL):
            said = {"node": name_of(run, node.node_id), "source": facts["source"] or _("an unnamed sender")}
            sentence = _("%(node)s: the signal came from %(source)s.") % said
            note(run, sentence, node_id=node.node_id, by=facts["by"])
            released += 1
    if not released:  # its time was over, or the run was stopped, just now
        raise Busy(_("“%(name)s” waited for a signal and does so no more.") % {"name": run.campaign.name})


def _read(rows: Declared, parameters: Mapping[str, Any], campaign: Campaign, strict: bool) -> dict[str, Any]:
    values, faults = variables.arrived(rows, parameters, strict=strict)
    if faults:
        said = {"name": campaign.name, "why": " ".join(faults.values())}
        raise BadParameters(_("“%(name)s” cannot take this signal. %(why)s") % said, faults)
    return values


def declared(run: Run, node_id: str) -> Declared:
    """The parameters that a node waits for."""
    node = run.graph.node(node_id)
    return [row for row in catalogue.of(node).items("parameters") if row.get("name")]


def parameters_of(campaign: Campaign) -> Declared:
    """The parameters that a campaign which begins by a signal declares."""
    rows = campaign.schedule.get("parameters") if campaign.by_signal else None
    return [row for row in rows if isinstance(row, Mapping) and row.get("name")] if isinstance(rows, list) else []


def expected(campaign: Campaign) -> Declared | None:
    """The parameters of the signal that the campaign would take now; None when it takes none."""
    run = Run.objects.open().live().filter(campaign=campaign).first()
    if run is not None:
        waiting = _waiting(run)
        return [row for node in waiting for row in declared(run, node.node_id)] if waiting else None
    if campaign.by_signal and campaign.status == Campaign.Status.LIVE:
        return parameters_of(campaign)
    return None
