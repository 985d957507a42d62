"""The settings of an enrichment's columns and links."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchcamp.datasets.expressions.forms import ExpressionField
from orchcamp.datasets.rules import RuleError, paths
from orchcamp.datasets.rules.forms import RuleField, context_of
from orchcamp.datasets.rules.operators import AGGREGATES

from . import enriching
from .fields import REDRAW, ColumnsField, InboundField, ScopedChoiceField, TextField
from .forms import Scope, SettingsForm
from .linking import MANY, MAYBE, ONE
from .matching import ConditionField, PairForm
from .rows import PartField, RowsField


def path_choices(scope: Scope) -> list[tuple[Any, Any]] | None:
    """The columns of a row, and those of rows one to-one link away."""
    if not scope.dimension:
        return None
    found = [(name, shape.label or name) for name, shape in scope.fields.items()]
    for step in scope.model.dataset(scope.dimension).steps.values():
        if step.to_one and step.target in scope.model.datasets:
            way = step.name.replace("_", " ")
            near = scope.model.dataset(step.target).columns.items()
            found += [(f"{step.name}.{name}", f"{way} › {shape.label or name}") for name, shape in near]
    return found


def demand_path(path: str, scope: Scope) -> None:
    """Raise ValidationError unless the path leads to a column."""
    if not scope.dimension:
        return
    ctx = context_of(scope)
    try:
        paths.attribute(path, scope.model.dataset(scope.dimension), ctx, scope.columns, "")
    except RuleError as error:
        raise forms.ValidationError(str(error), code="gone") from None


class PathField(ScopedChoiceField):
    """A column, here or over to-one links."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        return path_choices(scope)

    def validate(self, value: str) -> None:
        forms.Field.validate(self, value)
        if value:
            demand_path(value, self.scope)


class PathsField(ColumnsField):
    """Several columns, here or over to-one links."""

    widget: Any = forms.CheckboxSelectMultiple(attrs={"class": "choice-list"})

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        return path_choices(scope)

    def validate(self, value: list[str]) -> None:
        for path in value:
            demand_path(path, self.scope)


class CollectionField(ScopedChoiceField):
    """A link to many rows, from here or one to-one link away."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        if not scope.dimension:
            return None
        found = []
        model, shape = scope.model, scope.model.dataset(scope.dimension)
        near = [("", "", shape)]
        near += [
            (f"{step.name}.", f"{step.name.replace('_', ' ')} › ", model.dataset(step.target))
            for step in shape.steps.values()
            if step.to_one and step.target in model.datasets
        ]
        for base, way, each in near:
            for step in each.steps.values():
                if not (base and step.to_one):
                    found.append((base + step.name, way + step.name.replace("_", " ")))
        return found

    def validate(self, value: str) -> None:
        forms.Field.validate(self, value)
        if value and self.scope.dimension:
            try:
                paths.link(value, self.scope.model.dataset(self.scope.dimension), context_of(self.scope), "")
            except RuleError as error:
                raise forms.ValidationError(str(error), code="gone") from None


class DatasetField(ScopedChoiceField):
    """Any dataset."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        shapes = scope.model.datasets
        return [(slug, shape.label) for slug, shape in shapes.items() if ":" not in slug] if shapes else None


class SortForm(SettingsForm):
    by = PathField(
        label=gettext_lazy("First by"),
        blank=gettext_lazy("Their key"),
        help_text=gettext_lazy("Which linked rows come first; empty values come last."),
        required=False,
    )
    descending = forms.BooleanField(
        label=gettext_lazy("Highest first"), help_text=gettext_lazy("Such as the latest purchases."), required=False
    )


class DataForm(SettingsForm):
    template = "activities/_enrichment_data.html"
    needs_audience = False
    kind = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=[
            ("attribute", gettext_lazy("A column")),
            ("expression", gettext_lazy("A computed value")),
            ("collection", gettext_lazy("The rows of a collection, side by side")),
            ("aggregate", gettext_lazy("A figure over a collection")),
        ],
        initial="attribute",
        help_text=gettext_lazy("Where the value comes from."),
        widget=forms.Select(attrs=REDRAW),
    )
    link = CollectionField(
        label=gettext_lazy("Collection"),
        help_text=gettext_lazy("The link to the many rows of each row, such as its purchases."),
        widget=forms.Select(attrs=REDRAW),
        required=False,
    )
    attribute = PathField(
        label=gettext_lazy("Column"),
        help_text=gettext_lazy("Of the row, or of the collection's rows; a figure “number” needs none."),
        required=False,
    )
    expression = ExpressionField(
        label=gettext_lazy("Expression"),
        help_text=gettext_lazy("Such as Upper([city]) or YearsOld([birth_date])."),
        required=False,
    )
    aggregate = forms.ChoiceField(
        label=gettext_lazy("Figure"),
        choices=[(name, str(label)) for name, label in AGGREGATES.items()],
        initial="count",
        help_text=gettext_lazy("Without rows a number and a sum are 0, the others empty."),
        required=False,
    )
    columns = PathsField(
        label=gettext_lazy("Columns to collect"),
        help_text=gettext_lazy("Of each row of the collection; they are called alias1_column, alias2_column, …"),
        required=False,
    )
    lines = forms.IntegerField(
        label=gettext_lazy("Rows to collect"),
        min_value=1,
        max_value=100,
        initial=3,
        help_text=gettext_lazy("At most so many; messages loop over them with {% for one in alias %}."),
        required=False,
    )
    sort = PartField(SortForm, switch="by", label=gettext_lazy("Order"), required=False)
    where = RuleField(
        label=gettext_lazy("Only rows of the collection where"),
        help_text=gettext_lazy("Without a condition all rows count."),
        required=False,
    )
    alias = TextField(
        label=gettext_lazy("Alias"),
        max_length=60,
        help_text=gettext_lazy("The name of the new column; made from what it takes when empty."),
        required=False,
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"kind": "attribute", "lines": "3", "aggregate": "count"}

    def _scope_of(self, bound: forms.Field) -> Scope:
        linked = [self.fields[name] for name in ("columns", "sort", "where")]
        if bound in linked or (bound is self.fields["attribute"] and self["kind"].value() == "aggregate"):
            return self._linked_scope()
        return super()._scope_of(bound)

    def _linked_scope(self) -> Scope:
        """The place of the collection's rows; nowhere while no link is chosen."""
        link, shape = str(self["link"].value() or ""), self.scope.model.datasets.get(self.scope.dimension)
        if not link or shape is None:
            return self.scope.within("")
        try:
            return self.scope.within(paths.link(link, shape, context_of(self.scope), "")[-1].target)
        except RuleError:
            return self.scope.within("")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["kind"] = kind = cleaned.get("kind") or "attribute"
        cleaned["aggregate"] = cleaned.get("aggregate") or "count"
        if cleaned.get("lines") is None and "lines" not in self.errors:
            cleaned["lines"] = 3
        if not self.draft:
            for name, sentence in self._missing(kind, cleaned):
                if name not in self.errors:
                    self.add_error(name, sentence)
        return cleaned

    def _missing(self, kind: str, cleaned: dict[str, Any]) -> list[tuple[str, str]]:
        """What this kind asks for and has not."""
        asked = {
            "attribute": [("attribute", _("Choose the column."))],
            "expression": [("expression", _("Write the expression.")), ("alias", _("Give the column an alias."))],
            "collection": [("link", _("Choose the collection.")), ("columns", _("Choose the columns to collect."))],
            "aggregate": [("link", _("Choose the collection."))],
        }[kind]
        if kind == "aggregate" and cleaned["aggregate"] != "count":
            asked.append(("attribute", _("Choose the column that the figure is taken of.")))
        return [(name, sentence) for name, sentence in asked if not cleaned.get(name)]


class LinkForm(SettingsForm):
    template = "activities/_enrichment_link.html"
    needs_audience = False
    name = TextField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("What rules and expressions behind call it, such as [name.column]."),
        error_messages={"required": gettext_lazy("Give the link a name.")},
    )
    relation = forms.ChoiceField(
        label=gettext_lazy("Relation"),
        choices=[
            (ONE, gettext_lazy("1 simple: exactly one; rows without it are left out")),
            (MAYBE, gettext_lazy("0 or 1 simple: one at most; all rows stay")),
            (MANY, gettext_lazy("N collection: any number; all rows stay")),
        ],
        initial=MAYBE,
        help_text=gettext_lazy("How many rows each leads to; of several the first by its key is taken."),
    )
    dataset = DatasetField(
        label=gettext_lazy("To a dataset"),
        blank=gettext_lazy("No: to another set"),
        help_text=gettext_lazy("Whose rows the link leads to."),
        widget=forms.Select(attrs=REDRAW),
        required=False,
    )
    set = InboundField(
        label=gettext_lazy("To another set that arrives"),
        blank=gettext_lazy("–"),
        help_text=gettext_lazy("Such as the rows of a file; connect it to this node first."),
        widget=forms.Select(attrs=REDRAW),
        required=False,
    )
    pairs = RowsField(
        PairForm,
        row=gettext_lazy("Pair"),
        at_least=0,
        label=gettext_lazy("Rows belong together when"),
        help_text=gettext_lazy("All pairs must hold."),
        required=False,
    )
    condition = ConditionField(
        label=gettext_lazy("And when (advanced)"),
        help_text=gettext_lazy("A condition over both rows; columns there are called there_…, such as [there_end]."),
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"relation": MAYBE}

    def _scope_of(self, bound: forms.Field) -> Scope:
        if bound in (self.fields["pairs"], self.fields["condition"]):
            if slug := str(self["dataset"].value() or ""):
                return self.scope.facing(slug)
            return self.scope.beside(self["set"].value()) if self["set"].value() else self.scope
        return super()._scope_of(bound)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.draft:
            return cleaned
        if cleaned.get("name") and not enriching.NAME.fullmatch(cleaned["name"]):
            self.add_error("name", _("Begin with a letter, then letters, digits and “_”."))
        if bool(cleaned.get("dataset")) == bool(cleaned.get("set")) and "set" not in self.errors:
            self.add_error("dataset", _("Choose a dataset or another set, one of both."))
        if not cleaned.get("pairs") and not cleaned.get("condition") and not {"pairs", "condition"} & set(self.errors):
            self.add_error("pairs", _("Add a pair of columns, or write a condition."))
        return cleaned
