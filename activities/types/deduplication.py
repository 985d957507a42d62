"""Deduplication: of rows that agree in some columns, only so many stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import ibis
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from ibis.expr.datatypes import DataType
from ibis.expr.types import Table, Value

from activities import columns, sets
from activities.base import Activity, Loss, Port
from activities.cases import SHOWN, Case
from activities.catalogue import register
from activities.fields import ColumnField, ColumnsField, ExpressionsField, InboundField, LinesField
from activities.forms import SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import PartField
from orchcamp.datasets import engine, expressions
from orchcamp.datasets.expressions import kinds
from orchcamp.datasets.expressions.forms import ExpressionField
from orchcamp.datasets.rules import moments
from orchcamp.datasets.rules.verdicts import Cell, Verdict, fact

KEPT, VALUE, ORDER = "row_stays", "duplicate_value_", "duplicate_order"  # made-up columns; they never leave the node

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
    expression = ExpressionField(
        label=gettext_lazy("Or an expression"),
        help_text=gettext_lazy("Decides in the column's place, such as DaysDiff([last_order], [first_order])."),
        required=False,
    )
    descending = forms.BooleanField(
        label=gettext_lazy("Highest first"),
        help_text=gettext_lazy("The latest date or the largest number stays; empty values come last either way."),
        required=False,
    )


class DeduplicationForm(SettingsForm):
    shown_for: ClassVar[Mapping[str, str]] = {
        "sort": "method=expression method=non_empty method=values",
        "values": "method=values",
    }
    fields: Any = ColumnsField(
        label=gettext_lazy("Rows are duplicates when they agree in"),
        help_text=gettext_lazy("Empty values agree with each other."),
        required=False,
    )
    expressions = ExpressionsField(
        label=gettext_lazy("And in the value of"),
        help_text=gettext_lazy("Expressions, one a line, such as Lower([email]) or [store.region]."),
        required=False,
    )
    primary = InboundField(
        label=gettext_lazy("Primary set"),
        blank=gettext_lazy("The first that was connected"),
        help_text=gettext_lazy(
            "Where several sets arrive they become one first; a row of two of them has the columns of this one."
        ),
        required=False,
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
        switch=("by", "expression"),
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
        if not self.draft and not cleaned.get("fields") and not cleaned.get("expressions") and not self.errors:
            self.add_error("fields", _("Choose at least one column. An expression will do too."))
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
    inputs = (Port("in", many=True, alone=True),)

    def outputs(self) -> tuple[Port, ...]:
        rest = (Port("complement", _("Duplicates")),) if self.settings.get("complement") else ()
        return (Port("out"), *rest)

    def summary(self, ctx: Context | None = None) -> str:
        listed = [self.settings.get(name) for name in ("fields", "expressions")]
        names = ", ".join(str(name) for names in listed if isinstance(names, list) for name in names)
        if not names:
            return _("No columns yet")
        keep = self.settings.get("keep", 1)
        if not isinstance(keep, int) or keep < 1:
            return _("All rows per {fields}").format(fields=names)
        return ngettext("{n} row per {fields}", "{n} rows per {fields}", keep).format(n=keep, fields=names)

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        people, settings = self._people(inputs), self.settings
        if not settings["fields"] and not settings["expressions"]:
            raise ActivityError(_("Choose at least one column in which duplicates agree."))
        if settings["keep"] is None:
            raise ActivityError(_("Say how many duplicates to keep."))
        ranked = self._ranked(people, ctx)
        parts = {"out": columns.narrowed(ranked.filter(ranked[KEPT]), people)}
        if settings["complement"]:
            parts["complement"] = columns.narrowed(ranked.filter(~ranked[KEPT]), people)
        return parts

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        arrived = inputs.many()
        if len(arrived) > 1:
            yield from sets.unkeyed(arrived)
        if not self.settings["complement"]:
            yield Loss(_("duplicates of a row that stays"), self._people(inputs).table, (outputs["out"].table,))

    def explain(self, case: Case) -> Iterable[Verdict]:
        people = self._people(case.inputs)
        ranked = self._ranked(people, case.ctx)
        row = case.first(ranked) if self.settings["keep"] else None
        if row is None:
            return
        group = [*self.settings["fields"], *(f"{VALUE}{n}" for n in range(len(self.settings["expressions"])))]
        texts = dict(zip(group, [*self.settings["fields"], *self.settings["expressions"]], strict=True))
        cells = tuple(
            case.cell(people, name, row[name]) if name == texts[name] else Cell(texts[name], row[name], True)
            for name in group
        )
        yield fact(_("Duplicates agree in"), None, cells=cells)
        mine = ranked.filter(case.mine(ranked))
        same = [columns.without_empty(ranked[n]).identical_to(columns.without_empty(mine[n])) for n in group]
        others = ranked.semi_join(mine, same)
        alike, kept = engine.count(others), others.filter(others[KEPT])
        if row[KEPT]:
            sentence = ngettext("It is the only row of its group", "It stays, of {n} rows that agree", alike)
            yield fact(sentence.format(n=f"{alike:,}"), True)
            return
        shown = [*people.identity, *self._shown(people)]
        rows = engine.rows(kept.order_by([kept[name] for name in people.identity]).select(*shown), SHOWN)
        method = str(dict(METHODS)[self.settings["method"]])
        sentence = _("Of {n} rows that agree, another one stays ({method})").format(n=f"{alike:,}", method=method)
        samples = tuple(case.cells(people, shown, each) for each in rows)
        yield fact(sentence, False, cells=case.cells(people, self._shown(people), row), samples=samples)

    def _shown(self, people: Population) -> list[str]:
        """The column that decides which duplicates stay, where it is one."""
        sort = self.settings["sort"] if self.settings["method"] != "random" else None
        return [sort["by"]] if sort and not sort["expression"] and sort["by"] not in people.identity else []

    def _people(self, inputs: Inputs) -> Population:
        """What arrives, as one set."""
        first, others = inputs.primary(self.settings["primary"])
        if not others:
            return first
        sets.one_dimension([first, *others])
        return sets.united([sets.keyed(each) for each in (first, *others)])

    def _ranked(self, people: Population, ctx: Context) -> Table:
        """The wide rows with a column that says whether each is among those of its group that stay."""
        wide, keep = ctx.wide(people), self.settings["keep"]
        if not keep:
            return wide.mutate(**{KEPT: ibis.literal(True)})
        named = {f"{VALUE}{place}": text for place, text in enumerate(self.settings["expressions"])}
        sort = self.settings["sort"] if self.settings["method"] != "random" else None
        by = {ORDER: sort["expression"]} if sort and sort["expression"] else {}
        wide = expressions.add(wide, named | by, people.dimension, columns.asked(people, ctx))
        fields = [wide[name] for name in (*self.settings["fields"], *named)]
        before = [sort["by"]] if sort and not by and self.settings["method"] == "expression" else []
        order = [
            *self._preference(wide, columns.asked(people, ctx).home),
            *columns.drawn_order(wide, people.identity, ctx.seed, before),
        ]
        group = [columns.without_empty(field) for field in fields]
        kept = ibis.row_number().over(group_by=group, order_by=order) < keep
        if self.settings["ignore_empty"]:
            kept = ibis.or_(kept, *map(columns.is_empty, fields))
        return wide.mutate(**{KEPT: kept})

    def _preference(self, wide: Table, home: ZoneInfo) -> list[Value]:
        method, sort = self.settings["method"], self.settings["sort"]
        if method == "random":
            return []
        if not sort:
            raise ActivityError(_("Choose the column that decides which duplicates stay."))
        column = wide[ORDER if sort["expression"] else sort["by"]]
        if method == "non_empty":
            return [ibis.asc(columns.is_empty(column).cast("int8"), nulls_first=False)]
        if method == "values":
            return [ibis.asc(_place(column, self.settings["values"], home), nulls_first=False)]
        return [columns.ordered(column, descending=sort["descending"])]


def _place(column: Value, values: list[str], home: ZoneInfo) -> Value:
    """Where in the list a row's value stands; after it when it is not there."""
    listed = [(place, _value(value, column.type(), home)) for place, value in enumerate(values)]
    branches = [(column == value, ibis.literal(place, type="int32")) for place, value in listed if value is not None]
    last = ibis.literal(len(values), type="int32")
    return ibis.cases(*branches, else_=last) if branches else last


def _value(text: str, type: DataType, home: ZoneInfo) -> Value | None:
    """What a line of the list is among values of a type, 31.1 the same as 31.10; None when it can be none of them."""
    found: Any = None
    if type.is_string():
        found = text
    elif type.is_boolean():
        found = {"true": True, "false": False}.get(text.lower())
    elif type.is_numeric():
        with suppress(InvalidOperation):
            number = Decimal(text)
            fits = number.is_finite() and (not type.is_integer() or number == number.to_integral_value())
            found = (int(number) if type.is_integer() else number) if fits else None
        return None if found is None else ibis.literal(str(found)).try_cast(type)
    elif (day := kinds.day(text, home)) is not None:
        moment = day if isinstance(day, datetime) else moments.midnight(day, home)
        found = moment if type.is_timestamp() else None if isinstance(day, datetime) else day
    return None if found is None else ibis.literal(found, type=type)
