"""Combine: several populations become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ibis.expr.types import Table

from activities import columns, sets, ways
from activities.base import Activity, Loss, Port
from activities.cases import Case
from activities.catalogue import register
from activities.fields import REDRAW, ColumnField, InboundField, MatchedField, ScopedChoiceField, SharedColumnsField
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import RowsField
from orchcamp.datasets.rules.verdicts import Verdict, fact

OPERATIONS = {
    "union": gettext_lazy("Union: rows of any set"),
    "intersection": gettext_lazy("Intersection: rows of every set"),
    "exclusion": gettext_lazy("Exclusion: rows of the primary set and of no other"),
}
KEYS, COLUMNS = "keys", "columns"


class PairForm(SettingsForm):
    source = ColumnField(label=gettext_lazy("Column of the set"), help_text=gettext_lazy("Of the rows to take away."))
    destination = MatchedField(
        label=gettext_lazy("Column of the primary set"),
        help_text=gettext_lazy("Rows match when both are equal; empty values never are."),
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {}


class WayField(ScopedChoiceField):
    """A way over links from the primary set's dimension to the set's."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        if not scope.dimension or scope.other is None:
            return None
        found = ways.offered(scope.model, scope.other.dimension, to=scope.dimension)
        return [(path, ways.words(scope.model, steps)) for path, steps in found]


class ExclusionForm(SettingsForm):
    needs_audience = False
    set = InboundField(
        label=gettext_lazy("Set"),
        widget=forms.Select(attrs=REDRAW),
        help_text=gettext_lazy("The set of another dimension that this rule brings back to the primary set's."),
    )
    link = WayField(
        label=gettext_lazy("By a link"),
        blank=gettext_lazy("No: by equal columns"),
        help_text=gettext_lazy("Takes away the rows of the primary set that lead to a row of this set."),
        required=False,
    )
    pairs = RowsField(
        PairForm,
        row=gettext_lazy("Pair"),
        at_least=0,
        label=gettext_lazy("By equal columns"),
        help_text=gettext_lazy(
            "Takes away the rows of the primary set that agree with a row of this set in all pairs."
        ),
        required=False,
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {}

    def _scope_of(self, bound: forms.Field) -> Scope:
        if bound is self.fields["set"]:
            return self.scope
        return self.scope.against(self["set"].value())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.draft and not cleaned.get("link") and not cleaned.get("pairs") and not self.errors:
            self.add_error(None, _("Choose a link, or add a pair of columns."))
        return cleaned


class CombineForm(SettingsForm):
    template = "activities/combine.html"
    needs_audience = False
    operation = forms.ChoiceField(
        label=gettext_lazy("Operation"),
        choices=list(OPERATIONS.items()),
        initial="union",
        help_text=gettext_lazy("What comes out of the sets that arrive; each row once."),
    )
    match = forms.ChoiceField(
        label=gettext_lazy("Rows are the same when they agree in"),
        choices=[(KEYS, gettext_lazy("the key of their dimension")), (COLUMNS, gettext_lazy("a selection of columns"))],
        initial=KEYS,
        help_text=gettext_lazy("By columns, sets of different dimensions can be combined."),
        required=False,
    )
    columns = SharedColumnsField(
        label=gettext_lazy("Columns to match on"),
        help_text=gettext_lazy("Every set has them; an empty value is equal to none. Only for a selection of columns."),
        required=False,
    )
    primary = InboundField(
        label=gettext_lazy("Primary set"),
        widget=forms.Select(attrs=REDRAW),
        blank=gettext_lazy("The first that was connected"),
        help_text=gettext_lazy(
            "The set that others are taken from; by columns, also the one whose dimension and rows come out."
        ),
        required=False,
    )
    kept_columns = forms.ChoiceField(
        label=gettext_lazy("Columns to keep"),
        choices=[
            ("common", gettext_lazy("those that all sets have")),
            ("primary", gettext_lazy("those of the primary set")),
        ],
        initial="common",
        help_text=gettext_lazy("Of those that nodes added; rows of a set that lacks one have it empty."),
        required=False,
    )
    rules = RowsField(
        ExclusionForm,
        row=gettext_lazy("Rule"),
        at_least=0,
        label=gettext_lazy("Exclusion rules"),
        help_text=gettext_lazy("One for each set of another dimension than the primary set's. Only for an exclusion."),
        required=False,
    )
    complement = forms.BooleanField(
        label=gettext_lazy("Keep the rest"),
        help_text=gettext_lazy("A second transition with what an intersection or exclusion leaves out."),
        required=False,
    )

    def _scope_of(self, bound: forms.Field) -> Scope:
        if bound is self.fields["rules"]:
            return self.scope.beside(self["primary"].value())
        return super()._scope_of(bound)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["operation"] = cleaned.get("operation") or "union"
        cleaned["match"] = cleaned.get("match") or KEYS
        cleaned["kept_columns"] = cleaned.get("kept_columns") or "common"
        if cleaned["operation"] == "union" and cleaned.get("complement"):
            cleaned["complement"] = False
        if (
            cleaned["match"] == COLUMNS
            and not cleaned.get("columns")
            and not self.draft
            and "columns" not in self.errors
        ):
            self.add_error("columns", _("Choose at least one column."))
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

    @property
    def match(self) -> list[str]:
        """The columns to match on; none: by key."""
        return list(self.settings["columns"]) if self.settings["match"] == COLUMNS else []

    def outputs(self) -> tuple[Port, ...]:
        rest = self.settings.get("complement") and self.operation != "union"
        return (Port("out"), Port("complement", _("Rest"))) if rest else (Port("out"),)

    def summary(self, ctx: Context | None = None) -> str:
        names = {"union": _("Union"), "intersection": _("Intersection"), "exclusion": _("Exclusion")}
        name, chosen = names.get(self.operation, ""), self.settings.get("columns")
        if self.settings.get("match") != COLUMNS or not isinstance(chosen, list) or not chosen:
            return name
        return _("{operation} on {columns}").format(operation=name, columns=", ".join(map(str, chosen)))

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        first, others = inputs.primary(self.settings["primary"])
        if self.settings["match"] == COLUMNS and not self.match:
            raise ActivityError(_("Choose the columns to match on."))
        whole = first
        if self.operation == "exclusion":
            out = self._excluded(first, others, inputs, ctx)
        elif self.match:
            whole = sets.united_by_columns(first, others, self.match, ctx) if others else first
            out = whole if self.operation == "union" else self._shared_by_columns(first, others, whole, ctx)
        else:
            sets.one_dimension([first, *others])
            first, others = sets.keyed(first), [sets.keyed(other) for other in others]
            whole = sets.united([first, *others], self._extras(first, others))
            out = whole if self.operation == "union" else self._shared(first, others, whole)
        if not self.settings["complement"]:
            return {"out": out}
        return {"out": out, "complement": whole.with_table(_without(whole, out))}

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        if self.operation != "exclusion" and not self.match:
            yield from sets.unkeyed(inputs.many())
        if self.operation == "exclusion" and not self.settings["complement"]:
            first, _others = inputs.primary(self.settings["primary"])
            yield Loss(_("taken away, for another set has them"), first.table, (outputs["out"].table,))
        if self.operation == "intersection" and not self.settings["complement"] and not self.match:
            reached = sets.united([sets.keyed(each) for each in inputs.many()], [])
            yield Loss(_("not in every set"), reached.table, (outputs["out"].table,))

    def explain(self, case: Case) -> Iterable[Verdict]:
        """In which sets the row is: that decides, unless sets are matched on columns."""
        for place, (name, there) in enumerate(case.sets):
            part = "except" if self.operation == "exclusion" and not self._is_primary(case, place) else ""
            yield Verdict(_("Is in the set “{name}”").format(name=name), there, "fact", part=part)
        if self.match:
            first, _others = case.inputs.primary(self.settings["primary"])
            row = case.first(
                columns.seen(case.ctx, first, self.match).select(*dict.fromkeys([*first.key, *self.match]))
            )
            cells = case.cells(first, self.match, row) if row else ()
            yield fact(_("Sets are matched on these columns"), None, cells=cells)

    def _is_primary(self, case: Case, place: int) -> bool:
        first, _others = case.inputs.primary(self.settings["primary"])
        return case.inputs.many()[place] is first

    def _extras(self, first: Population, others: Sequence[Population]) -> list[str]:
        return list(first.extras) if self.settings["kept_columns"] == "primary" else sets.common([first, *others])

    def _shared(self, first: Population, others: Sequence[Population], whole: Population) -> Population:
        """The rows of the first set that all others have, with the columns of the whole."""
        kept = reduce(lambda table, other: table.semi_join(other.table, list(other.key)), others, first.table)
        return first.with_table(kept.select(*whole.table.columns))

    def _shared_by_columns(
        self, first: Population, others: Sequence[Population], whole: Population, ctx: Context
    ) -> Population:
        names = {name: name for name in self.match}
        kept, *tables = sets.by_columns(first, others, self.match, ctx)
        for table in tables:
            kept = kept.semi_join(table, sets.matches(kept, table, names))
        return whole.with_table(kept.select(*whole.table.columns))

    # --- Exclusion -------------------------------------------------------------------------

    def _excluded(self, first: Population, others: Sequence[Population], inputs: Inputs, ctx: Context) -> Population:
        rules = self._rules(inputs)
        for other in others:
            rule = next((rule for place, rule in rules if place is other), None)
            first = first.with_table(self._less(first, other, rule, ctx))
        return first

    def _rules(self, inputs: Inputs) -> list[tuple[Population, Mapping[str, Any]]]:
        """Each set that has a rule of its own, with it."""
        arrived, found = inputs.many(), []
        for rule in self.settings["rules"]:
            place = inputs.place(rule["set"]["node"], rule["set"]["port"]) if rule["set"] else None
            if place is not None:
                found.append((arrived[place], rule))
        return found

    def _less(self, first: Population, other: Population, rule: Mapping[str, Any] | None, ctx: Context) -> Table:
        """The first set without the rows that another set takes away."""
        if rule and rule["link"]:
            return self._less_linked(first, other, rule["link"], ctx)
        if rule and rule["pairs"]:
            pairs = {pair["destination"]: pair["source"] for pair in rule["pairs"] if all(pair.values())}
            return _less_equal(first, other, pairs, ctx)
        if self.match:
            return _less_equal(first, other, dict(zip(self.match, self.match, strict=True)), ctx)
        if other.dimension != first.dimension:
            sentence = _("A set of {other} cannot be taken from a set of {first} by key; add an exclusion rule for it.")
            raise ActivityError(sentence.format(other=other.dimension or _("none"), first=first.dimension))
        return first.table.anti_join(other.table, list(first.key))

    def _less_linked(self, first: Population, other: Population, path: str, ctx: Context) -> Table:
        steps = ways.steps_of(path, first.dimension, ctx.model)
        if steps[-1].target != other.dimension:
            sentence = _("The link “{path}” does not lead to the set's dimension {dimension}; choose another.")
            raise ActivityError(sentence.format(path=path, dimension=other.dimension))
        rows = columns.seen(ctx, first, steps[0].source_columns)
        rows = rows.select(*dict.fromkeys([*first.key, *steps[0].source_columns]))
        led = ways.followed(rows, steps, ctx.model, other.key)
        pairs = [led[ways.THERE + name] == other.table[name] for name in other.key]
        return first.table.anti_join(led.semi_join(other.table, pairs).select(*first.key), list(first.key))


def _less_equal(first: Population, other: Population, pairs: Mapping[str, str], ctx: Context) -> Table:
    """The first set's rows that agree with no row of the other in all the columns: its own → the other's."""
    mine = columns.seen(ctx, first, pairs)
    theirs = columns.seen(ctx, other, pairs.values())
    return mine.anti_join(theirs, sets.matches(mine, theirs, pairs)).select(*first.table.columns)


def _without(whole: Population, out: Population) -> Table:
    """The rows of the whole that are not in a part of it."""
    if not whole.apart:
        return whole.table.anti_join(out.table, list(whole.key))
    same = [whole.table[name].identical_to(out.table[name]) for name in whole.identity]
    return whole.table.anti_join(out.table, same)
