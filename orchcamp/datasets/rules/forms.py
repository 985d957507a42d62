"""The rule builder as a form field: its value is the tree."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from django import forms
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..schema import ColumnShape, DataModel, UnknownDataset
from . import api, brought, tree
from .boxes import Box
from .context import Parameter, RuleContext, RuleError
from .drawing import Drawer
from .inputs import Inputs

SALT = "orchcamp.datasets.rules"


class Place(Protocol):
    """Where a rule stands: what its form is told about it."""

    @property
    def model(self) -> DataModel: ...
    @property
    def dimension(self) -> str: ...
    @property
    def columns(self) -> Mapping[str, ColumnShape]: ...
    @property
    def now(self) -> datetime: ...
    @property
    def timezone(self) -> str: ...
    @property
    def variables(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Nowhere:
    """The place of a field that was told none yet."""

    model: DataModel = field(default_factory=lambda: DataModel({}))
    dimension: str = ""
    columns: Mapping[str, ColumnShape] = field(default_factory=dict)
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    timezone: str = "UTC"
    variables: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] | None = None  # of a predefined filter whose rule this is
    rows: str = ""  # lake path of the rows that the rule will be asked of, as they were last time


def context_of(place: Place) -> RuleContext:
    """What a rule at this place is read against."""
    parameters = getattr(place, "parameters", None)
    return RuleContext(place.model, place.now, place.timezone, place.variables, place.columns, parameters)


def sealed(place: Place, dimension_field: str = "") -> str:
    """The place as the builder carries it from request to request, signed."""
    columns = [[c.name, c.label, c.type, c.personal, list(c.values)] for c in place.columns.values()]
    kept: dict[str, Any] = {"dataset": place.dimension, "columns": columns, "timezone": place.timezone}
    kept |= {"variables": json.dumps(dict(place.variables), default=str), "dimension_field": dimension_field}
    parameters = getattr(place, "parameters", None)
    if parameters is not None:
        kept["parameters"] = {name: [one.type, one.value, one.shown] for name, one in parameters.items()}
    if rows := getattr(place, "rows", ""):
        kept["rows"] = rows
    if found := brought.to_json(place.model, place.dimension):
        kept["brought"] = found
    return signing.dumps(kept, salt=SALT, compress=True)


@dataclass(frozen=True)
class Unsealed:
    """A place as it came back from a page."""

    ctx: RuleContext
    dataset: str
    dimension_field: str = ""
    rows: str = ""


def unsealed(text: str, model: DataModel, now: datetime) -> Unsealed:
    """The place that was sealed. Raises RuleError."""
    try:
        kept = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        raise RuleError("", _("this rule builder is out of date; reload the page.")) from None
    columns = {c[0]: ColumnShape(c[0], c[1], c[2], c[3], tuple(c[4])) for c in kept["columns"]}
    parameters = None
    if "parameters" in kept:
        parameters = {name: Parameter(*one) for name, one in kept["parameters"].items()}
    model = brought.from_json(kept.get("brought", {}), model, kept["dataset"])
    ctx = RuleContext(model, now, kept["timezone"], json.loads(kept["variables"]), columns, parameters)
    return Unsealed(ctx, kept["dataset"], kept["dimension_field"], kept.get("rows", ""))


def builder(
    name: str,
    root: tree.Tree,
    dataset: str,
    ctx: RuleContext,
    scope: str,
    *,
    error: RuleError | None = None,
    focus: str | None = None,
    dimension_field: str = "",
    notice: str = "",
    builder_id: str = "",
) -> dict[str, Any]:
    """What the builder's template needs."""
    box: Box | None = None
    general = error.sentence if error else ""
    if dataset in ctx.model.datasets:
        errors = {tree.path_of(error.place): error.sentence} if error and error.place else {}
        box = Drawer(name, ctx, errors, focus).root(root, dataset)
        general = "" if errors else general
    return {
        "name": name,
        "key": name.replace(":", "_").replace(".", "_"),
        "tree": json.dumps(root, ensure_ascii=False),
        "scope": scope,
        "box": box,
        "dataset": dataset,
        "label": ctx.model.datasets[dataset].label if dataset in ctx.model.datasets else "",
        "error": general,
        "notice": notice,
        "sentence": said(root, dataset, ctx),
        "ticket": uuid.uuid4().hex,
        "builder_id": builder_id or uuid.uuid4().hex,  # what its history is kept under
        "dimension_field": dimension_field,
        "parameters": ctx.parameters is not None,
    }


def said(root: tree.Tree, dataset: str, ctx: RuleContext) -> str:
    """The rule in words; nothing while it is unfinished."""
    try:
        return api.sentence(tree.plain(root), dataset, ctx)
    except (RuleError, UnknownDataset):
        return ""


class RuleWidget(forms.Widget):
    """Draws the builder and reads its inputs back into the tree."""

    template_name = "datasets/rules/_builder.html"
    use_fieldset = True
    place: Place
    dimension_field: str | None = None

    def __init__(self, attrs: Any = None):
        super().__init__(attrs)
        self.place = Nowhere()

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        given = data.get(name)
        if not isinstance(given, str):
            return given
        try:
            return Inputs(data, name, context_of(self.place)).merged(self.place.dimension)
        except RuleError:
            return given

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data

    def id_for_label(self, id_: str) -> str:
        return ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        sibling = ""
        if self.dimension_field:
            prefix, dash, _own = name.rpartition("-")
            sibling = f"{prefix}{dash}{self.dimension_field}"
        ctx, error, root = context_of(self.place), None, tree.new_group()
        try:
            root = tree.normal(json.loads(value) if isinstance(value, str) and value else value or {})
            api.check(tree.plain(root), self.place.dimension, ctx)
        except (ValueError, RecursionError):
            error = RuleError("", _("the rule is not JSON."))
        except RuleError as found:
            error = found
        except UnknownDataset:
            pass
        scope = sealed(self.place, sibling)
        shown = builder(name, root, self.place.dimension, ctx, scope, error=error, dimension_field=sibling)
        return {**context, **shown}


class RuleField(forms.Field):
    """A rule on the rows of one dataset: of the place it stands in, or the one that a sibling field names.

    ``{}`` means every row. While ``draft`` is set an unfinished rule is kept as it is.
    """

    widget = RuleWidget
    draft = False

    def __init__(self, dimension_field: str | None = None, **options: Any):
        self.dimension_field = dimension_field
        super().__init__(**options)
        self.widget.dimension_field = dimension_field

    @property
    def scope(self) -> Place:
        return self.widget.place

    @scope.setter
    def scope(self, scope: Place) -> None:
        self.widget.place = scope

    def to_python(self, value: Any) -> dict[str, Any]:
        if isinstance(value, str):
            try:
                value = json.loads(value or "{}")
            except (ValueError, RecursionError):
                raise forms.ValidationError(_("The rule is not JSON."), code="invalid") from None
        if value is not None and not isinstance(value, dict):
            raise forms.ValidationError(_("A rule is an object such as {“group”: “and”, “items”: []}."), code="invalid")
        try:
            return tree.plain(value or {})
        except RuleError as error:
            raise forms.ValidationError(str(error), code="rule") from None

    def validate(self, value: dict[str, Any]) -> None:
        if self.required and not value:
            raise forms.ValidationError(_("Add at least one condition."), code="required")
        if self.draft or not value or not self.scope.dimension:
            return
        try:
            api.check(value, self.scope.dimension, context_of(self.scope))
        except RuleError as error:
            raise forms.ValidationError(str(error), code="rule") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or {}) != (data or {})


class ExploreForm(forms.Form):
    """A rule on its own, to be tried out."""

    rule = RuleField(label=gettext_lazy("Who is in it"), required=False)

    def __init__(self, place: Place, rule: dict[str, Any]):
        super().__init__(initial={"rule": rule}, label_suffix="")
        self.fields["rule"].scope = place  # type: ignore[attr-defined]
