"""The cells of the list of campaigns, column by column.

They are put together here and not by a template of each: a page has two hundred of them (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import formats, timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orchcamp.web.templatetags.ui import NOTHING, address, ago, icon, on_opening, thousands

from .models import Campaign
from .rows import Row
from .templatetags.desk import label
from .templatetags.desk import status as status_badge

DASH = format_html('<span class="muted">{}</span>', NOTHING)


def status(row: Row) -> SafeString:
    """The status, what was wrong with the last run, and when an archived campaign will be removed."""
    parts = [status_badge(row.campaign)]
    if row.run is not None and row.failed:
        parts.append(_warning(_("The last run failed: %(error)s") % {"error": row.run.error}, _("The last run failed")))
    elif row.run is not None and row.run.with_errors:
        parts.append(_warning(said := _("The last run succeeded with errors"), said))
    if row.gone_at:
        day = formats.date_format(timezone.localtime(row.gone_at), "SHORT_DATE_FORMAT")
        said = _("removed on %(day)s") % {"day": day}
        parts.append(format_html('<span class="small muted nowrap">{}</span>', said))
    return format_html('<span class="row">{}</span>', SafeString("".join(parts)))


def _warning(title: str, said: str) -> SafeString:
    mark = '<span class="run-warning" title="{}">{}<span class="visually-hidden">{}</span></span>'
    return format_html(mark, title, icon("warning"), said)


def channels(row: Row) -> SafeString:
    mark = '<span title="{}">{}<span class="visually-hidden">{}</span></span>'
    return format_html_join("", mark, ((label, icon(symbol), label) for symbol, label in row.channels)) or DASH


def tags(row: Row) -> SafeString:
    """The tags, and the button that asks for their form."""
    return tag_cell(row.campaign, may_change=row.may_change)


def tag_cell(campaign: Campaign, *, may_change: bool) -> SafeString:
    """The same for a campaign by itself."""
    every = address("campaigns:list")
    chips = format_html_join(
        "", '<a class="chip" href="{}?{}">{}</a>', ((every, urlencode({"tag": tag}), tag) for tag in campaign.tags)
    )
    form = SafeString("")
    if may_change:
        form = format_html(
            '<details class="menu"><summary class="button button-quiet button-icon button-small" aria-label="{}" title="{}">'
            '{}</summary><div class="list-panel">{}</div></details>',
            _("Tags of %(name)s") % {"name": campaign.name},
            said := _("Change the tags"),
            icon("new_label"),
            on_opening(address("campaigns:tags", campaign.slug), said),
        )
    return format_html('<div class="tag-cell" id="tags-{}">{}{}</div>', campaign.slug, chips, form)


def audience(row: Row) -> str:
    return thousands(row.audience)


def last_run(row: Row) -> SafeString:
    if row.run is None:
        return DASH
    there = address("campaigns:run", row.campaign.slug, row.run.pk)
    said = '<a class="quiet-link" href="{}">{}</a> <span class="muted small">{}</span>'
    return format_html(said, there, ago(row.run.started_at), label(row.run, "mode"))


def next_run(row: Row) -> SafeString:
    if row.next_run is None:
        return format_html('<span class="muted">{}</span>', _("by signal")) if row.campaign.by_signal else DASH
    if row.campaign.status == Campaign.Status.LIVE:
        return format_html("{}", ago(row.next_run))
    return format_html('{} <span class="muted small">{}</span>', ago(row.next_run), _("planned"))


def error(row: Row) -> SafeString:
    """Where the last run failed, if it did."""
    if row.run is None or not row.failed:
        return DASH
    there = address("campaigns:run", row.campaign.slug, row.run.pk)
    said = '<a class="quiet-link" href="{}" title="{}">{}</a>'
    return format_html(said, there, row.run.error, row.failed_at or NOTHING)


CELLS: dict[str, Callable[[Row], Any]] = {  # key of the column -> what a row has there; what is not marked safe is text
    "status": status,
    "channels": channels,
    "tags": tags,
    "dimension": lambda row: row.campaign.dimension,
    "folder": lambda row: row.campaign.folder or NOTHING,
    "owner": lambda row: row.campaign.owner or NOTHING,
    "audience": audience,
    "last_run": last_run,
    "next_run": next_run,
    "error": error,
    "created": lambda row: ago(row.campaign.created_at),
    "modified": lambda row: ago(row.campaign.modified_at),
}


def line(row: Row, shown: list[tuple[str, SafeString]]) -> SafeString:
    """The cells of a row, for columns that are given by their key and what every cell of them has."""
    return SafeString("".join([f"<td{attributes}>{_safe(CELLS[key](row))}</td>" for key, attributes in shown]))


def _safe(content: Any) -> str:
    return str(content) if isinstance(content, SafeString) else escape(content)
