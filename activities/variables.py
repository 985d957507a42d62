"""Variables: names with a type and a value, of a campaign or brought by a signal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .fields import TextField
from .forms import SettingsForm
from .populations import ActivityError
from .rows import RowsField

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
UNKEPT = re.compile(r"[\0\ud800-\udfff]")  # no database keeps them in a text
RESERVED = frozenset({"population", "true", "false", "and", "or", "not", "null"})
TEXT, NUMBER, DATE, LIST = "text", "number", "date", "list"
TYPE_CHOICES = [
    (TEXT, gettext_lazy("Text")),
    (NUMBER, gettext_lazy("Number")),
    (DATE, gettext_lazy("Date")),
    (LIST, gettext_lazy("List")),
]


def type_of(value: Any) -> str:
    """The type of a stored value; a date is a text that is written as one."""
    if isinstance(value, list | tuple):
        return LIST
    if isinstance(value, int | float) and not isinstance(value, bool):
        return NUMBER
    return DATE if _is_date(value) else TEXT


def _is_date(value: Any) -> bool:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return len(value) >= len("2026-01-01") and "-" in value


def typed(kind: str, value: Any) -> Any:
    """A value as JSON of a type, from JSON or from what a person typed. Raises ActivityError."""
    if kind == NUMBER:
        return _number(value)
    if kind == DATE:
        return _date(value)
    if kind == LIST:
        return _list(value)
    if isinstance(value, list | tuple | Mapping):
        raise ActivityError(_("Give a text."))
    return "" if value is None else str(value)


def _number(value: Any) -> int | float:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise InvalidOperation
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ActivityError(_("“{value}” is no number; write one such as 12.5.").format(value=value)) from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        raise ActivityError(_("“{value}” is too large a number.").format(value=value))
    return int(number) if number == number.to_integral_value() else float(number)


def _date(value: Any) -> str:
    text = str(value).strip()
    try:
        return date.fromisoformat(text).isoformat() if len(text) <= 10 else datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise ActivityError(_("“{value}” is no date; write one such as 2026-12-01.").format(value=value)) from None


def _list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        if not all(isinstance(item, str | int | float) for item in value):
            raise ActivityError(_("A list holds texts and numbers only."))
        return list(value)
    items = re.split(r"[,\n]", str(value if value is not None else ""))
    return [item.strip() for item in items if item.strip()]


def shown(value: Any) -> str:
    """A value as a person types it."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value if value is not None else "")


def arrived(
    declared: Iterable[Mapping[str, Any]], sent: Mapping[str, Any], *, strict: bool = False
) -> tuple[dict[str, Any], dict[str, str]]:
    """The parameters of a signal, typed as they were declared, and what is wrong with them, in a sentence by name.

    What was not declared is kept as it came; ``strict`` refuses it.
    """
    rows = list(declared)
    values, faults = dict(sent), {}
    for row in rows:
        name = row["name"]
        if name not in sent:
            faults[name] = _("The parameter “{name}” is missing.").format(name=name)
            continue
        try:
            values[name] = typed(row.get("type") or TEXT, sent[name])
        except ActivityError as error:
            faults[name] = _("Parameter “{name}”: {why}").format(name=name, why=error)
    names = [str(row["name"]) for row in rows]
    for name, value in values.items():
        if name not in faults and (fault := _fault(str(name), value, names if strict else None)):
            faults[name] = fault
    return values, faults


def _fault(name: str, value: Any, names: list[str] | None) -> str:
    """What keeps a parameter from being a variable; ``names`` are the only ones that may come, if there are such."""
    shown_name = name[:60].encode(errors="replace").decode()
    if names is not None and name not in names:
        sentence = _("“{name}” is no parameter of this signal; there are: {names}.")
        return sentence.format(name=shown_name, names=", ".join(names) or _("none"))
    if not NAME.fullmatch(name):
        return _("“{name}” cannot be the name of a parameter.").format(name=shown_name)
    if not isinstance(value, str | int | float | list):
        return _("Parameter “{name}”: give a text, a number or a list.").format(name=name)
    if any(not _keeps(item) for item in (value if isinstance(value, list) else [value])):
        return _("Parameter “{name}”: it holds a character or a number that cannot be kept.").format(name=name)
    return ""


def _keeps(item: Any) -> bool:
    """Whether a database can store it."""
    return not UNKEPT.search(item) if isinstance(item, str) else abs(item) < 10**18


def tests(declared: Any) -> dict[str, Any]:
    """The declared parameters with their test values. Settings may be half-done here."""
    rows = declared if isinstance(declared, list) else []
    found = {}
    for row in rows:
        if isinstance(row, Mapping) and isinstance(row.get("name"), str) and NAME.fullmatch(row["name"]):
            try:
                found[row["name"]] = typed(str(row.get("type") or TEXT), row.get("value"))
            except ActivityError:
                continue
    return found


class NameField(TextField):
    """The name of a variable, as rules and texts write it."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not NAME.fullmatch(value):
            sentence = _("Begin with a letter, then letters, digits and “_” only: “{name}” does not fit.")
            raise forms.ValidationError(sentence.format(name=value[:60]), code="name")
        if value.lower() in RESERVED:
            raise forms.ValidationError(_("“{name}” is reserved; choose another.").format(name=value), code="reserved")


class ValueField(forms.Field):
    """The value of a variable: JSON as it is, or what a person typed; its type is said beside it."""

    widget = forms.TextInput

    def prepare_value(self, value: Any) -> Any:
        return shown(value)

    def to_python(self, value: Any) -> Any:
        if value is not None and not isinstance(value, str | int | float | list | tuple):
            raise forms.ValidationError(_("Give a text, a number or a list."), code="invalid")
        return "" if value is None else value


class VariableForm(SettingsForm):
    """One variable: its name, type and value."""

    needs_audience = False
    name = NameField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Rules and texts call it by this name, as in $name."),
        max_length=60,
    )
    type = forms.ChoiceField(
        label=gettext_lazy("Type"),
        choices=TYPE_CHOICES,
        initial=TEXT,
        help_text=gettext_lazy("What its value is compared as."),
        required=False,
    )
    value = ValueField(
        label=gettext_lazy("Value"),
        help_text=gettext_lazy("A date such as 2026-12-01; the items of a list with commas between."),
        required=False,
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"name": "", "type": TEXT, "value": ""}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["type"] = cleaned.get("type") or TEXT
        value = cleaned.get("value", "")
        if "value" in self.errors or (self.draft and value == ""):
            return cleaned
        try:
            cleaned["value"] = typed(cleaned["type"], value)
        except ActivityError as error:
            self.add_error("value", str(error))
        return cleaned


class ParameterForm(VariableForm):
    """One parameter of a signal: its value is what a test takes."""

    value = ValueField(
        label=gettext_lazy("Test value"),
        help_text=gettext_lazy("What a test run takes; a live run takes what the signal brings."),
        required=False,
    )


class VariablesField(RowsField):
    """Rows of variables, each name once."""

    def faults(self, rows: list[dict[str, Any]], total: int) -> list[str]:
        names = [str(row["name"]) for row in rows if row.get("name")]
        twice = sorted({name for name in names if names.count(name) > 1})
        sentence = _("The name “{name}” is used more than once; give each its own.")
        return [*super().faults(rows, total), *(sentence.format(name=name) for name in twice)]
