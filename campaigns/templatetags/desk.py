"""How the state of things is shown: always a colour, a word and an icon."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.safestring import SafeString

from campaigns import worklist
from campaigns.models import Campaign, Run
from orchcamp.accounts import access
from orchcamp.web.templatetags.ui import badge

register = template.Library()

SHOWN = {  # status of a run, node, batch, approval, task or campaign -> tone, Material Symbols name
    "draft": ("gray", "edit"),
    "in_review": ("orange", "rate_review"),
    "approved": ("blue", "verified"),
    "live": ("green", "play_circle"),
    "completed": ("green", "check_circle"),
    "archived": ("gray", "inventory_2"),
    "running": ("blue", "progress_activity"),
    "paused": ("orange", "pause_circle"),
    "succeeded": ("green", "check_circle"),
    "failed": ("red", "error"),
    "stopped": ("gray", "stop_circle"),
    "pending": ("gray", "radio_button_unchecked"),
    "queued": ("blue", "schedule"),
    "waiting": ("orange", "hourglass_top"),
    "sending": ("blue", "send"),
    "skipped": ("gray", "skip_next"),
    "sent_back": ("red", "undo"),
    "cancelled": ("gray", "cancel"),
    "open": ("gray", "radio_button_unchecked"),
    "doing": ("blue", "pending"),
    "done": ("green", "check_circle"),
    "info": ("gray", "info"),
    "warning": ("orange", "warning"),
    "error": ("red", "error"),
}


@register.simple_tag
def status(row: Any, field: str = "status") -> SafeString:
    """The badge of a row's status (or severity)."""
    tone, icon = SHOWN.get(getattr(row, field), ("gray", "circle"))
    return badge(getattr(row, f"get_{field}_display")(), tone, icon)


WAITING = {"approvals": worklist.approvals, "tasks": worklist.tasks}  # section of the menu -> what waits for a person


@register.inclusion_tag("campaigns/_waiting.html", takes_context=True)
def waiting(context: Context, section: str) -> dict[str, Any]:
    """The number beside an entry of the menu; one query for each of the two sections, none for the others."""
    number = WAITING[section](context["request"].user).count() if section in WAITING else 0
    return {"section": section, "number": number, "counted": section in WAITING}


@register.filter
def duration(seconds: float | None) -> str:
    """``3.2 s``, ``4 min 10 s``, ``2 h 05 min``; a dash for nothing."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, left = divmod(minutes, 60)
    return f"{hours} h {left:02} min" if hours else f"{minutes} min {rest:02} s"


@register.filter
def seconds(run: Run) -> float:
    """How long a run has taken, or has taken so far."""
    return ((run.finished_at or timezone.now()) - run.started_at).total_seconds()


@register.filter
def people(run: Run) -> int | None:
    """How many rows the canvas brought in: those of the nodes that nothing leads to."""
    inner = {edge["target"] for edge in run.document.get("edges", [])}
    rows = [output["rows"] for node in run.nodes.all() if node.node_id not in inner for output in node.outputs.values()]
    return sum(rows) if rows else None


@register.simple_tag
def missing_right(action: str) -> str:
    """Which right about campaigns the reader would need, and who has it."""
    return access.refusal(Campaign, action)
