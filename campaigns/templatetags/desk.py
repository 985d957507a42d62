"""How the state of things is shown: always a colour, a word and an icon."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache, partialmethod
from typing import Any

from django import template
from django.db.models import Model
from django.http import HttpRequest
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from campaigns import heading, launch_lines, retention, worklist
from campaigns.calendars import Launch
from campaigns.controls import worker_silent
from campaigns.folders import Branch
from campaigns.models import Campaign, Run
from campaigns.shortcuts import QUEUE
from orchcamp.accounts import access
from orchcamp.web.shortcuts import Section
from orchcamp.web.templatetags.ui import badge

register = template.Library()

SHOWN = {  # status of a run, node, batch, approval, task or campaign -> tone, Material Symbols name
    "draft": ("gray", "edit"),
    "in_review": ("orange", "rate_review"),
    "approved": ("blue", "verified"),
    "scheduled": ("blue", "calendar_clock"),
    "live": ("green", "play_circle"),
    "completed": ("green", "check_circle"),
    "closed": ("gray", "door_front"),
    "archived": ("gray", "inventory_2"),
    "in_force": ("green", "verified"),
    "former": ("gray", "history"),
    "unused": ("gray", "block"),
    "running": ("blue", "progress_activity"),
    "paused": ("orange", "pause_circle"),
    "succeeded": ("green", "check_circle"),
    "failed": ("red", "error"),
    "stopped": ("gray", "stop_circle"),
    "pending": ("gray", "radio_button_unchecked"),
    "queued": ("blue", "schedule"),
    "waiting": ("orange", "hourglass_top"),
    "sending": ("blue", "send"),
    "launched": ("green", "play_circle"),
    "skipped": ("gray", "skip_next"),
    "missed": ("orange", "history_toggle_off"),
    "sent_back": ("red", "undo"),
    "expired": ("gray", "timer_off"),
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
    tone, symbol = SHOWN.get(getattr(row, field), ("gray", "circle"))
    if getattr(row, "with_errors", False):
        tone, symbol = "orange", "warning"
    return badge(label(row, field), tone, symbol)


def label(row: Model, field: str) -> Any:
    """The word for a choice, as ``get_…_display`` says it."""
    labels, value = _labels(type(row), field), getattr(row, field)
    return getattr(row, f"get_{field}_display")() if labels is None else labels.get(value, value)


@lru_cache(maxsize=200)
def _labels(model: type[Model], field: str) -> dict[str, Any] | None:
    """The word for each value, which Django would gather anew for every row; None where a model has its own way."""
    own = vars(model).get(f"get_{field}_display")
    return dict(model._meta.get_field(field).flatchoices) if isinstance(own, partialmethod) else None


@register.filter
def launch_line(launch: Launch) -> launch_lines.Line:
    """A launch as the calendar shows it."""
    return launch_lines.line(launch)


SELECTED = mark_safe(" selected")  # noqa: S308


@register.inclusion_tag("campaigns/_waiting.html", takes_context=True)
def waiting(context: Context, section: str) -> dict[str, Any]:
    """The place of the number beside an entry of the menu; filled where the page has counted, else asked for after it."""
    known = worklist.menu(_known(context["request"]))
    return {"section": section, "number": known.get(section), "counted": section in worklist.MENU}


@register.simple_tag(takes_context=True)
def numbers(context: Context) -> str:
    """When a page asks for the numbers of the menu: ``load``, ``later`` where its view has counted, nothing without them."""
    request = context["request"]
    if not access.holds(request.user, "campaigns.view_campaign"):
        return ""
    return "later" if _known(request) else "load"


def _known(request: HttpRequest) -> dict[str, int]:
    """What waits for the reader, where the view of the page asked."""
    return getattr(request, "waiting", {})


@register.filter
def duration(seconds: float | None) -> str:
    """``3.2 s``, ``4 min 10 s``, ``2 h 05 min``, ``3 d 2 h``; a dash for nothing. Clocks that differ give no less than 0."""
    if seconds is None:
        return "–"
    seconds = max(seconds, 0.0)
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, left = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h" if hours % 24 else f"{hours // 24} d"
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


@register.inclusion_tag("campaigns/_workers.html", takes_context=True)
def workers(context: Context) -> dict[str, Any]:
    """A word on every page about campaigns when no worker is there: nothing moves then, whatever is pressed."""
    request = context["request"]
    administers = access.holds(request.user, "campaigns.view_installation")
    known = _known(request)
    return {"silent": known["silent"] if known else worker_silent(), "administers": administers}


@register.simple_tag
def removal(campaign: Campaign) -> Any:
    """When an archived campaign will be removed."""
    if campaign.status != Campaign.Status.ARCHIVED:
        return None
    return retention.removed_at(campaign, retention.installation())


@register.simple_tag
def folder_options(tree: list[Branch], chosen: int | None = None, besides: Collection[int] = ()) -> SafeString:
    """The folders as choices of a select: there may be hundreds, and several such selects on a page."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (branch.folder.pk, SELECTED if branch.folder.pk == chosen else "", branch.indented)
            for branch in tree
            if branch.folder.pk not in besides
        ),
    )


@register.simple_tag(takes_context=True)
def overdue_tasks(context: Context, campaign: Campaign) -> int:
    """How many tasks of a campaign are overdue."""
    return heading.shown(context["request"], campaign).overdue


@register.simple_tag
def missing_right(action: str) -> str:
    """Which right about campaigns the reader would need, and who has it."""
    return access.refusal(Campaign, action)


@register.simple_tag
def queue_shortcuts() -> tuple[Section, ...]:
    """The keys of the queue of approvals."""
    return QUEUE
