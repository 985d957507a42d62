"""Settings fields about saved audiences."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import validate_slug
from django.utils.text import slugify
from django.utils.translation import gettext as _

from orchcamp.datasets.schema import DataModel

from .fields import ColumnsField, ScopedChoiceField, TextField
from .forms import NOWHERE, Scope


class AudienceField(ScopedChoiceField):
    """A saved audience that is there; of those that the person may not use, only the one that is chosen already."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        if not scope.model.datasets and not scope.model.audiences:
            return None
        return [(shape.slug, shape.label) for shape in scope.model.offered]

    def prepare_value(self, value: Any) -> Any:
        shape = self.scope.model.audiences.get(value) if isinstance(value, str) else None
        if shape is None:
            return super().prepare_value(value)
        if value not in dict(self.offered(self.scope) or []):
            self.choices = [("", self.blank), *(self.offered(self.scope) or []), (value, shape.label)]
        return value

    def validate(self, value: str) -> None:
        if value not in self.scope.model.audiences:
            super().validate(value)

    def label_of(self, value: str) -> str:
        """What the person who reads calls it."""
        shape = self.scope.model.audiences.get(value)
        return shape.label if shape else value

    def refusal(self, value: str, names: list[str]) -> str:
        sentence = _("There is no saved audience “{value}”; there are: {names}.")
        return sentence.format(value=value, names=", ".join(names) or _("none"))


class AudienceColumnsField(ColumnsField):
    """Columns that an audience holds beside the key."""

    @staticmethod
    def scope_of(slug: Any, scope: Scope) -> Scope:
        """The place as this field needs it: nothing but the columns of one audience."""
        shape = scope.model.audiences.get(slug) if isinstance(slug, str) else None
        return Scope(DataModel({}), dimension=shape.slug if shape else "", columns=shape.columns if shape else {})


class NamedWidget(forms.TextInput):
    """A text input that offers the names there are."""

    template_name = "activities/widgets/named.html"
    offered: tuple[tuple[str, str], ...] = ()

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["offered"] = self.offered
        context["widget"]["list"] = f"{context['widget']['attrs'].get('id', name)}_offered"
        return context


class AudienceNameField(TextField):
    """The name in rules of an audience that is there, or of one to be made."""

    widget = NamedWidget
    _scope = NOWHERE

    @property
    def scope(self) -> Scope:
        return self._scope

    @scope.setter
    def scope(self, scope: Scope) -> None:
        self._scope = scope
        self.widget.offered = tuple((shape.slug, shape.label) for shape in scope.model.offered)

    def label_of(self, value: str) -> str:
        """What the person who reads may read of it."""
        shape = self.scope.model.audiences.get(value)
        return shape.label if shape and shape.hidden else value

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        try:
            validate_slug(value)
        except forms.ValidationError:
            sentence = _("An audience's name in rules has letters, digits, “-” and “_” only: “{better}”, for example.")
            better = slugify(value).replace("-", "_") or "loyal_customers"
            raise forms.ValidationError(sentence.format(better=better), code="slug") from None
