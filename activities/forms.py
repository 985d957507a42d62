"""Settings forms: what a node may be told, and the fields that know the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchcamp.datasets.schema import ColumnShape, DataModel

RESERVED = frozenset({"in", "out", "complement", "rejects", "error"})
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True)
class Scope:
    """The place where a node stands: what its form may offer, and what its rules may ask."""

    model: DataModel
    dimension: str = ""  # of the population that arrives; "" while none does
    columns: Mapping[str, ColumnShape] = field(default_factory=dict)  # that nodes added, beside the dimension's
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    timezone: str = "UTC"
    variables: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, list[tuple[Any, Any]]] = field(default_factory=dict)  # what the application offers
    missing: str = ""  # why there are no columns, in one sentence

    @property
    def fields(self) -> dict[str, ColumnShape]:
        """Every column of a row that arrives; one that a node added goes before the dimension's."""
        own = self.model.datasets[self.dimension].columns if self.dimension in self.model.datasets else {}
        return {**own, **self.columns}

    def within(self, dimension: str) -> Scope:
        """The same place for rules about all rows of a dataset."""
        return replace(self, dimension=dimension if dimension in self.model.datasets else "", columns={})


NOWHERE = Scope(DataModel({}))


class SettingsForm(forms.Form):
    """Cleans the settings of one node to JSON, and accepts that JSON again.

    ``draft`` drops nothing but "required", so that a half-done node can be kept. Settings from JSON (a plain
    mapping) may leave out what has a default; an unknown name is refused unless it is a draft.
    """

    template: ClassVar[str] = "activities/_settings.html"
    needs_audience: ClassVar[bool] = True  # whether there is nothing to choose until an audience arrives
    use_required_attribute = False

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        scope: Scope = NOWHERE,
        initial: Mapping[str, Any] | None = None,
        draft: bool = False,
        prefix: str | None = None,
    ):
        posted = isinstance(data, MultiValueDict)
        given = data if posted or data is None else dict(data)
        super().__init__(given, initial=dict(initial or {}), prefix=prefix, label_suffix="")
        self.scope, self.draft = scope, draft
        self._json = data is not None and not posted
        self._given = set(self.data)
        if self._json:
            initials = {self.add_prefix(name): self.get_initial_for_field(f, name) for name, f in self.fields.items()}
            self.data = {name: default for name, default in initials.items() if default is not None} | dict(self.data)
        bound: Any
        for bound in self.fields.values():
            bound.draft = draft
            bound.required = bound.required and not draft
            bound.scope = self._scope_of(bound)

    def _scope_of(self, bound: forms.Field) -> Scope:
        """A rule may be about the dataset that another field of the form names."""
        if sibling := getattr(bound, "dimension_field", None):
            return self.scope.within(str(self[sibling].value() or ""))
        return self.scope

    @property
    def editing(self) -> bool:
        """Whether a row was added, moved or removed: show the form again, there is nothing to check yet."""
        return any(name.endswith("-edit") for name in self.data)

    @property
    def note(self) -> str:
        """Why the form cannot offer columns here."""
        return self.scope.missing if self.needs_audience else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self._json and not self.draft:
            known = {self.add_prefix(name) for name in self.fields}
            start = len(self.add_prefix(""))
            for name in sorted(name[start:] for name in self._given - known):
                sentence = _("Unknown setting “{name}”; there are: {names}.")
                self.add_error(None, sentence.format(name=name, names=", ".join(self.fields) or _("none")))
        return cleaned

    def sentences(self) -> Iterator[str]:
        """Every error as one sentence that names its field."""
        for name, errors in self.errors.items():
            label = "" if name == "__all__" else f"{self.fields[name].label}: "
            yield from (f"{label}{message}" for message in errors)

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        """A row to begin with, where the form describes one of several rows with these codes."""
        raise NotImplementedError

    @classmethod
    def fresh(cls, scope: Scope = NOWHERE) -> dict[str, Any]:
        """The settings of a node that was just put on the canvas."""
        form = cls({}, scope=scope, draft=True)
        form.is_valid()
        return form.cleaned_data


# --- Fields ------------------------------------------------------------------------------------


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

    widget = forms.CheckboxSelectMultiple
    default_error_messages = {"required": gettext_lazy("Choose at least one column.")}
    _scope = NOWHERE

    @property
    def scope(self) -> Scope:
        return self._scope

    @scope.setter
    def scope(self, scope: Scope) -> None:
        self._scope = scope
        self.choices = column_choices(scope) or []

    def prepare_value(self, value: Any) -> Any:
        offered = column_choices(self.scope) or []
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
        offered = column_choices(self.scope)
        names = [str(name) for name, _label in offered or []]
        for name in value:
            if offered is not None and name not in names:
                raise forms.ValidationError(column_refusal(name, names), code="gone")
