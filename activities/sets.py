"""Populations held against each other: united, matched by key, by columns or over a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from . import columns
from .base import Loss
from .populations import ActivityError, Context, Population

PLACE, RANK = "place_of_set", "rank_of_row"  # made-up columns; they never leave a node


def one_dimension(sets: Sequence[Population]) -> None:
    """Raise ActivityError, which names them, where sets are of several dimensions."""
    dimensions = list(dict.fromkeys(each.dimension or _("none") for each in sets))
    if len(dimensions) > 1:
        sentence = _(
            "The sets are of different dimensions ({names}); combine sets of one dimension, or match them on columns."
        )
        raise ActivityError(sentence.format(names=", ".join(dimensions)))


def keyed(population: Population) -> Population:
    """Without the rows that a reconciliation kept with an empty key: those cannot be compared by it."""
    if not population.apart:
        return population
    table = columns.given(population.table, population.key)
    return Population(table, population.dimension, population.key, population.links)


def unkeyed(sets: Iterable[Population]) -> Iterable[Loss]:
    """What ``keyed`` leaves out."""
    for each in sets:
        if each.apart:
            empty = ibis.or_(*(each.table[name].isnull() for name in each.key))
            reason = _("their key is empty: a reconciliation found no counterpart for them")
            yield Loss(reason, each.table.filter(empty))


def common(sets: Sequence[Population]) -> list[str]:
    """The columns that nodes added to every set, of one type."""
    schemas = [each.table.schema() for each in sets]
    return [
        name
        for name in sets[0].extras
        if all(name in schema.names and schema[name] == schemas[0][name] for schema in schemas)
    ]


def aligned(table: Table, names: Iterable[str], like: Table) -> Table:
    """The table with exactly these columns, in the types of another; those that it lacks are empty."""
    schema, own = like.schema(), table.schema()
    fits = {name: name in own.names and own[name] == schema[name] for name in names}
    return table.select(**{name: table[name] if fit else ibis.null(schema[name]) for name, fit in fits.items()})


def united(sets: Sequence[Population], extras: Sequence[str] | None = None) -> Population:
    """Each key of any set once, with the columns of the first set that has it; ``extras`` are those that it keeps."""
    first, key = sets[0], sets[0].key
    if len(sets) == 1:
        return first
    names = [*key, *(common(sets) if extras is None else extras)]
    tables = [aligned(each.table, names, first.table) for each in sets]
    if len(names) == len(key):
        return Population(ibis.union(*tables, distinct=True), first.dimension, key)
    ranked = ibis.union(*(table.mutate(**{PLACE: _place(n)}) for n, table in enumerate(tables)))
    return Population(once(ranked, key, [PLACE]).drop(PLACE), first.dimension, key)


def _place(number: int) -> ibis.Value:
    return ibis.literal(number, type="int32")


def once(table: Table, by: Sequence[str], order: Sequence[str]) -> Table:
    """The first row, in an order, of those that agree in some columns; nulls are equal to each other."""
    ranked = table.mutate(
        **{
            RANK: ibis.row_number().over(
                group_by=[table[name] for name in by],
                order_by=[ibis.asc(table[name], nulls_first=False) for name in order],
            )
        }
    )
    return ranked.filter(ranked[RANK] == 0).drop(RANK)


def matches(left: Table, right: Table, pairs: Mapping[str, str]) -> list[ibis.Value]:
    """The join predicates of column pairs, left to right; an empty value, "" too, is equal to none.

    Raises ActivityError where two cannot be equal.
    """
    for mine, theirs in pairs.items():
        if not columns.comparable(left[mine], right[theirs]):
            sentence = _("“{one}” and “{other}” cannot be equal: one is {type}, the other {second}.")
            types = (columns.type_of(left[mine].type()), columns.type_of(right[theirs].type()))
            raise ActivityError(sentence.format(one=mine, other=theirs, type=types[0], second=types[1]))
    return [columns.without_empty(left[mine]) == right[theirs] for mine, theirs in pairs.items()]


def by_columns(first: Population, others: Sequence[Population], names: Sequence[str], ctx: Context) -> list[Table]:
    """The matching columns of the first set with all it carries, and of the others those columns alone."""
    own = columns.seen(ctx, first, names).select(*_distinct(first.table.columns, names))
    return [own, *(columns.seen(ctx, other, names).select(*names) for other in others)]


def _distinct(*names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for group in names for name in group))


def united_by_columns(
    first: Population, others: Sequence[Population], names: Sequence[str], ctx: Context
) -> Population:
    """The rows of the first set, and of the others those whose values it has not, each combination of values once.

    Rows of another dimension have an empty key in the first one's: they keep the columns that they were matched on.
    """
    foreign = any(other.dimension != first.dimension for other in others)
    extras = _distinct(first.extras, names if foreign else ())
    own = columns.seen(ctx, first, names)
    mine = own.select(*_distinct(first.key, extras, names))
    rest = []
    for place, other in enumerate(others):
        table = columns.seen(ctx, other, names)
        if other.dimension != first.dimension:
            table = table.drop(*(name for name in table.columns if name not in names))
        matches(mine, table, dict(zip(names, names, strict=True)))
        rest.append(aligned(table, mine.columns, mine).mutate(**{PLACE: _place(place)}))
    new = ibis.union(*rest) if len(rest) > 1 else rest[0]
    new = new.anti_join(mine, matches(new, mine, {name: name for name in names})).anti_join(mine, list(first.key))
    new = _each_once(new, first.key, names).drop(PLACE)
    table = ibis.union(mine, new).select(*first.key, *extras)
    return Population(table, first.dimension, first.key, {}, tuple(names) if foreign else first.apart)


def _each_once(table: Table, key: Sequence[str], names: Sequence[str]) -> Table:
    """Each combination of values once; rows in which one is empty are equal only to themselves: those of one key."""
    known = ~ibis.or_(*(columns.is_empty(table[name]) for name in names))
    apart = {f"own_{name}": ibis.ifelse(known, ibis.null(table.schema()[name]), table[name]) for name in key}
    marked = table.mutate(**apart)
    found = once(marked, [*names, *apart], [PLACE, *key]).drop(*apart)
    by_key = found.mutate(
        **{
            f"own_{name}": ibis.ifelse(found[key[0]].isnull(), found[name], ibis.null(found.schema()[name]))
            for name in names
        }
    )
    own = [f"own_{name}" for name in names]
    return once(by_key, [*key, *own], [PLACE]).drop(*own)


def without(table: Table, others: Iterable[Table], key: Sequence[str]) -> Table:
    """The rows whose key none of the others has."""
    return reduce(lambda kept, other: kept.anti_join(other, list(key)), others, table)
