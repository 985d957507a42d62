"""Combine: several populations of one dimension become one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import ibis
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ibis.expr.types import Table

from activities.base import Activity, ActivityError, Context, Inputs, Population, Port
from activities.catalogue import register
from activities.forms import InboundField, SettingsForm

OPERATIONS = {
    "union": gettext_lazy("Union: rows of any set"),
    "intersection": gettext_lazy("Intersection: rows of every set"),
    "exclusion": gettext_lazy("Exclusion: rows of the primary set and of no other"),
}


class CombineForm(SettingsForm):
    needs_audience = False
    operation = forms.ChoiceField(
        label=gettext_lazy("Operation"),
        choices=list(OPERATIONS.items()),
        initial="union",
        help_text=gettext_lazy("Sets are compared by the key of their dimension; each row comes out once."),
    )
    primary = InboundField(
        label=gettext_lazy("Primary set"),
        blank=gettext_lazy("The first that was connected"),
        help_text=gettext_lazy("For an exclusion: the set that the others are taken from."),
        required=False,
    )
    complement = forms.BooleanField(
        label=gettext_lazy("Keep the rest"),
        help_text=gettext_lazy("A second transition with what an intersection or exclusion leaves out."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["operation"] = cleaned.get("operation") or "union"
        if cleaned["operation"] == "union" and cleaned.get("complement"):
            cleaned["complement"] = False
        return cleaned


@register
class Combine(Activity):
    key = "combine"
    label = gettext_lazy("Combine")
    group = "targeting"
    position = 20
    icon = "join"
    help = gettext_lazy("Makes one population of several: their union, intersection, or one without the others.")
    form_class = CombineForm
    inputs = (Port("in", many=True),)

    @property
    def operation(self) -> str:
        return str(self.settings.get("operation") or "union")

    def outputs(self) -> tuple[Port, ...]:
        rest = self.settings.get("complement") and self.operation != "union"
        return (Port("out"), Port("complement", _("Rest"))) if rest else (Port("out"),)

    def summary(self, ctx: Context | None = None) -> str:
        names = {"union": _("Union"), "intersection": _("Intersection"), "exclusion": _("Exclusion")}
        return names.get(self.operation, "")

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        inputs.audience()
        sets = self._comparable(inputs)
        if self.operation == "union":
            return {"out": _united(sets)}
        if self.operation == "intersection":
            kept = reduce(lambda table, other: table.semi_join(other.table, list(other.key)), sets[1:], sets[0].table)
            out, whole = sets[0].with_table(_common(kept, sets)), _united(sets)
        else:
            out, whole = self._excluded(inputs, sets)
        parts = {"out": out}
        if self.settings.get("complement"):
            parts["complement"] = whole.with_table(whole.table.anti_join(out.table, list(out.key)))
        return parts

    def _comparable(self, inputs: Inputs) -> list[Population]:
        """The sets that arrive, all of one dimension."""
        sets = inputs.many()
        dimensions = list(dict.fromkeys(each.dimension or _("none") for each in sets))
        if len(dimensions) > 1:
            sentence = _("The sets are of different dimensions ({names}); combine sets of one dimension.")
            raise ActivityError(sentence.format(names=", ".join(dimensions)))
        return sets

    def _excluded(self, inputs: Inputs, sets: list[Population]) -> tuple[Population, Population]:
        """What is left of the primary set, and the primary set."""
        primary = self.settings.get("primary")
        place = inputs.place(primary["node"], primary["port"]) if primary else 0
        if place is None:  # the way of the primary set was not taken
            nothing = sets[0].where(ibis.literal(False))
            return nothing, nothing
        others = sets[:place] + sets[place + 1 :]
        kept = reduce(lambda table, other: table.anti_join(other.table, list(other.key)), others, sets[place].table)
        return sets[place].with_table(kept), sets[place]


def _common(table: Table, sets: list[Population]) -> Table:
    """The key and the columns that every set has, of one type."""
    schemas = [each.table.schema() for each in sets]
    extras = [
        name
        for name in sets[0].extras
        if all(name in schema.names and schema[name] == schemas[0][name] for schema in schemas)
    ]
    return table.select(*sets[0].key, *extras)


def _united(sets: list[Population]) -> Population:
    """Each row of any set once, with the columns of the first set that has it."""
    key = sets[0].key
    if len(sets) == 1:
        return sets[0]
    narrow = [_common(each.table, sets) for each in sets]
    if not [name for name in narrow[0].columns if name not in key]:
        return sets[0].with_table(ibis.union(*narrow, distinct=True))
    ranked = ibis.union(
        *(table.mutate(place_of_set=ibis.literal(place, type="int32")) for place, table in enumerate(narrow))
    )
    ranked = ranked.mutate(
        rank_of_row=ibis.row_number().over(
            group_by=[ranked[name] for name in key], order_by=ibis.asc(ranked.place_of_set, nulls_first=False)
        )
    )
    return sets[0].with_table(ranked.filter(ranked.rank_of_row == 0).drop("place_of_set", "rank_of_row"))
