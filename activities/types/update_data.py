"""Update data: rows of a dataset are inserted, updated or deleted from the rows that arrive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ibis
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ibis.expr.types import BooleanValue, Table, Value

from activities import columns
from activities.base import Finding, Rejecting, Work, Written
from activities.catalogue import register
from activities.fields import ColumnField, OfferedField, TextField, errors_field, outbound_field
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import RowsField
from orchcamp.datasets import engine, expressions, updating
from orchcamp.datasets.expressions.forms import ExpressionField
from orchcamp.datasets.schema import TYPES, DatasetShape, type_of
from orchcamp.datasets.updating import Change

OPERATIONS = [
    ("insert_or_update", gettext_lazy("Insert or update")),
    ("insert", gettext_lazy("Insert")),
    ("update", gettext_lazy("Update")),
    ("delete", gettext_lazy("Delete")),
]


class PairForm(SettingsForm):
    source = ColumnField(label=gettext_lazy("Column"), help_text=gettext_lazy("One that reaches this node."))
    destination = TextField(
        label=gettext_lazy("Column of the dataset"), max_length=120, help_text=gettext_lazy("Must be equal to it.")
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"source": "", "destination": ""}


class ChangedFieldForm(SettingsForm):
    destination = TextField(
        label=gettext_lazy("Column of the dataset"), max_length=120, help_text=gettext_lazy("What is written.")
    )
    source = ColumnField(
        label=gettext_lazy("Column"),
        required=False,
        help_text=gettext_lazy("One that reaches this node; empty: the one of the same name, or an expression."),
    )
    expression = ExpressionField(
        label=gettext_lazy("Expression"),
        required=False,
        help_text=gettext_lazy("Instead of a column, such as Upper([city])."),
    )
    condition = ExpressionField(
        expects="boolean",
        label=gettext_lazy("Only when"),
        required=False,
        help_text=gettext_lazy("A yes-or-no expression; elsewhere the old value stays, and a new row has none."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("source") and cleaned.get("expression"):
            self.add_error("expression", _("Choose a column or write an expression, not both."))
        return cleaned

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"destination": ""}


class UpdateDataForm(SettingsForm):
    dataset = OfferedField(
        "datasets",
        label=gettext_lazy("Dataset"),
        help_text=gettext_lazy("What is changed; the change is a new snapshot, in the history of its loads."),
        error_messages={"required": gettext_lazy("Choose the dataset.")},
    )
    operation = forms.ChoiceField(
        label=gettext_lazy("What is done"),
        choices=OPERATIONS,
        initial="insert_or_update",
        help_text=gettext_lazy("Rows for which it cannot be done leave by the transition “Rejects”."),
    )
    identification = RowsField(
        PairForm,
        row=gettext_lazy("Pair"),
        at_least=0,
        most=10,
        label=gettext_lazy("Which row is meant"),
        required=False,
        help_text=gettext_lazy("Pairs that must all be equal. Without any, the dataset's key, by columns of its name."),
    )
    fields: Any = RowsField(
        ChangedFieldForm,
        row=gettext_lazy("Field"),
        at_least=0,
        most=300,
        label=gettext_lazy("Fields"),
        required=False,
        help_text=gettext_lazy("What is written into each row; not asked when rows are deleted."),
    )
    outbound = outbound_field()
    process_errors = errors_field()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["operation"] = cleaned.get("operation") or "insert_or_update"
        fields = cleaned.get("fields") or []
        if not self.draft and not fields and cleaned["operation"] == "update" and "fields" not in self.errors:
            self.add_error("fields", _("Say which fields are written."))
        names = [field["destination"] for field in fields]
        if twice := next((name for name in names if name and names.count(name) > 1), ""):
            self.add_error("fields", _("“{name}” is written twice.").format(name=twice))
        return cleaned


@register
class UpdateData(Rejecting):
    key = "update_data"
    label = gettext_lazy("Update data")
    group = "data"
    position = 70
    icon = "database_upload"
    help = gettext_lazy("Inserts, updates or deletes rows of a dataset from the rows that arrive.")
    form_class = UpdateDataForm

    def summary(self, ctx: Context | None = None) -> str:
        slug = self.settings.get("dataset")
        if not isinstance(slug, str) or not slug:
            return _("No dataset yet")
        label = ctx.model.datasets[slug].label if ctx and slug in ctx.model.datasets else slug
        operations = {
            "insert_or_update": _("Insert or update {dataset}"),
            "insert": _("Insert into {dataset}"),
            "update": _("Update {dataset}"),
            "delete": _("Delete from {dataset}"),
        }
        operation = self.settings.get("operation")
        return operations.get(operation if isinstance(operation, str) else "", "{dataset}").format(dataset=label)

    def findings(self, scope: Scope) -> Iterable[Finding]:
        if self.settings["operation"] == "delete":
            yield Finding(
                "warning", _("A live run deletes rows of the dataset for good; test first, and look at who arrives.")
            )

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        people = inputs.audience()
        self._prepared(people, ctx)  # what is wrong with the fields is said before a run
        nobody = people.table.filter(ibis.literal(False))
        rejects = people.with_table(_with_reason(nobody, ibis.literal("")))
        return {**({"out": people} if self.settings.get("outbound", True) else {}), "rejects": rejects}

    # --- The work --------------------------------------------------------------------------------------

    def write(self, work: Work) -> Written:
        table, change = self._prepared(work.population, work.ctx)
        path = f"{work.folder}/changes.parquet"
        engine.write(table, path)
        done = updating.apply(
            change, engine.table(path), folder=work.folder, run_key=work.run_key, source=work.source, by=work.by
        )
        numbers = {name: f"{getattr(done, name):,}" for name in ("inserted", "updated", "deleted", "rejected")}
        sentence = _("{inserted} inserted, {updated} updated, {deleted} deleted, {rejected} rejected.")
        rejects = work.population.with_table(engine.table(done.rejects))
        return Written(sentence.format(**numbers), populations={"rejects": rejects})

    def rehearse(self, work: Work) -> Written:
        table, change = self._prepared(work.population, work.ctx)
        found = updating.foresee(change, table, folder=work.folder)
        numbers = {name: f"{getattr(found, name):,}" for name in ("inserted", "updated", "deleted", "rejected")}
        sentence = _("Would insert {inserted}, update {updated}, delete {deleted} and reject {rejected}.")
        rejects = work.population.with_table(engine.table(found.rejects))
        return Written(sentence.format(**numbers), populations={"rejects": rejects})

    def _prepared(self, people: Population, ctx: Context) -> tuple[Table, Change]:
        """The rows as ``updating`` takes them, lazily, and what is to be done."""
        slug = self.settings.get("dataset")
        if not slug:
            raise ActivityError(_("Choose the dataset."))
        shape = ctx.model.dataset(str(slug))
        operation = str(self.settings.get("operation") or "insert_or_update")
        fields = [] if operation == "delete" else [field for field in self.items("fields") if field.get("destination")]
        pairs = [(pair.get("source"), pair.get("destination")) for pair in self.items("identification")]
        pairs = pairs or [(name, name) for name in shape.key]
        wide = self._computed(people, fields, ctx)
        asked: dict[str, Value] = {f"own_{place}": people_column for place, people_column in self._own(people, wide)}
        faults: list[tuple[BooleanValue, Any]] = []
        for place, (source, destination) in enumerate(pairs):
            value, fault = self._cast(wide, str(source or ""), str(destination or ""), shape)
            asked[f"id_{place}"] = value
            faults += fault
        for place, field in enumerate(fields):
            name = str(field["destination"])
            source = f"field_{place}" if field.get("expression") else str(field.get("source") or name)
            value, fault = self._cast(wide, source, name, shape)
            uses = wide[f"only_{place}"].fill_null(False) if field.get("condition") else ibis.literal(True)
            asked |= {f"value_{place}": value, f"use_{place}": uses}
            faults += [(uses & wrong, why) for wrong, why in fault]
        text = ibis.literal(None, type="string")
        asked["fault"] = ibis.cases(*faults, else_=text) if faults else text
        own = list(people.table.columns)
        names = [str(destination) for _source, destination in pairs]
        return wide.select(**asked), Change(
            shape.slug, operation, own, names, [str(field["destination"]) for field in fields]
        )

    def _computed(self, people: Population, fields: list[Mapping[str, Any]], ctx: Context) -> Table:
        named = {f"field_{i}": field["expression"] for i, field in enumerate(fields) if field.get("expression")}
        named |= {f"only_{i}": field["condition"] for i, field in enumerate(fields) if field.get("condition")}
        wide = ctx.wide(people)
        asked = columns.asked(people, ctx)
        for name, text in named.items():
            if name.startswith("only_"):
                expressions.check(text, people.dimension, asked, "boolean")
        return expressions.add(wide, named, people.dimension, asked) if named else wide

    @staticmethod
    def _own(people: Population, wide: Table) -> Iterable[tuple[int, Value]]:
        return ((place, wide[name]) for place, name in enumerate(people.table.columns))

    @staticmethod
    def _cast(
        wide: Table, source: str, destination: str, shape: DatasetShape
    ) -> tuple[Value, list[tuple[BooleanValue, Any]]]:
        """A value in the type of its column, and when it does not fit. Raises ActivityError for what is not there."""
        if source not in wide.columns:
            raise ActivityError(_("Column “{name}” does not reach this node.").format(name=source))
        if destination not in shape.columns:
            sentence = _("{dataset} has no column “{name}”; it has: {names}.")
            names = ", ".join(shape.columns)
            raise ActivityError(sentence.format(dataset=shape.label, name=destination, names=names))
        value, type = wide[source], shape.columns[destination].type
        if type_of(value.type()) == type:
            return value.cast(TYPES[type]), []
        cast = value.cast(TYPES[type]) if type == "string" else value.try_cast(TYPES[type])
        why = _("“{name}” does not fit its column").format(name=destination)
        return cast, [(value.notnull() & cast.isnull(), ibis.literal(why))]


def _with_reason(table: Table, reason: Value) -> Table:
    return table.mutate(**{updating.REASON: reason})
