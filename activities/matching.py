"""Rows held against rows of elsewhere: by pairs of equal columns, by an expression over both, or by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ibis.expr.types import Table, Value

from orchcamp.datasets import expressions
from orchcamp.datasets.expressions.forms import ExpressionField
from orchcamp.datasets.schema import ColumnShape

from . import columns
from .fields import ColumnField, MatchedField
from .forms import SettingsForm
from .populations import ActivityError, Context, Population
from .sets import matches
from .ways import THERE

HOLDS = "condition_holds"  # a made-up column; it never leaves a node


class PairForm(SettingsForm):
    source = ColumnField(label=gettext_lazy("Column that arrives"), help_text=gettext_lazy("Of the rows here."))
    destination = MatchedField(
        label=gettext_lazy("equals the column there"),
        help_text=gettext_lazy("Of the rows that they are tied to; an empty value is equal to none."),
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {}


class ConditionField(ExpressionField):
    """A condition over a row that arrives and one of elsewhere, whose columns are called ``there_…``."""

    def __init__(self, **options: Any):
        super().__init__(expects="boolean", required=False, **options)

    @property
    def scope(self) -> Any:
        return super().scope

    @scope.setter
    def scope(self, scope: Any) -> None:
        far = there(scope.other.fields) if scope.other else {}
        self.widget.place = replace(scope, columns={**scope.columns, **far})


def there(shapes: Mapping[str, ColumnShape]) -> dict[str, ColumnShape]:
    """Columns of elsewhere under the names that a condition calls them by."""
    return {THERE + name: replace(shape, name=THERE + name) for name, shape in shapes.items()}


def pairs_of(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The pairs that are complete."""
    return [(row["source"], row["destination"]) for row in rows if row["source"] and row["destination"]]


def paired(
    rows: Table,
    far: Table,
    pairs: Sequence[tuple[str, str]],
    condition: str,
    people: Population,
    ctx: Context,
    *,
    ignore_case: bool = False,
    trim: bool = False,
) -> Table:
    """Each row with each row of elsewhere that fits it, whose columns are called ``there_…``: lazy. Raises Refused."""
    if not pairs and not condition:
        raise ActivityError(_("Add a pair of columns, or write a condition."))
    named = far.rename({THERE + name: name for name in far.columns})
    if both := set(rows.columns) & set(named.columns):
        raise ActivityError(_("The column “{name}” is in the way; give it another name.").format(name=min(both)))
    if not pairs:
        met = rows.cross_join(named)
    else:
        wanted = {f"mine_{n}": _told(rows[mine], ignore_case, trim) for n, (mine, _far) in enumerate(pairs)}
        given = {f"theirs_{n}": _told(named[THERE + name], ignore_case, trim) for n, (_mine, name) in enumerate(pairs)}
        matches(rows, named, {mine: THERE + name for mine, name in pairs})
        left, right = rows.mutate(**wanted), named.mutate(**given)
        met = left.inner_join(right, [left[f"mine_{n}"] == right[f"theirs_{n}"] for n in range(len(pairs))])
        met = met.drop(*wanted, *given)
    if not condition:
        return met
    asked = columns.asked(people, ctx)
    shapes = {n: ColumnShape(n, n, columns.type_of(named.schema()[n])) for n in named.columns}
    asked = replace(asked, columns={**asked.columns, **shapes})
    expressions.demand_type(expressions.read(condition, people.dimension, asked), "boolean")
    judged = expressions.add(met, {HOLDS: condition}, people.dimension, asked)
    return judged.filter(judged[HOLDS].fill_null(False)).drop(HOLDS)


def _told(column: Value, ignore_case: bool, trim: bool) -> Value:
    """A value as it is compared: an empty text is none."""
    if not column.type().is_string():
        return column
    column = column.strip() if trim else column
    return columns.without_empty(column.lower() if ignore_case else column)


def missing(table: Table, found: Table, population: Population) -> Table:
    """The rows of a population's table that are not among those found."""
    names = list(population.identity)
    if not population.apart:
        return table.anti_join(found.select(*names), names)
    held = found.select(*names)
    return table.anti_join(held, [table[name].identical_to(held[name]) for name in names])


def several(met: Table, population: Population) -> Table:
    """The identity of each row that fits more than one row of elsewhere."""
    counted = met.group_by(list(population.identity)).aggregate(fitting=met.count())
    return counted.filter(counted.fitting > ibis.literal(1))
