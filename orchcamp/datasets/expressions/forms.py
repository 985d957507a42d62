"""An expression as a form field: its value is the text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from ..rules.forms import Nowhere, Place, context_of, sealed
from ..schema import UnknownDataset
from . import api
from .errors import ExpressionError
from .parsing import LENGTH_AT_MOST, parse


class ExpressionWidget(forms.Textarea):
    """The text, with the editor that opens below it."""

    template_name = "datasets/expressions/_field.html"
    dimension_field: str | None = None
    expects: str | None = None
    aggregate = False

    def __init__(self, attrs: Any = None):
        super().__init__({"rows": 2, "spellcheck": "false", "class": "mono", **(attrs or {})})
        self.place: Place = Nowhere()

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        sibling = ""
        if self.dimension_field:
            prefix, dash, _own = name.rpartition("-")
            sibling = f"{prefix}{dash}{self.dimension_field}"
        known = {"scope": sealed(self.place, sibling), "dimension_field": sibling, "expects": self.expects or ""}
        return {**context, **known, "figure": "yes" if self.aggregate else ""}


class ExpressionField(forms.CharField):
    """An expression on the rows of one dataset: of the place it stands in, or the one that a sibling field names.

    ``expects`` is a type (or ``number``, ``day``), ``aggregate`` asks for a figure over many rows. While ``draft`` is
    set an unfinished text is kept as it is.
    """

    widget: Any = ExpressionWidget
    draft = False

    def __init__(
        self, dimension_field: str | None = None, *, expects: str | None = None, aggregate: bool = False, **options: Any
    ):
        self.dimension_field, self.expects, self.aggregate = dimension_field, expects, aggregate
        super().__init__(max_length=LENGTH_AT_MOST, **options)
        self.widget.dimension_field, self.widget.expects = dimension_field, expects
        self.widget.aggregate = aggregate

    @property
    def scope(self) -> Place:
        return self.widget.place  # type: ignore[no-any-return]

    @scope.setter
    def scope(self, scope: Place) -> None:
        self.widget.place = scope

    def validate(self, value: str) -> None:
        super().validate(value)
        if self.draft or not value:
            return
        try:
            if self.dimension_field and not self.scope.dimension:
                parse(value)  # what it is about is not chosen yet
            else:
                self._demand_usable(value)
        except ExpressionError as error:
            raise forms.ValidationError(str(error), code="expression") from error
        except UnknownDataset as error:
            raise forms.ValidationError(str(error), code="dataset") from error

    def _demand_usable(self, value: str) -> None:
        ctx = context_of(self.scope)
        if not self.aggregate:
            api.check(value, self.scope.dimension, ctx, self.expects)
            return
        found = api.read(value, self.scope.dimension, ctx)
        if not found.aggregate:
            raise ExpressionError(_("A figure over the rows is asked for here; use Sum, Count, Max or another."))
        api.demand_type(found, self.expects)
