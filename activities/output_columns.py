"""Columns that leave: chosen or reckoned, named and in order; what files, webhooks and datasets are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ibis.expr.types import Table

from orchcamp.datasets import expressions
from orchcamp.datasets.expressions.forms import ExpressionField

from . import columns
from .fields import ColumnField, TextField
from .forms import SettingsForm
from .populations import ActivityError, Context, Population

MOST = 300
COMPUTED = "computed_value_"


class OutputColumnForm(SettingsForm):
    template = "activities/_output_column.html"
    source = ColumnField(
        label=gettext_lazy("Column"),
        help_text=gettext_lazy("One that reaches this node; leave it empty for an expression."),
        required=False,
    )
    expression = ExpressionField(
        label=gettext_lazy("Expression"),
        help_text=gettext_lazy("Instead of a column, such as Upper([city])."),
        required=False,
    )
    label = TextField(
        label=gettext_lazy("Label"),
        max_length=120,
        help_text=gettext_lazy("What the column is called there; empty: the column's name."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        source, expression = cleaned.get("source"), cleaned.get("expression")
        if source and expression:
            self.add_error("expression", _("Choose a column or write an expression, not both."))
        if not source and not expression and not self.draft and not self.errors:
            self.add_error("source", _("Choose a column, or write an expression."))
        if expression and not cleaned.get("label") and not self.draft:
            self.add_error("label", _("Give the expression a label."))
        return cleaned

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"source": ""}


class SortForm(SettingsForm):
    by = ColumnField(label=gettext_lazy("Column"), help_text=gettext_lazy("Rows go in its order; empty values last."))
    descending = forms.BooleanField(
        label=gettext_lazy("Highest first"), help_text=gettext_lazy("Otherwise the lowest is first."), required=False
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"by": ""}


def named(items: Sequence[Mapping[str, Any]], population: Population, wide: Table) -> dict[str, str | None]:
    """Label → expression, or None for a column; every column where none is chosen. Raises ActivityError."""
    if not items:
        return dict.fromkeys(wide.columns)
    found: dict[str, str | None] = {}
    for item in items:
        label = item.get("label") or item.get("source") or ""
        if not label:
            raise ActivityError(_("Choose a column, or write an expression."))
        if label in found:
            raise ActivityError(_("Two columns are called “{name}”; give each its own label.").format(name=label))
        found[label] = item.get("expression") or None
    return found


def chosen(items: Sequence[Mapping[str, Any]], population: Population, ctx: Context) -> tuple[Table, list[str]]:
    """The population's wide rows with one column ``computed_value_0``, … per column that leaves; and their labels.

    Each row once; the other columns are there still, to sort by. Raises ActivityError and ExpressionError.
    """
    wide = ctx.wide(population)
    labels = named(items, population, wide)
    sources = [item.get("source") for item in items] or list(wide.columns)
    asked = {f"{COMPUTED}{place}": text for place, text in enumerate(labels.values()) if text}
    table = expressions.add(wide, asked, population.dimension, columns.asked(population, ctx)) if asked else wide
    plain: dict[str, Any] = {}
    for place, (source, text) in enumerate(zip(sources, labels.values(), strict=True)):
        if text:
            continue
        if source not in table.columns:
            raise ActivityError(_("Column “{name}” does not reach this node.").format(name=source))
        plain[f"{COMPUTED}{place}"] = table[source]
    return table.mutate(**plain), list(labels)


def computed(labels: Sequence[str]) -> list[str]:
    """The names of the columns that ``chosen`` made, in order."""
    return [f"{COMPUTED}{place}" for place in range(len(labels))]
