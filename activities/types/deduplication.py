"""Deduplication: of rows that agree in some columns, only so many stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from ibis.expr.types import Table, Value

from activities import columns
from activities.base import Activity, ActivityError, Context, Inputs, Population, Port
from activities.catalogue import register
from activities.forms import ColumnField, ColumnsField, LinesField, SettingsForm
from activities.rows import PartField

METHODS = [
    ("random", gettext_lazy("By lot (random)")),
    ("expression", gettext_lazy("By a column: the highest or lowest first")),
    ("non_empty", gettext_lazy("By a column: rows where it is not empty first")),
    ("values", gettext_lazy("By a column: in the order of a list of values")),
]


class OrderForm(SettingsForm):
    by = ColumnField(
        label=gettext_lazy("Column"),
        help_text=gettext_lazy("Decides which of the duplicates stay; not asked by lot."),
        required=False,
    )
    descending = forms.BooleanField(
        label=gettext_lazy("Highest first"),
        help_text=gettext_lazy("The latest date or the largest number stays; empty values come last either way."),
        required=False,
    )


class DeduplicationForm(SettingsForm):
    fields: Any = ColumnsField(
        label=gettext_lazy("Rows are duplicates when they agree in"),
        help_text=gettext_lazy("Empty values agree with each other."),
    )
    keep = forms.IntegerField(
        label=gettext_lazy("How many to keep"),
        min_value=0,
        max_value=1_000_000,
        initial=1,
        help_text=gettext_lazy("Of each group of duplicates; 0 keeps all."),
    )
    method = forms.ChoiceField(
        label=gettext_lazy("Which ones stay"),
        choices=METHODS,
        initial="random",
        help_text=gettext_lazy("The same rows stay whenever the run is repeated."),
    )
    sort = PartField(
        OrderForm,
        switch="by",
        label=gettext_lazy("By which column"),
        help_text=gettext_lazy("Needed unless it goes by lot."),
        required=False,
    )
    values = LinesField(
        label=gettext_lazy("Values, best first"),
        help_text=gettext_lazy("One a line; only for the order of a list of values."),
        required=False,
    )
    ignore_empty = forms.BooleanField(
        label=gettext_lazy("Rows with an empty value are never duplicates"),
        help_text=gettext_lazy("Rows where any of the columns above is empty all stay."),
        required=False,
    )
    complement = forms.BooleanField(
        label=gettext_lazy("Keep the duplicates apart"),
        help_text=gettext_lazy("A second transition with the rows that were taken out."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        method = cleaned["method"] = cleaned.get("method") or "random"
        if not self.draft and method != "random" and not cleaned.get("sort"):
            self.add_error("sort", _("Choose the column that decides."))
        if not self.draft and method == "values" and not cleaned.get("values"):
            self.add_error("values", _("Write at least one value."))
        return cleaned


@register
class Deduplication(Activity):
    key = "deduplication"
    label = gettext_lazy("Deduplication")
    group = "targeting"
    position = 30
    icon = "filter_list"
    help = gettext_lazy("Keeps one row, or a few, of those that agree in the chosen columns.")
    form_class = DeduplicationForm

    def outputs(self) -> tuple[Port, ...]:
        rest = (Port("complement", _("Duplicates")),) if self.settings.get("complement") else ()
        return (Port("out"), *rest)

    def summary(self, ctx: Context | None = None) -> str:
        fields = self.settings.get("fields")
        if not isinstance(fields, list) or not fields:
            return _("No columns yet")
        names, keep = ", ".join(map(str, fields)), self.settings.get("keep", 1)
        if not isinstance(keep, int) or keep < 1:
            return _("All rows per {fields}").format(fields=names)
        return ngettext("{n} row per {fields}", "{n} rows per {fields}", keep).format(n=keep, fields=names)

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        people, settings = inputs.audience(), self.settings
        if not settings["fields"]:
            raise ActivityError(_("Choose at least one column in which duplicates agree."))
        if settings["keep"] is None:
            raise ActivityError(_("Say how many duplicates to keep."))
        wide = ctx.wide(people)
        ranked = wide.mutate(kept_row=self._kept(wide, people, ctx))
        parts = {"out": columns.narrowed(ranked.filter(ranked.kept_row), people)}
        if settings["complement"]:
            parts["complement"] = columns.narrowed(ranked.filter(~ranked.kept_row), people)
        return parts

    def _kept(self, wide: Table, people: Population, ctx: Context) -> Value:
        """For each row, whether it is among those of its group that stay."""
        fields, keep = [wide[name] for name in self.settings["fields"]], self.settings["keep"]
        if not keep:
            return ibis.literal(True)
        order = [*self._preference(wide), *columns.drawn_order(wide, people.key, ctx.seed)]
        group = [columns.without_empty(field) for field in fields]
        kept = ibis.row_number().over(group_by=group, order_by=order) < keep
        return ibis.or_(kept, *map(columns.is_empty, fields)) if self.settings["ignore_empty"] else kept

    def _preference(self, wide: Table) -> list[Value]:
        method, sort = self.settings["method"], self.settings["sort"]
        if method == "random":
            return []
        if not sort:
            raise ActivityError(_("Choose the column that decides which duplicates stay."))
        column = wide[sort["by"]]
        if method == "non_empty":
            return [ibis.asc(columns.is_empty(column).cast("int8"), nulls_first=False)]
        if method == "values":
            return [ibis.asc(_place(column, self.settings["values"]), nulls_first=False)]
        return [columns.ordered(column, descending=sort["descending"])]


def _place(column: Value, values: list[str]) -> Value:
    """Where in the list a row's value stands; after it when it is not there."""
    text = column.cast("string")
    branches = [(text == value, ibis.literal(place, type="int32")) for place, value in enumerate(values)]
    return ibis.cases(*branches, else_=ibis.literal(len(values), type="int32")) if branches else ibis.literal(0)
