"""Split: the population in parts, by rules, limits and lot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from string import ascii_lowercase
from typing import Any

import ibis
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ibis.expr.types import Table, Value

from activities import columns
from activities.base import Activity, ActivityError, Context, Finding, Inputs, Population, Port
from activities.catalogue import register
from activities.forms import CodeField, ColumnField, NumberField, Scope, SettingsForm, TextField
from activities.rows import PartField, RowsField
from orchcamp.datasets.rules.forms import RuleField

COMPLEMENT = "complement"
SEGMENT = "segment_code"
FREE, TAKEN = "row_is_free", "row_is_in_"  # made-up columns; they never leave the node


class LimitForm(SettingsForm):
    type = forms.ChoiceField(
        label=gettext_lazy("At most"),
        choices=[
            ("", gettext_lazy("No limit")),
            ("percent", gettext_lazy("A percentage")),
            ("number", gettext_lazy("A number of rows")),
        ],
        help_text=gettext_lazy("How many rows at most, after the filter."),
        required=False,
    )
    value = NumberField(
        label=gettext_lazy("Value"),
        min_value=0,
        help_text=gettext_lazy("For a percentage up to 100; the result is rounded down."),
    )
    of = forms.ChoiceField(
        label=gettext_lazy("Percentage of"),
        choices=[
            ("inbound", gettext_lazy("all that arrive")),
            ("remainder", gettext_lazy("what former subsets left")),
        ],
        initial="inbound",
        help_text=gettext_lazy("What 100 % is; no matter for a number of rows."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        kind, value = cleaned.get("type"), cleaned.get("value")
        cleaned["of"] = cleaned.get("of") or "inbound"
        if kind == "percent" and value is not None and value > 100:
            self.add_error("value", _("A percentage is at most 100."))
        if kind == "number" and value is not None and not isinstance(value, int):
            self.add_error("value", _("A number of rows is a whole number."))
        return cleaned


class SortForm(SettingsForm):
    by = ColumnField(
        label=gettext_lazy("Take first by"),
        blank=gettext_lazy("Lot (random)"),
        help_text=gettext_lazy("Who comes first when there is a limit; empty values come last."),
        required=False,
    )
    descending = forms.BooleanField(
        label=gettext_lazy("Highest first"), help_text=gettext_lazy("Otherwise the lowest first."), required=False
    )


class SubsetForm(SettingsForm):
    template = "activities/_subset.html"
    label = TextField(
        label=gettext_lazy("Label"),
        max_length=80,
        help_text=gettext_lazy("Names the transition; the code does if this is empty."),
        required=False,
    )
    code = CodeField(
        label=gettext_lazy("Segment code"),
        help_text=gettext_lazy("Written into the rows and the name of the port: another code drops its transitions."),
    )
    rule = RuleField(
        label=gettext_lazy("Filter"),
        help_text=gettext_lazy("Only rows that satisfy it; without one, all."),
        required=False,
    )
    limit = PartField(LimitForm, switch="type", label=gettext_lazy("Limit"), required=False)
    sort = PartField(SortForm, switch="by", label=gettext_lazy("Order"), required=False)
    skip_empty = forms.BooleanField(
        label=gettext_lazy("Skip when empty"),
        help_text=gettext_lazy("With no rows, what comes after this subset does not run."),
        required=False,
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        free = [code for code in (*ascii_lowercase, *(f"s{n}" for n in range(1, 100))) if code not in codes]
        return {"code": free[0], "label": _("Subset {n}").format(n=len(codes) + 1)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not cleaned.get("label"):
            cleaned["label"] = cleaned.get("code", "")
        return cleaned


def first_subset() -> list[dict[str, str]]:
    """What a new split begins with."""
    return [SubsetForm.new_row([])]


class SplitForm(SettingsForm):
    template = "activities/split.html"
    subsets = RowsField(
        SubsetForm,
        row=gettext_lazy("Subset"),
        initial=first_subset,
        label=gettext_lazy("Subsets"),
        help_text=gettext_lazy("In this order: each takes from the rows that those before it left."),
    )
    complement = forms.BooleanField(
        label=gettext_lazy("Keep the rest"),
        help_text=gettext_lazy("A transition with the rows that no subset took."),
        required=False,
    )
    overlap = forms.BooleanField(
        label=gettext_lazy("Let subsets overlap"),
        help_text=gettext_lazy("Each subset takes from all rows; a row can be in several."),
        required=False,
    )


@register
class Split(Activity):
    key = "split"
    label = gettext_lazy("Split")
    group = "targeting"
    position = 10
    icon = "call_split"
    help = gettext_lazy("Divides the population into subsets by filter, limit, order or lot.")
    form_class = SplitForm

    def outputs(self) -> tuple[Port, ...]:
        rest = (Port(COMPLEMENT, _("Rest")),) if self.settings.get("complement") else ()
        return (*(port for port in self.codes("subsets") if port.name != COMPLEMENT), *rest)

    def summary(self, ctx: Context | None = None) -> str:
        names = [port.label for port in self.codes("subsets")]
        names += [_("rest")] if self.settings.get("complement") else []
        return " · ".join(names) or _("No subsets yet")

    def findings(self, scope: Scope) -> Iterable[Finding]:
        limits = [row["limit"] for row in self.settings["subsets"] if not row["rule"]]
        shares = [
            limit["value"] for limit in limits if limit and (limit["type"], limit["of"]) == ("percent", "inbound")
        ]
        if sum(shares) > 100 and not self.settings["overlap"]:
            sentence = _("The percentages add up to {sum}; the last subsets get less than they say.")
            yield Finding("warning", sentence.format(sum=sum(shares)))

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        """One pass over the rows, a column for each subset: what arrives is read once, however many there are."""
        people, parts = inputs.audience(), dict[str, Population]()
        if not self.settings["subsets"]:
            raise ActivityError(_("Add at least one subset."))
        asks = any(subset["rule"] or subset["sort"] for subset in self.settings["subsets"])
        table = (ctx.wide(people) if asks else people.table).mutate(**{FREE: ibis.literal(True)})
        for place, subset in enumerate(self.settings["subsets"]):
            table = self._with_subset(table, f"{TAKEN}{place}", subset, people, ctx)
        for place, subset in enumerate(self.settings["subsets"]):
            code = ibis.literal(subset["code"], type="string")
            taken = table.filter(table[f"{TAKEN}{place}"])
            parts[subset["code"]] = columns.narrowed(taken, people, **{SEGMENT: code})
        if self.settings["complement"]:  # its rows keep the code that they came with, or have none
            rest = table.filter(table[FREE])
            code = rest[SEGMENT] if SEGMENT in people.extras else ibis.null("string")
            parts[COMPLEMENT] = columns.narrowed(rest, people, **{SEGMENT: code})
        return parts

    def _with_subset(
        self, table: Table, taken: str, subset: Mapping[str, Any], people: Population, ctx: Context
    ) -> Table:
        """The rows with a column that says which the subset takes; those are not free any more."""
        if not subset["code"]:
            raise ActivityError(_("Give every subset a segment code."))
        overlap, limit = self.settings["overlap"], subset["limit"]
        table = columns.marked(table, people, subset["rule"], ctx, taken)
        if not overlap:
            table = table.mutate(**{taken: table[taken] & table[FREE]})
        if limit:
            if limit["value"] is None:
                raise ActivityError(_("Give the limit of subset “{label}” a value.").format(label=subset["label"]))
            lot = ctx.at(subset["code"]) if overlap else ctx  # subsets that may overlap draw independently
            order = columns.drawn_order(table, people.key, lot.seed)
            if sort := subset["sort"]:
                order.insert(0, columns.ordered(table[sort["by"]], descending=sort["descending"]))
            table = table.mutate(**{taken: table[taken] & self._allowed(table, taken, limit, order)})
        return table.mutate(**{FREE: table[FREE] & ~table[taken]})

    def _allowed(self, table: Table, fits: str, limit: Mapping[str, Any], order: list[Value]) -> Value:
        """Whether a row is among the first that the limit allows; whole numbers only, so nothing is lost to rounding."""
        rank = ibis.row_number().over(group_by=table[fits], order_by=order) + 1
        if limit["type"] == "number":
            return rank <= limit["value"]
        all_rows = limit["of"] == "inbound" or self.settings["overlap"]
        whole = (table.count() if all_rows else table[FREE].cast("int64").sum()).over(ibis.window())
        share = Fraction(str(limit["value"])) / 100
        return rank * share.denominator <= whole * share.numerator

    def follows(self, rows: Mapping[str, int]) -> Collection[str]:
        skipped = {row.get("code") for row in self.items("subsets") if row.get("skip_empty")}
        return [port for port, count in rows.items() if count or port not in skipped]
