"""How a file is laid out and what its columns hold: the part of a form that reads files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchcamp.datasets import cells, flatfile
from orchcamp.datasets.cells import Treatment
from orchcamp.datasets.detection import Layout
from orchcamp.datasets.models import Column
from orchcamp.datasets.schema import ColumnShape
from orchcamp.web.errors import Refused

from .fields import LinesField, TextField
from .forms import SettingsForm
from .pairs import PairsField

MOST = 300
NAME_BANS = frozenset("[].\"'")
FORMATS = [
    ("", gettext_lazy("As its name says")),
    ("delimited", gettext_lazy("Delimited text (CSV, TSV, TXT)")),
    ("fixed", gettext_lazy("Text with fixed columns")),
    ("xlsx", gettext_lazy("Excel workbook")),
    ("jsonl", gettext_lazy("JSON Lines")),
    ("parquet", gettext_lazy("Parquet")),
]
SEPARATORS = [
    ("", gettext_lazy("Found in the first line")),
    (",", gettext_lazy("Comma")),
    (";", gettext_lazy("Semicolon")),
    ("tab", gettext_lazy("Tab")),
    ("|", gettext_lazy("Pipe |")),
]
SPOKEN = {"comma": ",", "semicolon": ";", "\t": "tab", "pipe": "|", "auto": ""}
DELIMITERS = [
    ('"', gettext_lazy("Double quote")),
    ("'", gettext_lazy("Single quote")),
    ("none", gettext_lazy("None")),
]
NULLS = [
    ("allowed", gettext_lazy("May be empty")),
    ("numbers", gettext_lazy("An error for numbers only")),
    ("required", gettext_lazy("Always filled: empty is an error")),
]
ON_ERROR = [
    ("reject", gettext_lazy("Reject the line")),
    ("ignore", gettext_lazy("Leave the value out")),
    ("default", gettext_lazy("Take the default value")),
]
UNMAPPED = [
    ("keep", gettext_lazy("Keep them as they are")),
    ("reject", gettext_lazy("Treat them as errors")),
    ("default", gettext_lazy("Take the default value")),
]
CASES = [
    ("none", gettext_lazy("As it is")),
    ("upper", gettext_lazy("UPPER CASE")),
    ("lower", gettext_lazy("lower case")),
    ("first", gettext_lazy("First letter upper case")),
    ("words", gettext_lazy("First Letter of Each Word")),
]
SPACES = [
    ("both", gettext_lazy("Remove at both ends")),
    ("left", gettext_lazy("Remove at the beginning")),
    ("right", gettext_lazy("Remove at the end")),
    ("all", gettext_lazy("Remove everywhere")),
    ("none", gettext_lazy("Keep")),
]
NUMBERS = [
    ("plain", "1000.00"),
    ("comma", "1,000.00"),
    ("space", "1 000,00"),
    ("point", "1.000,00"),
    ("apostrophe", "1'000.00"),
]


class SeparatorField(forms.ChoiceField):
    """A separator; “comma” and a tab itself are understood too."""

    def to_python(self, value: Any) -> str:
        return super().to_python(SPOKEN.get(value, value) if isinstance(value, str) else value)


class ColumnForm(SettingsForm):
    template = "activities/_file_column.html"
    name = TextField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("What rules, expressions and messages call it."),
    )
    source = TextField(
        label=gettext_lazy("Column of the file"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("As its header says; empty: the same name."),
    )
    type = forms.ChoiceField(
        label=gettext_lazy("Type"),
        choices=Column.Type.choices,
        initial="string",
        help_text=gettext_lazy("A value that does not fit is an error."),
    )
    ignore = forms.BooleanField(
        label=gettext_lazy("Leave this column out"),
        help_text=gettext_lazy("It is in the file, but not in the rows."),
        required=False,
    )
    label = TextField(
        label=gettext_lazy("Label"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("What people see; empty: the name."),
    )
    width = forms.IntegerField(
        label=gettext_lazy("Width"),
        min_value=1,
        max_value=100_000,
        required=False,
        help_text=gettext_lazy("Of a fixed column; for other texts the longest that is no error."),
    )
    nulls = forms.ChoiceField(
        label=gettext_lazy("Empty values"),
        choices=NULLS,
        initial="allowed",
        help_text=gettext_lazy("What an empty cell is."),
    )
    on_error = forms.ChoiceField(
        label=gettext_lazy("On an error"),
        choices=ON_ERROR,
        initial="reject",
        help_text=gettext_lazy("When the value does not fit its column."),
    )
    default = TextField(
        label=gettext_lazy("Default value"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Written as in a plain file: 12.5, 2026-03-31, true."),
    )
    remapping = PairsField(
        label=gettext_lazy("Replace values"),
        required=False,
        help_text=gettext_lazy("“M = male”, one a line."),
    )
    unmapped = forms.ChoiceField(
        label=gettext_lazy("Values that are not replaced"),
        choices=UNMAPPED,
        initial="keep",
        help_text=gettext_lazy("Only asked where values are replaced."),
    )
    case = forms.ChoiceField(
        label=gettext_lazy("Letters"),
        choices=CASES,
        initial="none",
        help_text=gettext_lazy("Upper or lower case of texts."),
    )
    white_space = forms.ChoiceField(
        label=gettext_lazy("Blanks"),
        choices=SPACES,
        initial="both",
        help_text=gettext_lazy("Spaces and tabs around or in the value."),
    )
    number_format = forms.ChoiceField(
        label=gettext_lazy("Number format"),
        choices=NUMBERS,
        initial="plain",
        help_text=gettext_lazy("How the file writes a thousand."),
    )
    date_formats = LinesField(
        label=gettext_lazy("Date formats"),
        required=False,
        help_text=gettext_lazy("Such as DD/MM/YYYY, one a line; the first that fits. Empty: 2026-03-31 09:00."),
    )
    personal = forms.BooleanField(
        label=gettext_lazy("Personal data"),
        help_text=gettext_lazy("Hidden from those who may not see personal data."),
        required=False,
    )

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if bad := next((mark for mark in name if mark in NAME_BANS or ord(mark) < 32), ""):
            raise forms.ValidationError(_("A name cannot hold “{mark}”.").format(mark=bad))
        return name

    def clean_date_formats(self) -> list[str]:
        for pattern in self.cleaned_data["date_formats"]:
            try:
                cells.strptime(pattern)
            except Refused as error:
                raise forms.ValidationError(str(error)) from None
        return self.cleaned_data["date_formats"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField) and not cleaned.get(name):
                cleaned[name] = field.initial
        cleaned["source"] = cleaned.get("source") or cleaned.get("name") or ""
        return cleaned

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"name": "", "type": "string"}


def usable(name: str) -> str:
    """A header's title as rules and expressions can name it."""
    return "".join("_" if mark in NAME_BANS or ord(mark) < 32 else mark for mark in name)


def zone_choices() -> list[tuple[str, Any]]:
    from zoneinfo import available_timezones

    return [
        ("", gettext_lazy("The campaign's")),
        *((zone, zone) for zone in sorted(available_timezones()) if "/" in zone),
    ]


def treatment(column: Mapping[str, Any]) -> Treatment:
    """A column of the settings as the reader of files takes it."""
    same = ("name", "type", "label", "source", "nulls", "on_error", "default", "unmapped", "case", "white_space")
    remapping = {pair["from"]: pair["to"] for pair in column.get("remapping") or []}
    return Treatment(
        **{name: column[name] for name in same if column.get(name)},
        width=column.get("width") or 0,
        remapping=remapping,
        number_format=column.get("number_format") or "plain",
        date_formats=tuple(column.get("date_formats") or ()),
        personal=bool(column.get("personal")),
    )


def shape_of(columns: list[Treatment]) -> dict[str, ColumnShape]:
    """The columns of a file's rows, its line number first."""
    key = flatfile.key_of([how.name for how in columns])
    line = ColumnShape(key, _("Line"), "integer")
    return {
        key: line,
        **{how.name: ColumnShape(how.name, how.label or how.name, how.type, how.personal) for how in columns},
    }


def layout(settings: Mapping[str, Any], columns: list[Mapping[str, Any]]) -> Layout:
    """The layout that the settings speak of; an ignored fixed column still takes its place."""
    fixed = settings.get("format") == "fixed"
    quote, separator = settings.get("string_delimiter") or '"', settings.get("separator") or ""
    return Layout(
        kind=settings.get("format") or "",
        delimiter="\t" if separator == "tab" else separator,
        quote="" if quote == "none" else quote,
        header=bool(settings.get("header", True)),
        skipped=settings.get("skip_lines") or 0,
        several_lines=bool(settings.get("several_lines", True)),
        names=tuple(column.get("source") or column["name"] for column in columns) if fixed else (),
        widths=tuple(column.get("width") or 0 for column in columns) if fixed else (),
    )


def zone(settings: Mapping[str, Any], campaign: str) -> str:
    """The zone of moments that name none."""
    said = settings.get("timezone") or campaign
    return ZoneInfo(said).key
