"""What became of a task, from the audit trail, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Task
from orchcamp.accounts.models import AuditEntry

MOST = 100
NAMES = {
    "title": gettext_lazy("title"),
    "description": gettext_lazy("description"),
    "assignee": gettext_lazy("person"),
    "group": gettext_lazy("team"),
    "due_on": gettext_lazy("due"),
    "priority": gettext_lazy("priority"),
    "node_id": gettext_lazy("node"),
}


@dataclass(frozen=True)
class Line:
    at: datetime
    who: str
    did: str
    details: list[str]


def lines(task: Task) -> list[Line]:
    """The entries about a task, the latest first."""
    entries = AuditEntry.objects.filter(kind=task._meta.label_lower, object_id=str(task.pk)).order_by("-at", "-pk")
    return [Line(entry.at, entry.actor_name, _did(entry), _details(entry)) for entry in entries[:MOST]]


def _did(entry: AuditEntry) -> str:
    facts = entry.facts
    words: dict[str, Callable[[], str]] = {
        "created task": lambda: _("created it for %(whom)s") % {"whom": facts.get("given_to", "–")},
        "changed task": lambda: _("changed it"),
        "moved task": lambda: _("moved it from “%(a)s” to “%(b)s”") % _ends(facts.get("status", ["", ""])),
        "took task": lambda: _("took it"),
        "handed task back": lambda: _("gave it back to the team"),
        "added step": lambda: _("added the step “%(step)s”") % {"step": facts.get("step", "")},
        "ticked step": lambda: _("ticked “%(step)s”") % {"step": facts.get("step", "")},
        "unticked step": lambda: _("took back the tick of “%(step)s”") % {"step": facts.get("step", "")},
        "moved step": lambda: _("put “%(step)s” in another place") % {"step": facts.get("step", "")},
        "removed step": lambda: _("removed the step “%(step)s”") % {"step": facts.get("step", "")},
    }
    return words[entry.verb]() if entry.verb in words else entry.verb


def _ends(statuses: list[str]) -> dict[str, Any]:
    labels = dict(Task.Status.choices)
    before, after = (labels.get(status, status) for status in [*statuses, "", ""][:2])
    return {"a": before, "b": after}


def _details(entry: AuditEntry) -> list[str]:
    changes = entry.facts.get("changes", {})
    return [
        _("%(field)s: %(before)s → %(after)s")
        % {"field": NAMES.get(name, name), "before": _shown(name, before), "after": _shown(name, after)}
        for name, (before, after) in changes.items()
    ]


def _shown(name: str, value: Any) -> str:
    if name == "priority":
        return str(dict(Task.Priority.choices).get(value, value))
    return str(value) if value not in (None, "") else "–"
