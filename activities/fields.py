"""Fields of settings forms: each accepts its own JSON, and those that depend on the place know it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchcamp.datasets import expressions
from orchcamp.datasets.rules.forms import context_of

from .forms import NOWHERE, Scope

RESERVED = frozenset({"in", "out", "complement", "rejects", "error"})
REDRAW = {"data-redraw": ""}  # of inputs on which the choices of other fields depend
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


class TextField(forms.CharField):
    """A text, and nothing that merely can be written as one."""

    def to_python(self, value: Any) -> str:
        if value is not None and not isinstance(value, str):
            raise forms.ValidationError(_("Write a text."), code="invalid")
        return super().to_python(value) or ""


class BodyField(TextField):
    """A long text that is kept as it was written."""

    def __init__(self, *, rows: int = 10, **options: Any):
        widget = forms.Textarea(attrs={"rows": rows, "class": "mono", "spellcheck": "false"})
        super().__init__(widget=widget, strip=False, **options)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n")


class LinesField(forms.Field):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:
        lines = value if isinstance(value, list | tuple) else str(value or "").splitlines()
        if not all(isinstance(line, str) for line in lines):
            raise forms.ValidationError(_("Give a list of texts."), code="invalid")
        return [line.strip() for line in lines if line.strip()]


class ExpressionsField(LinesField):
    """Expressions on the rows that arrive, one a line."""

    scope: Scope = NOWHERE
    draft = False

    def validate(self, value: list[str]) -> None:
        super().validate(value)
        if self.draft or not self.scope.dimension:
            return
        for text in value:
            try:
                expressions.check(text, self.scope.dimension, context_of(self.scope))
            except expressions.ExpressionError as error:
                raise forms.ValidationError(f"“{text}”: {error}", code="expression") from error


class NumberField(forms.FloatField):
    """A number; whole ones stay whole."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, bool):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        number = super().to_python(value)
        return int(number) if number is not None and number.is_integer() else number


class CodeField(TextField):
    """A short name that programs use: it becomes a port of the node and a value in the rows."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not CODE.fullmatch(value):
            sentence = _("Begin with a letter, then at most 39 letters, digits, “-” and “_”: “{code}” does not fit.")
            raise forms.ValidationError(sentence.format(code=value), code="code")
        if value in RESERVED:
            raise forms.ValidationError(_("“{code}” is reserved; choose another.").format(code=value), code="reserved")


class MomentField(TextField):
    """A date and time as ISO text; without zone it is read in the campaign's."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        try:
            return datetime.fromisoformat(text).isoformat() if text else ""
        except ValueError:
            sentence = _("Write a date and a time, such as 2026-12-01T09:00.")
            raise forms.ValidationError(sentence, code="invalid") from None


class ScopedChoiceField(forms.ChoiceField):
    """A choice that depends on the place. A stored value that is no longer offered is shown, and refused."""

    blank: Any = "–"

    def __init__(self, *, blank: Any = None, **options: Any):
        self.blank = blank if blank is not None else self.blank
        self._scope = NOWHERE
        super().__init__(**options)

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        """The choices of a place; None while they are not known, then any text is accepted."""
        raise NotImplementedError

    @property
    def scope(self) -> Scope:
        return self._scope

    @scope.setter
    def scope(self, scope: Scope) -> None:
        self._scope = scope
        self.choices = [("", self.blank), *(self.offered(scope) or [])]

    def prepare_value(self, value: Any) -> Any:
        if value and isinstance(value, str) and not super().valid_value(value):
            offered = self.offered(self.scope) or []
            self.choices = [("", self.blank), *offered, (value, _("{value} (not here)").format(value=value))]
        return value

    def to_python(self, value: Any) -> str:
        if value is not None and not isinstance(value, str):
            raise forms.ValidationError(_("Choose one from the list."), code="invalid")
        return super().to_python(value)

    def validate(self, value: str) -> None:
        forms.Field.validate(self, value)
        offered = self.offered(self.scope)
        names = [str(key) for key, _label in offered or []]
        if value and offered is not None and value not in names:
            raise forms.ValidationError(self.refusal(value, names), code="gone")

    def refusal(self, value: str, names: list[str]) -> str:
        sentence = _("There is no “{value}”; there are: {names}.")
        return sentence.format(value=value, names=", ".join(names) or _("none"))


class OfferedField(ScopedChoiceField):
    """A choice among what the application offers under a name (channel configurations, …)."""

    def __init__(self, offer: str, **options: Any):
        self.offer = offer
        super().__init__(**options)

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        offered = scope.choices.get(self.offer)
        return None if offered is None else list(offered)


class DimensionField(OfferedField):
    """A targeting dimension: what the application offers, else every dataset that has one."""

    def __init__(self, **options: Any):
        super().__init__("dimensions", **options)

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        shapes = scope.model.datasets.values()
        known = [(shape.slug, shape.label) for shape in shapes if shape.target]
        return super().offered(scope) or known or (None if not shapes else [])

    def refusal(self, value: str, names: list[str]) -> str:
        sentence = _("“{value}” is not a targeting dimension; there are: {names}.")
        return sentence.format(value=value, names=", ".join(names) or _("none"))


def column_choices(scope: Scope) -> list[tuple[Any, Any]] | None:
    """The columns that reach the node, by label."""
    if not scope.dimension:
        return None
    return [(name, shape.label or name) for name, shape in scope.fields.items()]


def column_refusal(value: str, names: list[str]) -> str:
    sentence = _("Column “{value}” does not reach this node; there are: {names}.")
    return sentence.format(value=value, names=", ".join(names) or _("none"))


class ColumnField(ScopedChoiceField):
    """One of the columns that reach the node."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        return column_choices(scope)

    def refusal(self, value: str, names: list[str]) -> str:
        return column_refusal(value, names)


class MatchedField(ColumnField):
    """One of the columns of the rows that those here are held against."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        return column_choices(scope.other) if scope.other else None

    def refusal(self, value: str, names: list[str]) -> str:
        other = self.scope.other
        label = other.model.dataset(other.dimension).label if other else ""
        sentence = _("{dataset} has no column “{value}”; there are: {names}.")
        return sentence.format(dataset=label, value=value, names=", ".join(names) or _("none"))


class InboundField(ScopedChoiceField):
    """One of the sets that arrive, as ``{"node": …, "port": …}``; None is the first."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        inbound = scope.choices.get("inbound")
        return None if inbound is None else list(inbound)

    def prepare_value(self, value: Any) -> Any:
        is_place = isinstance(value, Mapping) and {"node", "port"} <= set(value)
        return super().prepare_value(f"{value['node']}:{value['port']}" if is_place else value)

    def clean(self, value: Any) -> Any:
        text = super().clean(self.prepare_value(value) if isinstance(value, Mapping) else value)
        node, colon, port = text.partition(":")
        return {"node": node, "port": port} if colon else None

    def refusal(self, value: str, names: list[str]) -> str:
        return _("The set “{value}” is not connected here; choose another.").format(value=value)


class ColumnsField(forms.MultipleChoiceField):
    """Several of the columns that reach the node."""

    widget: Any = forms.CheckboxSelectMultiple
    default_error_messages = {"required": gettext_lazy("Choose at least one column.")}
    _scope = NOWHERE

    @property
    def scope(self) -> Scope:
        return self._scope

    @scope.setter
    def scope(self, scope: Scope) -> None:
        self._scope = scope
        self.choices = self.offered(scope) or []

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        return column_choices(scope)

    def prepare_value(self, value: Any) -> Any:
        offered = self.offered(self.scope) or []
        known = [name for name, _label in offered]
        names = [name for name in value if isinstance(name, str)] if isinstance(value, list | tuple) else []
        gone = [(name, _("{value} (not here)").format(value=name)) for name in names if name not in known]
        self.choices = [*offered, *gone]
        return value

    def to_python(self, value: Any) -> list[str]:
        if value and not (isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)):
            raise forms.ValidationError(_("Give a list of column names."), code="invalid")
        return list(dict.fromkeys(value or []))

    def validate(self, value: list[str]) -> None:
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        offered = self.offered(self.scope)
        names = [str(name) for name, _label in offered or []]
        for name in value:
            if offered is not None and name not in names:
                raise forms.ValidationError(column_refusal(name, names), code="gone")


class SharedColumnsField(ColumnsField):
    """Several of the columns that every set has."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        sets = list(scope.sets.values())
        if not sets:
            return column_choices(scope)
        own = column_choices(sets[0]) or []
        return [(name, label) for name, label in own if all(name in other.fields for other in sets)]


def errors_field() -> forms.BooleanField:
    """The setting of activities that can fail on their own: go on through the port ``error``."""
    return forms.BooleanField(
        label=gettext_lazy("Process errors"),
        help_text=gettext_lazy(
            "When this node fails, what arrived goes on through the transition “Error” instead of ending the run."
        ),
        required=False,
    )


def outbound_field() -> forms.BooleanField:
    """The setting of writers whose rows may go on."""
    return forms.BooleanField(
        label=gettext_lazy("Outbound transition"),
        initial=True,
        help_text=gettext_lazy("The rows go on, unchanged."),
        required=False,
    )
