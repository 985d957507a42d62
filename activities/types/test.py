"""Test: one of several ways, by how many rows arrive or by the value of a variable."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import times, variables
from activities.base import Activity, Port
from activities.cases import Case
from activities.catalogue import register
from activities.fields import CodeField, ScopedChoiceField, TextField
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import PartField, RowsField
from activities.variables import DATE, LIST, NUMBER, TEXT, ValueField
from orchcamp.datasets import engine
from orchcamp.datasets.rules.verdicts import Cell, Verdict, fact

POPULATION = "population"
ORDERS = {
    "equals": gettext_lazy("="),
    "not_equals": gettext_lazy("≠"),
    "greater_than": gettext_lazy(">"),
    "less_than": gettext_lazy("<"),
    "greater_or_equal": gettext_lazy("≥"),
    "less_or_equal": gettext_lazy("≤"),
}
TEXTS = {
    "contains": gettext_lazy("contains"),
    "not_contains": gettext_lazy("does not contain"),
    "starts_with": gettext_lazy("starts with"),
    "ends_with": gettext_lazy("ends with"),
}
EMPTIES = {"is_empty": gettext_lazy("is empty"), "is_not_empty": gettext_lazy("is not empty")}
OPERATORS = {**ORDERS, **TEXTS, **EMPTIES}
OF_LIST = {"contains", "not_contains", *EMPTIES}


class MeasureField(ScopedChoiceField):
    """What a condition asks: how many rows arrive, or a variable."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]]:
        return [(POPULATION, _("Population count")), *((name, f"${name}") for name in sorted(scope.variables))]

    def refusal(self, value: str, names: list[str]) -> str:
        sentence = _("There is no variable “{value}”; there are: {names}.")
        return sentence.format(value=value, names=", ".join(names))


class ConditionForm(SettingsForm):
    needs_audience = False
    label = TextField(
        label=gettext_lazy("Label"),
        max_length=80,
        help_text=gettext_lazy("Names the transition; the code does if this is empty."),
        required=False,
    )
    of = MeasureField(
        label=gettext_lazy("If"),
        blank=gettext_lazy("Population count"),
        help_text=gettext_lazy("How many rows arrive, or a variable of the campaign or of a signal."),
        required=False,
    )
    operator = forms.ChoiceField(
        label=gettext_lazy("Operator"),
        choices=list(OPERATORS.items()),
        initial="greater_than",
        help_text=gettext_lazy("Numbers and dates are compared by size, texts letter by letter; upper case counts."),
        required=False,
    )
    value = ValueField(
        label=gettext_lazy("Value"), initial=0, help_text=gettext_lazy("None for “is empty”."), required=False
    )
    code = CodeField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("Names this way out. With another code, what follows here has to be connected again."),
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, Any]:
        free = next(n for n in range(1, 1000) if f"condition_{n}" not in codes)
        label = _("Condition {n}").format(n=free)
        return {"code": f"condition_{free}", "label": label, "of": POPULATION, "operator": "greater_than", "value": "0"}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["label"] = cleaned.get("label") or cleaned.get("code", "")
        cleaned["of"] = of = cleaned.get("of") or POPULATION
        cleaned["operator"] = operator = cleaned.get("operator") or "greater_than"
        known = 0 if of == POPULATION else self.scope.variables.get(of)
        if operator in EMPTIES:
            cleaned["value"] = ""
        elif known is not None and not {"of", "value"} & set(self.errors):
            self._fit(cleaned, variables.type_of(known), operator)
        return cleaned

    def _fit(self, cleaned: dict[str, Any], kind: str, operator: str) -> None:
        """The value as one of the kind that is asked about."""
        if (kind == LIST and operator not in OF_LIST) or (kind == NUMBER and operator in TEXTS):
            label = OPERATORS[operator]
            self.add_error("operator", _("“{operator}” does not go with this; choose another.").format(operator=label))
            return
        ordered = kind == NUMBER or (kind == DATE and operator in ORDERS)
        try:
            cleaned["value"] = variables.typed(kind if ordered else TEXT, cleaned["value"])
        except ActivityError as error:
            if not self.draft:
                self.add_error("value", str(error))


def first_condition() -> list[dict[str, Any]]:
    """What a new test begins with: is there anybody?"""
    row = {"code": "true", "label": _("True"), "of": POPULATION, "operator": "greater_than", "value": 0}
    return [row]


class DefaultForm(SettingsForm):
    needs_audience = False
    code = CodeField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("Leave it empty to have none: then the path ends here when no condition holds."),
        required=False,
    )
    label = TextField(
        label=gettext_lazy("Label"), max_length=80, help_text=gettext_lazy("Names the transition."), required=False
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["label"] = cleaned.get("label") or cleaned.get("code", "")
        return cleaned


def otherwise() -> dict[str, Any]:
    """The default condition of a new test."""
    return {"code": "false", "label": _("False")}


class TestForm(SettingsForm):
    needs_audience = False
    conditions = RowsField(
        ConditionForm,
        row=gettext_lazy("Condition"),
        initial=first_condition,
        label=gettext_lazy("Conditions"),
        help_text=gettext_lazy("In this order: the first that holds takes all rows; the other ways are not taken."),
    )
    default = PartField(
        DefaultForm,
        switch="code",
        initial=otherwise,
        label=gettext_lazy("Otherwise"),
        help_text=gettext_lazy("The way that is taken when no condition holds."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        default = cleaned.get("default")
        if default and default["code"] in {row["code"] for row in cleaned.get("conditions") or []}:
            self.add_error("default", _("Code “{code}” is a condition's already.").format(code=default["code"]))
        return cleaned


@register
class Test(Activity):
    key = "test"
    label = gettext_lazy("Test")
    group = "flow"
    position = 40
    icon = "alt_route"
    help = gettext_lazy("Chooses one way by how many rows arrive, or by the value of a variable.")
    form_class = TestForm

    def __init__(self, settings: Mapping[str, Any]):
        super().__init__({"conditions": first_condition(), "default": otherwise(), **settings})

    def outputs(self) -> tuple[Port, ...]:
        ports = {port.name: port for port in self.codes("conditions")}
        default = self.settings.get("default")
        if isinstance(default, Mapping) and isinstance(code := default.get("code"), str) and code:
            ports.setdefault(code, Port(code, str(default.get("label") or code)))
        return tuple(ports.values())

    def summary(self, ctx: Context | None = None) -> str:
        said = [f"{_in_words(row)} → {row.get('label') or row.get('code')}" for row in self.items("conditions")]
        default = self.settings.get("default")
        if isinstance(default, Mapping) and default.get("code"):
            said.append(_("else {label}").format(label=default.get("label") or default["code"]))
        return " · ".join(said) or _("No conditions yet")

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        population = inputs.one()
        if not self.outputs():
            raise ActivityError(_("Add at least one condition."))
        return {port.name: population for port in self.outputs()}

    def explain(self, case: Case) -> Iterable[Verdict]:
        """All rows go one way: which condition held first."""
        rows = engine.count(case.inputs.one().table)
        for row in self.settings["conditions"]:
            found = rows if row["of"] == POPULATION else case.ctx.variables.get(row["of"])
            met = holds(found, row["operator"], row["value"], case.ctx.timezone)
            words = _("{condition}, for all rows together").format(condition=_in_words(row))
            yield fact(words, met, cells=(Cell("", found),))
            if met:
                return

    def follows(self, rows: Mapping[str, int], ctx: Context | None = None) -> Collection[str]:
        count = max(rows.values(), default=0)
        known, zone = (ctx.variables, ctx.timezone) if ctx else ({}, "UTC")
        for row in self.settings["conditions"]:
            found = count if row["of"] == POPULATION else known.get(row["of"])
            if holds(found, row["operator"], row["value"], zone):
                return [row["code"]]
        default = self.settings["default"]
        return [default["code"]] if default else []


def holds(found: Any, operator: str, value: Any, zone: str) -> bool:
    """Whether a count or the value of a variable satisfies a condition; what is not there is empty.

    A date without zone is one on the clocks of ``zone``.
    """
    if operator in EMPTIES:
        return (found in (None, "", [])) == (operator == "is_empty")
    if operator.startswith("not_"):
        return not holds(found, operator.removeprefix("not_"), value, zone)
    if found is None:
        return False
    if isinstance(found, list | tuple):
        return operator == "contains" and str(value) in {str(item) for item in found}
    if isinstance(found, int | float) and not isinstance(found, bool):
        return isinstance(value, int | float) and _compared(found, operator, value)
    text, other = str(found), str(value)
    if operator in TEXTS:
        return {"contains": other in text, "starts_with": text.startswith(other), "ends_with": text.endswith(other)}[
            operator
        ]
    if variables.type_of(text) == variables.type_of(other) == DATE:
        return _compared(times.moment(text, zone), operator, times.moment(other, zone))
    return _compared(text, operator, other)


def _compared(found: Any, operator: str, value: Any) -> bool:
    return bool(
        {
            "equals": found == value,
            "greater_than": found > value,
            "less_than": found < value,
            "greater_or_equal": found >= value,
            "less_or_equal": found <= value,
        }[operator]
    )


def _in_words(row: Mapping[str, Any]) -> str:
    of, operator = row.get("of") or POPULATION, str(row.get("operator"))
    name = _("population") if of == POPULATION else f"${of}"
    value = "" if operator in EMPTIES else variables.shown(row.get("value"))
    return " ".join(filter(None, [name, str(OPERATORS.get(operator, operator)), value]))
