"""What happened, to look through: the log, the steps and the variables of a campaign's runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from activities.variables import TYPE_CHOICES, shown, type_of
from orchcamp.accounts.models import User
from orchcamp.web.numbers import whole

from . import progress
from .models import Campaign, LogEntry, NodeRun, Run

SYSTEM = "system"  # the person filter's word for what no person did
LOG, STEPS, VARIABLES = "log", "steps", "variables"
TABS = (LOG, STEPS, VARIABLES)


@dataclass(frozen=True)
class Narrowed:
    """What the address narrows the lists to; nonsense narrows nothing."""

    run: int | None = None
    node: str = ""
    severity: str = ""
    status: str = ""
    person: str = ""
    words: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Narrowed:
        severity, status = given.get("severity", ""), given.get("status", "")
        person = given.get("person", "")
        return cls(
            whole(given.get("run")),
            given.get("node", "")[:60],
            severity if severity in LogEntry.Severity.values else "",
            status if status in NodeRun.Status.values else "",
            person if person == SYSTEM or whole(person) is not None else "",
            given.get("q", "").strip()[:200],
        )


def entries(campaign: Campaign, by: Narrowed) -> QuerySet[LogEntry]:
    """The sentences of the log, the newest first."""
    found = LogEntry.objects.filter(run__campaign=campaign).select_related("run", "by").order_by("-at", "-pk")
    found = found.defer("run__document", "run__policy", "run__foresight")
    if by.run is not None:
        found = found.filter(run=by.run)
    if by.node:
        found = found.filter(node_id=by.node)
    if by.severity:
        found = found.filter(severity=by.severity)
    if by.person:
        found = found.filter(by=None) if by.person == SYSTEM else found.filter(by=whole(by.person))
    if by.words:
        found = found.filter(Q(message__icontains=by.words) | Q(node_id__in=named_like(campaign, by)))
    return found


def steps(campaign: Campaign, by: Narrowed) -> QuerySet[NodeRun]:
    """What was worked on, the latest first; of a single run also what was not begun."""
    found = NodeRun.objects.filter(run__campaign=campaign).select_related("run").order_by("-started_at", "-pk")
    found = found.filter(started_at__isnull=False) if by.run is None else found.filter(run=by.run)
    if by.node:
        found = found.filter(node_id=by.node)
    if by.status:
        found = found.filter(status=by.status)
    if by.words:
        found = found.filter(Q(error__icontains=by.words) | Q(node_id__in=named_like(campaign, by)))
    return found


def node_names(campaign: Campaign, run: int | None = None) -> dict[str, str]:
    """Node → what it was last called, in one run or in any version."""
    if run is None:
        documents = campaign.versions.order_by("number").values_list("document", flat=True)
    else:
        documents = campaign.runs.filter(pk=run).values_list("document", flat=True)
    return {id: str(node.get("name") or id) for document in documents for id, node in document.get("nodes", {}).items()}


def named_like(campaign: Campaign, by: Narrowed) -> list[str]:
    names = node_names(campaign, by.run)
    return [id for id, name in names.items() if by.words.lower() in name.lower()]


def people(campaign: Campaign) -> list[User]:
    """Whoever did something to a run of the campaign."""
    did = LogEntry.objects.filter(run__campaign=campaign).exclude(by=None).order_by().values("by")
    return list(User.objects.filter(pk__in=did).order_by("username"))


def with_counts(rows: Iterable[NodeRun], campaign: Campaign) -> list[progress.Step]:
    """The same steps with their names and the rows that came in and went out; a few queries a run."""
    page = list(rows)
    kept: dict[int, dict[int, progress.Step]] = {}
    for row in page:
        if row.run_id not in kept:
            row.run.campaign = campaign
            kept[row.run_id] = {step.row.pk: step for step in progress.steps(row.run)}
    found = [kept[row.run_id].get(row.pk) for row in page]
    return [step for step in found if step is not None]


@dataclass(frozen=True)
class Variable:
    name: str
    value: str
    kind: str
    origin: str


def variables(run: Run) -> list[Variable]:
    """The variables of a run as it knows them now, and where each came from."""
    own, kinds = run.version.planned().variables, dict(TYPE_CHOICES)
    found = []
    for name, value in sorted(run.variables.items()):
        if name in own and own[name] == value:
            origin = _("the campaign")
        else:
            origin = _("a signal, or the campaign as it was then")
        found.append(Variable(name, shown(value), str(kinds[type_of(value)]), origin))
    return found


# --- As files ---------------------------------------------------------------------------------------------


def log_table(campaign: Campaign, by: Narrowed) -> Iterator[list[Any]]:
    """The log as rows for a file."""
    names = node_names(campaign, by.run)
    yield ["at", "run", "mode", "node", "name", "severity", "person", "message"]
    for entry in entries(campaign, by).iterator(chunk_size=2_000):
        name = names.get(entry.node_id, "")
        person = entry.by.username if entry.by else ""
        at, run = entry.at.isoformat(), entry.run
        yield [at, run.pk, run.mode, entry.node_id, name, entry.severity, person, entry.message]


def steps_table(campaign: Campaign, by: Narrowed) -> Iterator[list[Any]]:
    """The steps as rows for a file."""
    yield [
        "start",
        "end",
        "seconds",
        "run",
        "mode",
        "node",
        "name",
        "activity",
        "status",
        "in",
        "out",
        "attempts",
        "error",
    ]
    rows = steps(campaign, by).order_by("-run", "pk")
    current: list[NodeRun] = []
    for row in rows.iterator(chunk_size=2_000):
        if current and current[0].run_id != row.run_id:
            yield from _step_lines(current, campaign)
            current = []
        current.append(row)
    yield from _step_lines(current, campaign)


def _step_lines(rows: list[NodeRun], campaign: Campaign) -> Iterator[list[Any]]:
    for step in with_counts(rows, campaign):
        row, run = step.row, rows[0].run
        out = sum(output.rows or 0 for output in step.outputs if output.followed) if step.outputs else ""
        start, end = (moment.isoformat() if moment else "" for moment in (row.started_at, row.finished_at))
        seconds = "" if step.seconds is None else round(step.seconds, 3)
        came = "" if step.arrived is None else step.arrived
        yield [
            start,
            end,
            seconds,
            run.pk,
            run.mode,
            row.node_id,
            step.node.name,
            step.kind,
            row.status,
            came,
            out,
            row.attempts,
            row.error,
        ]
