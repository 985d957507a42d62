"""Settings inside settings: a list of rows, each a small form of its own, edited without JavaScript.

Inputs are named ``subsets-0-label``; a button named ``subsets-edit`` (``add``, ``remove:1``, ``up:1``, ``down:1``)
sends the form, which then shows itself with the rows changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from orchcamp.web.numbers import whole

from .forms import NOWHERE, Scope

if TYPE_CHECKING:
    from .forms import SettingsForm

MAX_ROWS = 50


def _posted(data: Any, name: str) -> MultiValueDict:
    """The inputs of one part of a sent form, without their common beginning."""
    start = f"{name}-"
    return MultiValueDict({key[len(start) :]: data.getlist(key) for key in data if key.startswith(start)})


class PartWidget(forms.Widget):
    """Draws the form of a part inside the form that holds it."""

    template_name = "activities/widgets/part.html"
    use_fieldset = True
    form_class: type[SettingsForm]
    scope: Scope = NOWHERE
    draft = False

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if name in data or not isinstance(data, MultiValueDict):
            return data.get(name)
        return _posted(data, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def shown(self, name: str, value: Any) -> SettingsForm:
        """The part's form, to be drawn: as it was sent, or as it is stored."""
        if isinstance(value, MultiValueDict):
            data = MultiValueDict({f"{name}-{key}": value.getlist(key) for key in value})
            return self.form_class(data, scope=self.scope, prefix=name, draft=self.draft)
        stored = value if isinstance(value, Mapping) else {}
        return self.form_class(initial=stored, scope=self.scope, prefix=name, draft=self.draft)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["form"] = self.shown(name, value)
        return context


class RowsWidget(PartWidget):
    template_name = "activities/widgets/rows.html"
    most = MAX_ROWS

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        if not isinstance(value, MultiValueDict):
            return value
        places = {int(match[1]) for key in value if (match := re.match(r"(\d{1,4})-", key))}
        rows = [_posted(value, str(place)) for place in sorted(places)]
        return self.edited(rows, str(value["edit"])) if "edit" in value else rows

    def edited(self, rows: list[MultiValueDict], command: str) -> list[MultiValueDict]:
        """The rows after a button was pressed; a command that makes no sense changes nothing."""
        verb, _colon, place = command.partition(":")
        at = number if (number := whole(place)) is not None and number < len(rows) else None
        if verb == "add" and len(rows) < self.most:
            row = self.form_class.new_row([str(row.get("code", "")) for row in rows])
            rows = [
                *rows,
                MultiValueDict({name: value if isinstance(value, list) else [value] for name, value in row.items()}),
            ]
        elif verb == "remove" and at is not None:
            rows = rows[:at] + rows[at + 1 :]
        elif verb in ("up", "down") and at is not None:
            other = at - 1 if verb == "up" else at + 1
            if 0 <= other < len(rows):
                rows[at], rows[other] = rows[other], rows[at]
        return rows

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = forms.Widget.get_context(self, name, value, attrs)
        rows = value if isinstance(value, list | tuple) else []
        context["widget"]["rows"] = [self.shown(f"{name}-{place}", row) for place, row in enumerate(rows)]
        context["widget"]["full"] = len(rows) >= self.most
        return context


class PartField(forms.Field):
    """One object among the settings, or nothing: None while its ``switch``, or each of several, is empty."""

    widget: Any = PartWidget

    def __init__(self, form_class: type[SettingsForm], *, switch: str | tuple[str, ...], **options: Any):
        self.form_class, self.switches = form_class, (switch,) if isinstance(switch, str) else switch
        super().__init__(**options)
        self.widget.form_class = form_class

    @property
    def scope(self) -> Scope:
        return self.widget.scope

    @scope.setter
    def scope(self, scope: Scope) -> None:
        self.widget.scope = scope

    @property
    def draft(self) -> bool:
        return self.widget.draft

    @draft.setter
    def draft(self, draft: bool) -> None:
        self.widget.draft = draft

    def cleaned(self, value: Any) -> dict[str, Any]:
        """One part as JSON. Raises ValidationError with every sentence of its form."""
        if not isinstance(value, Mapping):
            raise forms.ValidationError(_("Give an object with: {names}.").format(names=", ".join(self.names)))
        if isinstance(value, MultiValueDict):
            form = self.widget.shown("part", value)
        else:
            data = {f"part-{key}": item for key, item in value.items()}
            form = self.form_class(data, scope=self.scope, prefix="part", draft=self.draft)
        if not form.is_valid():
            raise forms.ValidationError(list(form.sentences()))
        return form.cleaned_data

    @property
    def names(self) -> list[str]:
        return list(self.form_class.base_fields)

    def clean(self, value: Any) -> Any:
        if not value:
            return None
        if isinstance(value, Mapping) and not any(value.get(name) for name in self.switches):
            if set(self.switches) & set(value) or isinstance(value, MultiValueDict):
                return None
            raise forms.ValidationError(_("“{name}” is missing.").format(name=self.switches[0]))
        return self.cleaned(value)


class RowsField(PartField):
    """A list of objects among the settings; those that have a code have each their own."""

    widget: Any = RowsWidget

    def __init__(
        self, form_class: type[SettingsForm], *, row: Any, at_least: int = 1, most: int = MAX_ROWS, **options: Any
    ):
        self.row, self.at_least, self.most = row, at_least, most
        super().__init__(form_class, switch=(), **options)
        self.widget.attrs["row"] = row
        self.widget.most = most

    def clean(self, value: Any) -> list[dict[str, Any]]:
        if value is not None and not isinstance(value, list | tuple):
            raise forms.ValidationError(_("Give a list of objects with: {names}.").format(names=", ".join(self.names)))
        rows, errors = [], []
        for place, row in enumerate(value or [], start=1):
            try:
                rows.append(self.cleaned(row))
            except forms.ValidationError as error:
                errors += [f"{self.row} {place}: {message}" for message in error.messages]
        errors += self.faults(rows, len(value or []))
        if errors:
            raise forms.ValidationError(errors)
        return rows

    def faults(self, rows: list[dict[str, Any]], total: int) -> list[str]:
        """What is wrong with the rows as a whole."""
        found = []
        if total > self.most:
            found.append(_("There are {n} rows; at most {most} are allowed.").format(n=total, most=self.most))
        if not self.draft and total < self.at_least:
            found.append(_("Add at least {n}.").format(n=self.at_least))
        codes = [code for row in rows if (code := row.get("code"))]
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            found.append(_("Code “{code}” is used more than once; give each its own.").format(code=code))
        return found
