"""Incremental query: of the rows that satisfy a rule, those that no run before has targeted."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

import ibis
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ibis.expr.types import BooleanValue, Scalar, Table

from activities.base import Activity, Loss, Port
from activities.cases import Case
from activities.catalogue import register
from activities.columns import is_everyone, rule_context
from activities.fields import DimensionField, ScopedChoiceField, errors_field
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from orchcamp.datasets import engine, rules
from orchcamp.datasets.rules.explaining import everyone, explain
from orchcamp.datasets.rules.forms import RuleField
from orchcamp.datasets.rules.verdicts import Cell, Verdict, fact
from orchcamp.datasets.schema import TYPES, DatasetShape

DATES = {"date", "datetime"}
RETURNED = "orchcamp_returned_at"  # beside the keys that are remembered
MODES = [
    ("date", gettext_lazy("By a date: only rows that are later than the last run")),
    ("exclude", gettext_lazy("By memory: only rows that no run before has returned")),
]


class DateColumnField(ScopedChoiceField):
    """A column of the chosen dimension that holds dates or moments."""

    dimension_field = "dimension"

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        shape = scope.model.datasets.get(scope.dimension)
        if shape is None:
            return None
        return [(name, column.label or name) for name, column in shape.columns.items() if column.type in DATES]

    def refusal(self, value: str, names: list[str]) -> str:
        sentence = _("“{value}” is no column with dates of this dimension; there are: {names}.")
        return sentence.format(value=value, names=", ".join(names) or _("none"))


class IncrementalQueryForm(SettingsForm):
    shown_for: ClassVar[Mapping[str, str]] = {"date_column": "mode=date", "history_days": "mode=exclude"}
    needs_audience = False
    dimension = DimensionField(
        label=gettext_lazy("Targeting dimension"),
        help_text=gettext_lazy("What one row of the audience stands for."),
        error_messages={"required": gettext_lazy("Choose the targeting dimension.")},
    )
    rule = RuleField(
        dimension_field="dimension",
        label=gettext_lazy("Who is looked for"),
        help_text=gettext_lazy("Without a condition everyone is; of these, only what is new goes on."),
        required=False,
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("What is new"),
        choices=MODES,
        initial="date",
        help_text=gettext_lazy("The first live run takes all; a test looks, and moves nothing."),
    )
    date_column = DateColumnField(
        label=gettext_lazy("Date column"),
        help_text=gettext_lazy("For “by a date”: later than the last live run that ended well, up to this one."),
        required=False,
    )
    history_days = forms.IntegerField(
        label=gettext_lazy("Days to remember"),
        min_value=0,
        max_value=36_500,
        initial=0,
        help_text=gettext_lazy("For “by memory”: after so many days a row may come again; 0 remembers for ever."),
        required=False,
    )
    keep_empty = forms.BooleanField(
        label=gettext_lazy("Go on when nothing is new"),
        help_text=gettext_lazy("Otherwise the path ends here until the next run."),
        required=False,
    )
    process_errors = errors_field()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["mode"] = cleaned.get("mode") or "date"
        cleaned["history_days"] = cleaned.get("history_days") or 0
        asked = cleaned["mode"] == "date" and not cleaned.get("date_column") and "date_column" not in self.errors
        if asked and not self.draft:
            self.add_error("date_column", _("Choose the column that says when a row is new."))
        return cleaned


@register
class IncrementalQuery(Activity):
    key = "incremental_query"
    label = gettext_lazy("Incremental query")
    group = "data"
    position = 30
    icon = "update"
    help = gettext_lazy("Finds the rows that satisfy a rule and are new since the last run.")
    form_class = IncrementalQueryForm
    inputs = (Port("in", required=False),)

    def summary(self, ctx: Context | None = None) -> str:
        slug, column = self.settings.get("dimension"), self.settings.get("date_column")
        if not isinstance(slug, str) or not slug:
            return _("No targeting dimension yet")
        shape = ctx.model.datasets.get(slug) if ctx else None
        label = shape.label if shape else slug.replace("_", " ").capitalize()
        if self.settings.get("mode") == "exclude":
            return _("{dimension} that no run has returned").format(dimension=label)
        if not isinstance(column, str) or not column:
            return _("{dimension}: no date column yet").format(dimension=label)
        name = shape.columns[column].label if shape and column in shape.columns else column
        return _("{dimension} with a new “{column}”").format(dimension=label, column=name)

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        if not self.settings["dimension"]:
            raise ActivityError(_("Choose the targeting dimension."))
        shape = ctx.model.dataset(self.settings["dimension"])
        found = self._found(shape, ctx)
        if self.settings["mode"] == "date":
            found = found.filter(self._is_new(found, shape, ctx))
        table = found.select(*shape.key)
        if (known := self._remembered(shape, ctx)) is not None:
            table = table.anti_join(known, list(shape.key))
        return {"out": Population(table, shape.slug, shape.key)}

    def follows(self, rows: Mapping[str, int], ctx: Context | None = None) -> Collection[str]:
        return list(rows) if self.settings.get("keep_empty") else [port for port, count in rows.items() if count]

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        shape, column = ctx.model.dataset(self.settings["dimension"]), self.settings["date_column"]
        if self.settings["mode"] == "date" and _mark(ctx):
            found = self._found(shape, ctx)
            sentence = _("found, but without a value in “{column}”")
            yield Loss(
                sentence.format(column=shape.columns[column].label or column), found.filter(found[column].isnull())
            )

    def explain(self, case: Case) -> Iterable[Verdict]:
        shape, ctx = case.ctx.model.dataset(self.settings["dimension"]), case.ctx
        table, rule = ctx.model.table(shape.slug), self.settings["rule"]
        verdict = everyone() if is_everyone(rule) else explain(table, rule, shape.slug, rule_context(ctx), case.mine)
        yield from [verdict] if verdict else []
        mark, name = _mark(ctx), self.settings["date_column"]
        if self.settings["mode"] == "date" and name in shape.columns:
            since = _("is later than the last live run") if mark else _("has no live run before it: every row is new")
            marked = table.select(*shape.key, value=table[name], new=self._is_new(table, shape, ctx).fill_null(False))
            if row := case.first(marked):
                column = shape.columns[name]
                cell = Cell("", row["value"], column.personal)
                yield fact(f"{column.label or name} {since}", bool(row["new"]), cells=(cell,))
        if (known := self._remembered(shape, ctx)) is not None:
            before = case.first(known)
            cells = (Cell(_("returned"), before[RETURNED]),) if before else ()
            yield fact(_("No run before has returned it"), before is None, cells=cells)

    def remember(self, outputs: Mapping[str, Population], ctx: Context) -> dict[str, Any]:
        shape = ctx.model.dataset(self.settings["dimension"])
        state = {"mark": ctx.now.isoformat(), "dimension": shape.slug}
        if not self._remembers(shape):
            return state
        keys = outputs["out"].table.select(*shape.key)
        moment = _moment(ctx.now)
        table = keys.mutate(**{RETURNED: moment})
        if (known := self._remembered(shape, ctx)) is not None:
            table = table.union(known.anti_join(keys, list(shape.key)))
        name = hashlib.sha256(f"{ctx.campaign}/{ctx.node}/{ctx.now.isoformat()}".encode()).hexdigest()[:24]
        path = f"memories/{ctx.campaign}/{hashlib.sha256(ctx.node.encode()).hexdigest()[:12]}/{name}.parquet"
        engine.write(table, path)
        return {**state, "path": path}

    # --- What is new ---------------------------------------------------------------------------

    def _found(self, shape: DatasetShape, ctx: Context) -> Table:
        """The rows that satisfy the rule, new or not."""
        table, rule = ctx.model.table(shape.slug), self.settings["rule"]
        return table if is_everyone(rule) else rules.keep(table, rule, shape.slug, rule_context(ctx))

    def _is_new(self, table: Table, shape: DatasetShape, ctx: Context) -> BooleanValue:
        """Whether a row's date lies after the mark and not after this run; before any mark it need not have one.

        Days are not split: the mark's own day is looked at again, and what it has returned is remembered.
        """
        name = self.settings["date_column"]
        if not name or name not in shape.columns:
            raise ActivityError(_("Choose the column that says when a row is new."))
        mark, column, home = _mark(ctx), table[name], rule_context(ctx).home
        if shape.columns[name].type == "date":
            begun = column <= ibis.literal(ctx.now.astimezone(home).date())
            return begun & (column >= ibis.literal(mark.astimezone(home).date())) if mark else begun | column.isnull()
        begun = column <= _moment(ctx.now)
        return begun & (column > _moment(mark)) if mark else begun | column.isnull()

    def _remembers(self, shape: DatasetShape) -> bool:
        """Whether the returned keys must be known again, and not only when they were returned."""
        column = shape.columns.get(self.settings["date_column"])
        return self.settings["mode"] == "exclude" or (column is not None and column.type == "date")

    def _remembered(self, shape: DatasetShape, ctx: Context) -> Table | None:
        """The keys that earlier runs returned, up to the mark and as far back as they count."""
        path, mark = ctx.memory.get("path"), _mark(ctx)
        if not path or not mark or ctx.memory.get("dimension") != shape.slug or not self._remembers(shape):
            return None
        types = {name: TYPES[shape.columns[name].type] for name in shape.key} | {RETURNED: TYPES["datetime"]}
        table = ibis.table(ibis.schema(types), name=path)
        table = table.filter(table[RETURNED] <= _moment(mark))
        since = self._since(mark, ctx)
        return table.filter(table[RETURNED] >= _moment(since)) if since else table

    def _since(self, mark: datetime, ctx: Context) -> datetime | None:
        """From when on returned keys count."""
        if self.settings["mode"] == "date":
            home = rule_context(ctx).home
            return datetime.combine(mark.astimezone(home).date(), time(), home)
        days = self.settings["history_days"]
        return ctx.now - timedelta(days=days) if days else None


def _mark(ctx: Context) -> datetime | None:
    """The slot of the last live run that ended well, or what a person put in its place."""
    text = ctx.memory.get("mark")
    return datetime.fromisoformat(text) if text else None


def _moment(moment: datetime) -> Scalar:
    return ibis.literal(moment, type=TYPES["datetime"])
