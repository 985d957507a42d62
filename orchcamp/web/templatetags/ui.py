"""Tags and filters of the interface: icons, badges, numbers, times, addresses."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any

from django import template
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.urls import get_script_prefix, reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from orchcamp.web import lists
from orchcamp.web.shortcuts import EVERYWHERE, Section

register = template.Library()

TONES = frozenset({"gray", "blue", "green", "orange", "red"})
NOTHING = "–"


@register.simple_tag
@lru_cache(maxsize=500)  # a page has hundreds, of a few names
def icon(name: str) -> SafeString:
    """A Material Symbol; decoration only, so screen readers skip it and translators leave it."""
    return format_html('<span class="icon" translate="no" aria-hidden="true">{}</span>', name)


@register.simple_tag
def address(view: str, *names: Any) -> str:
    """Where a view is, as ``{% url %}`` says it: for rows, of which a page has hundreds that are the same each time."""
    return _reversed(get_script_prefix(), view, names)


@lru_cache(maxsize=20_000)
def _reversed(prefix: str, view: str, names: tuple[Any, ...]) -> str:
    """The prefix is part of what is remembered: it is that of the server which asks."""
    return reverse(view, args=names)


@register.simple_tag
def on_opening(address: str, label: str) -> SafeString:
    """Stands in a closed ``<details>`` for what is asked for when it opens, and leads there without scripts."""
    return format_html(
        '<a href="{}" hx-get="{}" hx-trigger="click, toggle from:closest details once" hx-target="this" '
        'hx-swap="outerHTML">{}</a>',
        address,
        address,
        label,
    )


@register.simple_tag
def badge(label: Any, tone: str = "gray", symbol: str = "") -> SafeString:
    """A status in a word, coloured."""
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"{tone!r} is not one of {sorted(TONES)}")
    return format_html('<span class="badge badge-{}">{}{}</span>', tone, icon(symbol) if symbol else "", label)


@register.filter
def thousands(number: Any) -> str:
    """A number with the separators of the reader's language; nothing is a dash."""
    if number is None or number == "":
        return NOTHING
    return formats.number_format(number, use_l10n=True, force_grouping=True)


@register.filter
def percent(rate: float | None, decimals: int = 1) -> str:
    """0.355 as "35.5 %"."""
    if rate is None:
        return NOTHING
    return f"{formats.number_format(round(rate * 100, decimals), decimals, use_l10n=True)} %"


@register.filter
def ago(moment: datetime | date | None) -> str | SafeString:
    """A time as a distance from now, the exact time with its zone on hover."""
    if moment is None:
        return NOTHING
    if not isinstance(moment, datetime):
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), formats.date_format(moment))
    local = timezone.localtime(moment)
    return _told(local, _distance(moment))


def _told(local: datetime, shown: str) -> SafeString:
    return format_html("{}{}</time>", _opening(local.isoformat(), local.tzinfo, get_language()), shown)


@lru_cache(maxsize=10_000)  # the same rows are looked at again and again
def _opening(moment: str, zone: tzinfo | None, language: str | None) -> SafeString:
    """The tag before a moment in words: the exact time for machines, and in full on hover.

    Asked by its text and zone: moments that are equal in two zones are read differently.
    """
    local = datetime.fromisoformat(moment).astimezone(zone)
    title = f"{formats.date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"
    return format_html('<time datetime="{}" title="{}">', moment, title)


@register.filter
def clock(moment: datetime | None) -> str | SafeString:
    """The time of day, with the date if it was another day; the full moment with its zone on hover."""
    if moment is None:
        return NOTHING
    local, today = timezone.localtime(moment), timezone.localdate()
    shown = formats.time_format(local, "H:i")
    if local.date() != today:
        shown = f"{formats.date_format(local, 'MONTH_DAY_FORMAT')}, {shown}"
    return _told(local, shown)


@register.filter
def logged(moment: datetime) -> SafeString:
    """Day and time to the second, for a log; the zone on hover."""
    local = timezone.localtime(moment)
    shown = f"{formats.date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M:%S}"
    return _told(local, shown)


def _distance(moment: datetime) -> str:
    now = timezone.now()
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 60:
        return _("just now") if seconds >= 0 else _("in a moment")
    if seconds > 0:
        return _("%(time)s ago") % {"time": timesince(moment, now, depth=1)}
    return _("in %(time)s") % {"time": timeuntil(moment, now, depth=1)}


@register.filter
def initial(person: Any) -> str:
    """The letter in a person's circle."""
    return str(person).strip()[:1].upper() or "?"


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """The current query string with some values changed; None or "" takes a value out."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}"


@register.simple_tag
def everywhere() -> Section:
    """The shortcuts that every page has."""
    return EVERYWHERE


@register.simple_tag(takes_context=True)
def back_to(context: Context, view: str) -> str:
    """The address of a list as the reader left it."""
    return lists.back_to(context["request"], view)


@register.simple_tag(takes_context=True)
def block_text(context: Context, name: str) -> SafeString:
    """What a block of the page says, to say it a second time."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks and blocks.get_block(name)
    return mark_safe(block.render(context).strip() if block else "")  # noqa: S308 - rendered, hence escaped, already
