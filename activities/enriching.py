"""What an enrichment adds to rows: columns of their own or over links, linked rows one by one, and figures of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import Table, Value

from orchcamp.datasets import expressions, rules
from orchcamp.datasets.rules import RuleContext, paths, ways
from orchcamp.datasets.rules.operators import figure_type
from orchcamp.datasets.schema import Step

from . import columns
from .populations import ActivityError, Context, Population

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
TURN, FIGURE, MARK = "turn_of_row", "figure_of", "enriched_"  # made-up columns; they never leave a node
KINDS = ("attribute", "expression", "collection", "aggregate")


def alias_of(item: Mapping[str, Any]) -> str:
    """What an item's columns are called: as it says, else by what it takes."""
    given = item.get("alias")
    if given:
        return str(given)
    link = str(item.get("link") or "").rpartition(".")[2]
    if item.get("kind") == "attribute":
        return str(item.get("attribute") or "").replace(".", "_")
    if item.get("kind") == "aggregate" and link:
        of = str(item.get("attribute") or "").replace(".", "_")
        return "_".join(filter(None, [link, str(item.get("aggregate") or ""), of]))
    return link


def names_of(item: Mapping[str, Any]) -> list[str]:
    """The columns that an item makes."""
    alias = alias_of(item)
    if item.get("kind") != "collection":
        return [alias]
    cells = [str(path).replace(".", "_") for path in item.get("columns") or ()]
    return [f"{alias}{place}_{cell}" for place in range(1, (item.get("lines") or 0) + 1) for cell in cells]


def added(table: Table, items: Sequence[Mapping[str, Any]], people: Population, ctx: Context) -> Table:
    """The wide rows with the columns of every item: none lost, none multiplied. Raises Refused."""
    for _source, group in groupby(items, key=_source_of):
        table = _added(table, list(group), people, ctx)
    return table


def _source_of(item: Mapping[str, Any]) -> object:
    """Figures of the same linked rows have one source, and are taken together."""
    return ("aggregate", item["link"], str(item["where"])) if item["kind"] == "aggregate" else item


def _added(table: Table, items: list[Mapping[str, Any]], people: Population, ctx: Context) -> Table:
    asked, item = columns.asked(people, ctx), items[0]
    if item["kind"] in ("attribute", "expression"):
        text = f"[{item['attribute']}]" if item["kind"] == "attribute" else item["expression"]
        if not text or text == "[]":
            raise ActivityError(_("Choose what “{alias}” is to hold.").format(alias=alias_of(item) or "?"))
        made = expressions.add(table, {MARK: text}, people.dimension, asked)
        return made.drop(*({alias_of(item)} & set(made.columns))).rename({alias_of(item): MARK})
    if not item["link"]:
        raise ActivityError(_("Choose the link of “{alias}”.").format(alias=alias_of(item) or "?"))
    steps = paths.link(item["link"], asked.model.dataset(people.dimension), asked, "")
    linked = _linked(steps[-1], items, asked)
    if item["kind"] == "collection":
        key = asked.model.dataset(steps[-1].target).key
        return _beside(table, _collected(linked, steps[-1], item, key), steps, asked, names_of(item))
    figures = {alias_of(each): _figure(each, linked) for each in items}
    found = linked.group_by(_named(linked, steps[-1])).aggregate(
        **{MARK + name: figure for name, figure in figures.items()}
    )
    joined = _beside(table, found, steps, asked, list(figures))
    zeros = [alias_of(each) for each in items if each["aggregate"] in ("count", "count_distinct", "sum")]
    return joined.mutate(
        **{name: joined[name].fill_null(ibis.literal(0).cast(joined.schema()[name])) for name in zeros}
    )


def _linked(step: Step, items: list[Mapping[str, Any]], asked: RuleContext) -> Table:
    """The linked rows that satisfy the items' filter, with the values of paths that they name as columns ``enriched_``."""
    ctx = RuleContext(asked.model, asked.now, asked.timezone, asked.variables)
    table = ways.rows(step, asked.model)
    if where := items[0]["where"]:
        table = rules.keep(table, where, step.target, ctx)
    named = dict.fromkeys(path for item in items for path in _paths(item))
    return expressions.add(table, {MARK + path: f"[{path}]" for path in named}, step.target, ctx)


def _paths(item: Mapping[str, Any]) -> list[str]:
    sort = item["sort"]["by"] if item["kind"] == "collection" and item["sort"] else ""
    named = item["columns"] if item["kind"] == "collection" else [item["attribute"]]
    return list(dict.fromkeys(filter(None, [*named, sort])))


def _keys(step: Step) -> list[str]:
    return [f"key_{place}_of_link" for place in range(len(step.target_columns))]


def _collected(linked: Table, step: Step, item: Mapping[str, Any], key: tuple[str, ...]) -> Table:
    """One row per key: the columns of its first rows, side by side."""
    if not item["columns"]:
        raise ActivityError(_("Choose the columns that “{alias}” collects.").format(alias=alias_of(item)))
    order = [ibis.asc(linked[name], nulls_first=False) for name in key]
    if sort := item["sort"]:
        order.insert(0, columns.ordered(linked[MARK + sort["by"]], descending=sort["descending"]))
    turn = ibis.row_number().over(group_by=[linked[name] for name in step.target_columns], order_by=order)
    turned = linked.mutate(**{TURN: turn})
    turned = turned.filter(turned[TURN] < item["lines"])
    cells = {
        f"{MARK}{alias_of(item)}{place + 1}_{path.replace('.', '_')}": turned[MARK + path].max(
            where=turned[TURN] == place
        )
        for place in range(item["lines"])
        for path in item["columns"]
    }
    return turned.group_by(_named(turned, step)).aggregate(**cells)


def _named(table: Table, step: Step) -> dict[str, Value]:
    return {new: table[old] for new, old in zip(_keys(step), step.target_columns, strict=True)}


def _figure(item: Mapping[str, Any], linked: Table) -> Value:
    """A figure over linked rows."""
    function, path = item["aggregate"], item["attribute"]
    if not path:
        if function != "count":
            raise ActivityError(_("Choose the column that “{alias}” is taken of.").format(alias=alias_of(item)))
        return linked.count()
    column: Any = linked[MARK + path]
    if figure_type(function, columns.type_of(column.type())) is None:
        sentence = _("{function} cannot be taken of “{path}”, which is of type {type}.")
        given = {"function": function, "path": path, "type": columns.type_of(column.type())}
        raise ActivityError(sentence.format(**given))
    if function == "stddev":
        return column.cast("float64").std(how="sample")
    if function == "avg":
        return column.cast("float64").mean()
    methods = {"count": "count", "count_distinct": "nunique", "sum": "sum", "min": "min", "max": "max"}
    return getattr(column, methods[function])()


def _beside(table: Table, found: Table, steps: tuple[Step, ...], asked: RuleContext, names: list[str]) -> Table:
    """The rows with what was found for each at the end of a way; nothing where there is none."""
    *way, last = steps
    own, kept = list(last.source_columns), list(table.columns)
    if way:
        table, own = ways.joined(table, tuple(way), own, asked.model, MARK)
    joined = table.left_join(found, [table[mine] == found[key] for mine, key in zip(own, _keys(last), strict=True)])
    others = [name for name in kept if name not in names]
    return joined.select(*others, **{name: joined[MARK + name] for name in names})


def refused(items: Iterator[Mapping[str, Any]] | list[Mapping[str, Any]], key: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the names that items make."""
    seen: set[str] = set()
    for item in items:
        alias = alias_of(item)
        if alias and not NAME.fullmatch(alias):
            yield _("“{alias}” is no name for a column: use letters, digits and “_”, at most 60.").format(alias=alias)
        for name in names_of(item):
            if name and name.lower() in {each.lower() for each in key}:
                yield _("“{name}” is the key of the rows; choose another alias.").format(name=name)
            if name and name.lower() in seen:
                yield _("“{name}” is there twice; give each its own alias.").format(name=name)
            seen.add(name.lower())


def tell_apart(names: Iterable[str], arrived: Iterable[str]) -> None:
    """Refuse a name that differs from a column that is there only in case: no engine tells the two apart."""
    there = {each.lower(): each for each in arrived}
    for name in names:
        if (other := there.get(name.lower(), name)) != name:
            sentence = _("“{name}” and the column “{other}” differ in upper and lower case only; choose another alias.")
            raise ActivityError(sentence.format(name=name, other=other))
