"""Split: the population in parts, by rules, limits and lot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from string import ascii_lowercase
from typing import Any, ClassVar

import ibis
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ibis.expr.types import Table, Value

from activities import columns, sets
from activities.base import ERROR, Activity, Finding, Loss, Port
from activities.cases import Case
from activities.catalogue import register
from activities.fields import CodeField, ColumnField, NumberField, TextField
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import PartField, RowsField
from orchcamp.datasets.rules.explaining import explain
from orchcamp.datasets.rules.forms import RuleField
from orchcamp.datasets.rules.verdicts import Cell, Verdict, fact

COMPLEMENT = "complement"
SEGMENT = columns.SEGMENT
FREE, TAKEN = "row_is_free", "row_is_in_"  # made-up columns; they never leave the node
FITS, RANK, WHOLE = "row_fits_", "rank_of_row_", "rows_of_all_"


class LimitForm(SettingsForm):
    shown_for: ClassVar[Mapping[str, str]] = {"value": "type=percent type=number", "of": "type=percent"}
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

    @staticmethod
    def phrase(settings: Mapping[str, Any]) -> str:
        """A limit in a word or two, as “10 %”."""
        value, kind = settings.get("value"), settings.get("type")
        if kind == "percent":
            left = settings.get("of") == "remainder"
            return _("{value} % of the rest").format(value=value) if left else _("{value} %").format(value=value)
        return _("{value} rows").format(value=value) if kind == "number" else _("none")

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
        help_text=gettext_lazy(
            "Written into the rows. With another code, what follows here has to be connected again."
        ),
    )
    segment = TextField(
        label=gettext_lazy("Segment text"),
        max_length=200,
        help_text=gettext_lazy("What the rows carry as segment_code; the code if this is empty."),
        required=False,
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

    @property
    def projected(self) -> str:
        """What the subset took in the last run; while that is out of date, what its percentage of the rows gives."""
        rows, stale = self.scope.carried.get(str(self["code"].value()), (None, True))
        if rows is not None and not stale:
            return _("Took {rows} rows in the last run.").format(rows=f"{rows:,}")
        arrived, limit = self.scope.carried.get("", (0, True))[0], self.initial.get("limit") or {}
        if (
            arrived
            and limit.get("type") == "percent"
            and limit.get("of") == "inbound"
            and limit.get("value") is not None
        ):
            most = int(arrived * Fraction(str(limit["value"])) / 100)
            return _("Projected: at most {rows} of {arrived} rows.").format(rows=f"{most:,}", arrived=f"{arrived:,}")
        if rows is not None:
            return _("Took {rows} rows in the last run, before the last change.").format(rows=f"{rows:,}")
        return ""

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
    same_table = forms.BooleanField(
        label=gettext_lazy("All subsets in one transition"),
        help_text=gettext_lazy(
            "One transition carries the rows of every subset, with its segment code; a row of several has the first one's."
        ),
        required=False,
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
        if self.settings.get("same_table"):
            return (Port("out"), *rest)
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
            sentence = _(
                "The percentages add up to {sum}, so the last subsets get less than they say; lower them to 100 in all."
            )
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
        if self.settings["same_table"]:
            parts["out"] = self._together(table, people)
        else:
            for place, subset in enumerate(self.settings["subsets"]):
                code = ibis.literal(_segment(subset), type="string")
                taken = table.filter(table[f"{TAKEN}{place}"])
                parts[subset["code"]] = columns.narrowed(taken, people, **{SEGMENT: code})
        if self.settings["complement"]:  # its rows keep the code that they came with, or have none
            rest = table.filter(table[FREE])
            code = rest[SEGMENT] if SEGMENT in people.extras else ibis.null("string")
            parts[COMPLEMENT] = columns.narrowed(rest, people, **{SEGMENT: code})
        return parts

    def _together(self, table: Table, people: Population) -> Population:
        """The rows of all subsets, each once, with the code of the first that took it."""
        taken = table.filter(~table[FREE])
        branches = [
            (taken[f"{TAKEN}{place}"], ibis.literal(_segment(subset), type="string"))
            for place, subset in enumerate(self.settings["subsets"])
        ]
        return columns.narrowed(taken, people, **{SEGMENT: ibis.cases(*branches, else_=ibis.null("string"))})

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        if self.settings["complement"]:
            return
        people, reason = inputs.audience(), _("in no subset")
        parts = [part.table for port, part in outputs.items() if port != ERROR]
        if not self.settings["overlap"] or self.settings["same_table"]:
            yield Loss(reason, people.table, tuple(parts))
        elif not people.apart:
            yield Loss(reason, sets.without(people.table, parts, people.key))

    def _with_subset(
        self, table: Table, taken: str, subset: Mapping[str, Any], people: Population, ctx: Context, telling: str = ""
    ) -> Table:
        """The rows with a column that says which the subset takes; those are not free any more. ``telling`` names
        columns that say how that came about."""
        if not subset["code"]:
            raise ActivityError(_("Give every subset a segment code."))
        limit = subset["limit"]
        table = columns.marked(table, people, subset["rule"], ctx, taken)
        if not self.settings["overlap"]:
            table = table.mutate(**{taken: table[taken] & table[FREE]})
        if limit:
            if limit["value"] is None:
                raise ActivityError(_("Give the limit of subset “{label}” a value.").format(label=subset["label"]))
            rank, whole = self._rank(table, taken, subset, people, ctx), self._whole(table, limit)
            told = {f"{FITS}{telling}": table[taken], f"{RANK}{telling}": rank, f"{WHOLE}{telling}": whole}
            table = table.mutate(**(told if telling else {}), **{taken: table[taken] & _allowed(rank, whole, limit)})
        return table.mutate(**{FREE: table[FREE] & ~table[taken]})

    def _rank(self, table: Table, fits: str, subset: Mapping[str, Any], people: Population, ctx: Context) -> Value:
        """Which place a row has among those that fit, from 1."""
        lot = ctx.at(subset["code"]) if self.settings["overlap"] else ctx  # subsets that may overlap draw independently
        sort = subset["sort"]
        order = columns.drawn_order(table, people.identity, lot.seed, [sort["by"]] if sort else ())
        if sort:
            order.insert(0, columns.ordered(table[sort["by"]], descending=sort["descending"]))
        return ibis.row_number().over(group_by=table[fits], order_by=order) + 1

    def _whole(self, table: Table, limit: Mapping[str, Any]) -> Value:
        """How many rows 100 % are."""
        all_rows = limit["of"] == "inbound" or self.settings["overlap"]
        return (table.count() if all_rows else table[FREE].cast("int64").sum()).over(ibis.window())

    # --- Why -------------------------------------------------------------------------------

    def explain(self, case: Case) -> Iterable[Verdict]:
        people = case.inputs.audience()
        table = case.ctx.wide(people).mutate(**{FREE: ibis.literal(True)})
        for place, subset in enumerate(self.settings["subsets"]):
            table = self._with_subset(table, f"{TAKEN}{place}", subset, people, case.ctx, telling=str(place))
        row = case.first(table)
        places = range(len(self.settings["subsets"]))
        return [] if row is None else [self._told(place, row, case, people) for place in places]

    def _told(self, place: int, row: Mapping[str, Any], case: Case, people: Population) -> Verdict:
        """What one subset made of the row."""
        subset, taken, items = self.settings["subsets"][place], bool(row[f"{TAKEN}{place}"]), list[Verdict]()
        former = [n for n in range(place) if row[f"{TAKEN}{n}"]]
        if former and not self.settings["overlap"]:
            label = self.settings["subsets"][former[0]]["label"]
            first = fact(_("“{label}” took it before").format(label=label), False)
            return fact(subset["label"], False, kind="subset", items=(first,))
        if subset["rule"]:
            verdict = explain(
                case.ctx.wide(people), subset["rule"], people.dimension, columns.asked(people, case.ctx), case.mine
            )
            items += [verdict] if verdict else []
        if subset["limit"] and row[f"{FITS}{place}"]:
            items.append(_ranked(subset, row, place, taken, case, people))
        return fact(subset["label"], taken, kind="subset", items=tuple(items))

    def follows(self, rows: Mapping[str, int], ctx: Context | None = None) -> Collection[str]:
        skipped = {row.get("code") for row in self.items("subsets") if row.get("skip_empty")}
        return [port for port, count in rows.items() if count or port not in skipped]


def _allowed(rank: Value, whole: Value, limit: Mapping[str, Any]) -> Value:
    """Whether a rank is among the first that the limit allows; whole numbers only, so nothing is lost to rounding."""
    if limit["type"] == "number":
        return rank <= limit["value"]
    share = Fraction(str(limit["value"])) / 100
    return rank * share.denominator <= whole * share.numerator


def _ranked(
    subset: Mapping[str, Any], row: Mapping[str, Any], place: int, taken: bool, case: Case, people: Population
) -> Verdict:
    """Which place the row had where not all are taken."""
    limit, sort = subset["limit"], subset["sort"]
    most = limit["value"]
    if limit["type"] == "percent":
        most = int(row[f"{WHOLE}{place}"] * Fraction(str(limit["value"])) / 100)
    order = _("by lot (MD5 order)")
    if sort:
        way = _("highest first") if sort["descending"] else _("lowest first")
        order = _("by {column}, {way}").format(column=case.cell(people, sort["by"], None).label, way=way)
    cells: tuple[Cell, ...] = (case.cell(people, sort["by"], row[sort["by"]]),) if sort else ()
    rank, most = f"{row[f'{RANK}{place}']:,}", f"{most:,}"
    sentence = _("Rank {rank}, {order}; the first {most} are taken").format(rank=rank, most=most, order=order)
    return fact(sentence, taken, cells=cells)


def _segment(subset: Mapping[str, Any]) -> str:
    """What a subset writes into its rows."""
    return str(subset["segment"] or subset["code"])
