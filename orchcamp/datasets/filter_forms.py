"""The form of a predefined filter: its names, its rule, and the values that it asks for."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.forms.formsets import BaseFormSet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import predefined
from .rules import RuleError, asking, reuse, tree
from .rules.forms import Nowhere, RuleField, context_of
from .schema import DataModel


class ParameterForm(forms.Form):
    """One value that the filter asks for."""

    name = forms.RegexField(
        predefined.PARAMETER_NAME.pattern + r"\Z",
        label=gettext_lazy("Name"),
        max_length=60,
        error_messages={"invalid": gettext_lazy("Letters, digits and “_”; no digit first.")},
    )
    label = forms.CharField(label=gettext_lazy("Asked as"), max_length=120, required=False)
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=lambda: list(reuse.PARAMETERS.items()))
    default = forms.CharField(label=gettext_lazy("Default"), required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        type, text = found.get("type", "text"), found.get("default", "").strip()
        if text:
            try:
                found["default"] = read(text, type)
            except ValueError:
                self.add_error("default", _("This is not a %(type)s.") % {"type": reuse.PARAMETERS[type]})
        return found


def read(text: str, type: str) -> Any:
    """A default as it was typed. Raises ValueError."""
    if text.startswith("{") and type == "date":
        return json.loads(text)
    if type == "number":
        number = float(text.replace(",", "."))
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if type == "boolean":
        return {"true": True, "yes": True, "false": False, "no": False}[text.lower()] if text else None
    if type == "list":
        return [_item(item) for item in next(csv.reader([text], skipinitialspace=True))]
    return text


def _item(text: str) -> Any:
    try:
        return read(text, "number")
    except ValueError:
        return text


def written(value: Any) -> str:
    """A default as its input shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(f'"{item}"' if "," in str(item) else str(item) for item in value)
    return json.dumps(value) if isinstance(value, dict) else str(value)


class _Parameters(BaseFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = _("Remove")


Parameters = forms.formset_factory(
    ParameterForm, formset=_Parameters, extra=0, can_delete=True, max_num=predefined.PARAMETERS_AT_MOST
)


def rows(parameters: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Parameters as their forms begin."""
    return [
        {"name": name, "type": facts["type"], "label": facts.get("label", "")}
        | ({"default": written(facts["default"])} if "default" in facts else {})
        for name, facts in parameters.items()
    ]


def declared(forms_: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """What the parameters' forms say, as far as it can be read."""
    found = {}
    for form in forms_:
        facts = getattr(form, "cleaned_data", {})
        if facts.get("name") and facts.get("type") and not facts.get("DELETE"):
            kept = {"type": facts["type"]}
            kept |= {"default": facts["default"]} if facts.get("default", "") != "" else {}
            found[facts["name"]] = kept | ({"label": facts["label"]} if facts.get("label") else {})
    return found


class FilterForm(forms.Form):
    """The names of a filter and its rule."""

    label = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    shared = forms.BooleanField(
        label=gettext_lazy("Shared"),
        required=False,
        help_text=gettext_lazy("Others can use it too. Off: only you and administrators see it."),
    )
    rule = RuleField(label=gettext_lazy("Who matches"), required=False)

    def __init__(self, data: Any = None, *, place: Nowhere, draft: bool = False, **options: Any):
        super().__init__(data, label_suffix="", **options)
        rule = self.fields["rule"]
        rule.scope, rule.draft = place, draft  # type: ignore[attr-defined]


class Desk:
    """One filter's form with the forms of its parameters, unsaved."""

    def __init__(self, model: DataModel, dataset: str, *, data: Any = None, initial: Mapping[str, Any] | None = None):
        self.model, self.dataset = model, dataset
        self.asking = bool(data and "ask" in data)
        self.parameters = Parameters(data, prefix="parameter", initial=(initial or {}).get("parameters", []))
        known = initial.get("declared", {}) if initial else {}
        if data is not None:
            self.parameters.is_valid()
            known = declared(self.parameters.forms)
        self.declared: dict[str, dict[str, Any]] = known
        if data is not None:
            self._declare(FilterForm(data, place=self._place(), draft=True))
        self.form = FilterForm(data, place=self._place(), draft=self.asking, initial=dict(initial or {}))

    def _place(self) -> Nowhere:
        place = Nowhere(self.model, self.dataset, {}, timezone.now(), settings.TIME_ZONE)
        try:
            given = reuse.stand_ins(self.declared, context_of(place))
        except RuleError:  # a default of a wrong type: said when the filter is checked
            given = {}
        return replace(place, parameters=given)

    def _declare(self, form: FilterForm) -> None:
        """Parameters that the rule speaks of and that no row names yet get one, of the type they need."""
        form.is_valid()
        rule = form.cleaned_data.get("rule") or {}
        for name, type in asking.asked(rule, self.dataset, self.context).items():
            self.declared.setdefault(name, {"type": type})

    @property
    def context(self) -> Any:
        return context_of(self._place())

    @property
    def rule(self) -> dict[str, Any]:
        """The rule as the builder has it: places in it hold from page to page."""
        held = self.form.cleaned_data if self.form.is_bound else self.form.initial
        return tree.normal(held.get("rule") or {})

    @property
    def askable(self) -> list[asking.Askable]:
        """The values of the rule that could be asked for."""
        if self.form.is_bound and not self.form.is_valid():
            return []
        return asking.askable(self.rule, self.dataset, self.context, self.declared)

    def ask(self, place: str) -> Desk:
        """The desk with a parameter where the value at this place stood, its default what it was."""
        found = next((one for one in self.askable if one.place == place), None)
        facts = {**self.form.cleaned_data, "declared": self.declared, "parameters": rows(self.declared)}
        if found:
            known = {**self.declared, found.name: {"type": found.type, "default": found.value}}
            facts |= {"rule": asking.ask(self.rule, place, found.name), "declared": known, "parameters": rows(known)}
        return Desk(self.model, self.dataset, initial=facts)
