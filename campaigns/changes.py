"""What changed on a transition since an earlier run: how many rows more or fewer, who came in, who left, who stayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from ibis.expr.types import Table

from activities.populations import Context, Population
from activities.sets import keyed
from orchcamp.datasets import engine
from orchcamp.web.templatetags.ui import thousands

from .counts import Count

SAMPLE = 5
EXACTLY_UP_TO = 999  # rows; a larger difference is shown as a share


def against(count: Count | None) -> tuple[str, str]:
    """The difference to the run before, short and in words; nothing where there is nothing to compare."""
    if count is None or count.stale or count.before is None:
        return "", ""
    more = count.rows - count.before
    if not more:
        return "", _("As many as in the run before.")
    rows, share = thousands(abs(more)), _share(more, count.before)
    short = f"{_sign(more)}{rows}" if abs(more) <= EXACTLY_UP_TO or not share else share
    before = thousands(count.before)
    said = ngettext("%(n)s row %(way)s", "%(n)s rows %(way)s", abs(more))
    way = _("more than in the run before") if more > 0 else _("fewer than in the run before")
    words = said % {"n": rows, "way": way}
    return short, f"{words}: {before}{f' ({share})' if share else ''}."


def _sign(number: float) -> str:
    return "+" if number > 0 else "−"


def _share(more: int, before: int) -> str:
    """The difference as a percentage of what was there; nothing of nothing."""
    if not before:
        return ""
    rate = abs(more) / before * 100
    return f"{_sign(more)}{formats.number_format(rate, 1 if rate < 10 else 0, use_l10n=True, force_grouping=True)} %"


@dataclass(frozen=True)
class Part:
    """Rows that came in, left or stayed: how many, and the first of them."""

    name: str
    rows: int
    sample: Sequence[dict[str, Any]] = ()


def since(now: Population, before: Population, ctx: Context) -> list[Part] | None:
    """Who came in, left and stayed, by key; None where the two are rows of different dimensions."""
    if now.dimension != before.dimension or now.key != before.key:
        return None
    now, before = keyed(now), keyed(before)
    key = list(now.key)
    entered, left = now.table.anti_join(before.table, key), before.table.anti_join(now.table, key)
    came, total = engine.count(entered), engine.count(now.table)
    went = engine.count(left)
    stayed = now.table.semi_join(before.table, key)
    return [
        Part("entered", came, _first(entered, now, ctx) if came else ()),
        Part("left", went, _first(left, before, ctx) if went else ()),
        Part("stayed", total - came, _first(stayed, now, ctx) if total > came else ()),
    ]


def _first(table: Table, population: Population, ctx: Context) -> list[dict[str, Any]]:
    """The first rows by key, with the columns that tell people something; one whose row is gone has its key alone."""
    keys = engine.rows(table.order_by(list(population.key)).select(*population.key), SAMPLE)
    chosen = population.with_table(table.order_by(list(population.key)).limit(SAMPLE))
    known = {tuple(row[name] for name in population.key): row for row in engine.rows(ctx.wide(chosen), SAMPLE)}
    return [known.get(tuple(row.values()), row) for row in keys]
