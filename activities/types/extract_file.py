"""Extract file: the rows that arrive as a file, to download or put where another program finds it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import ibis
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from ibis.expr.types import Table

from activities import wording
from activities.base import MadeFile, Port, Work, Writer, Written
from activities.catalogue import register
from activities.fields import OfferedField, TextField, errors_field, outbound_field
from activities.forms import SettingsForm
from activities.output_columns import MOST, OutputColumnForm, SortForm, chosen, computed
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import RowsField
from orchcamp.accounts import audit
from orchcamp.accounts.models import User
from orchcamp.datasets import cells, engine, extracting
from orchcamp.datasets.extracting import Style
from orchcamp.messaging import transfers
from orchcamp.web.errors import Refused

FORMATS = [
    ("csv", gettext_lazy("CSV")),
    ("tsv", gettext_lazy("TSV (tabs)")),
    ("fixed", gettext_lazy("Fixed columns")),
    ("xlsx", gettext_lazy("Excel workbook")),
    ("jsonl", gettext_lazy("JSON Lines")),
    ("parquet", gettext_lazy("Parquet")),
]
SEPARATORS = {",": gettext_lazy("Comma"), ";": gettext_lazy("Semicolon"), "tab": gettext_lazy("Tab"), "|": "Pipe |"}
QUOTES = [
    ('"', gettext_lazy("Double quote")),
    ("'", gettext_lazy("Single quote")),
    ("none", gettext_lazy("None")),
]
LINE_ENDS = {"lf": "\n", "crlf": "\r\n"}
DESTINATIONS = [
    ("download", gettext_lazy("To download from the run")),
    ("folder", gettext_lazy("Into a folder of the server")),
    ("sftp", gettext_lazy("Onto an SFTP server")),
]
BAD_NAME = re.compile(r"[/\\:\x00-\x1f\x7f]")
HIDDEN = "sort_value_"


class FileColumnForm(OutputColumnForm):
    width = forms.IntegerField(
        label=gettext_lazy("Width"),
        min_value=1,
        max_value=10_000,
        required=False,
        help_text=gettext_lazy("Characters, of fixed columns only."),
    )


class ExtractFileForm(SettingsForm):
    shown_for: ClassVar[Mapping[str, str]] = {
        "folder": "destination=folder destination=sftp",
        "connection": "destination=sftp",
    }
    template = "activities/extract_file.html"
    columns = RowsField(
        FileColumnForm,
        row=gettext_lazy("Column"),
        at_least=0,
        most=MOST,
        label=gettext_lazy("Columns"),
        required=False,
        help_text=gettext_lazy("In this order. Without any, every column that reaches this node."),
    )
    sort = RowsField(
        SortForm,
        row=gettext_lazy("Order"),
        at_least=0,
        most=5,
        label=gettext_lazy("Sort by"),
        required=False,
        help_text=gettext_lazy("Without any, by the key."),
    )
    remove_duplicates = forms.BooleanField(
        label=gettext_lazy("Remove duplicates"),
        required=False,
        help_text=gettext_lazy("Rows that agree in every column of the file stand in it once."),
    )
    file_name = TextField(
        label=gettext_lazy("File name"),
        max_length=200,
        initial="{{ campaign }}-{{ date }}",
        help_text=gettext_lazy("With campaign, date, time and variables.NAME as fields; its ending comes by itself."),
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=FORMATS, initial="csv", help_text=gettext_lazy("Kind of file.")
    )
    header = forms.BooleanField(
        label=gettext_lazy("First line with the labels"),
        initial=True,
        required=False,
        help_text=gettext_lazy("Of text files and workbooks."),
    )
    separator = forms.ChoiceField(
        label=gettext_lazy("Column separator"),
        choices=list(SEPARATORS.items()),
        initial=",",
        required=False,
        help_text=gettext_lazy("Of CSV."),
    )
    string_delimiter = forms.ChoiceField(
        label=gettext_lazy("String delimiter"),
        choices=QUOTES,
        initial='"',
        required=False,
        help_text=gettext_lazy("Around texts that hold a separator."),
    )
    line_end = forms.ChoiceField(
        label=gettext_lazy("End of line"),
        choices=[("lf", "LF (Unix)"), ("crlf", "CR LF (Windows)")],
        initial="lf",
        required=False,
        help_text=gettext_lazy("Of text files."),
    )
    encoding = TextField(
        label=gettext_lazy("Encoding"),
        max_length=40,
        initial="utf-8",
        required=False,
        help_text=gettext_lazy("Of text files; utf-8-sig begins with the mark that Excel wants."),
    )
    date_format = TextField(
        label=gettext_lazy("Date format"),
        max_length=40,
        initial="YYYY-MM-DD",
        required=False,
        help_text=gettext_lazy("Of text files, such as DD/MM/YYYY."),
    )
    datetime_format = TextField(
        label=gettext_lazy("Format of date and time"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Such as DD/MM/YYYY HH:mm, in the campaign's zone. Empty: ISO with its offset."),
    )
    decimal_mark = forms.ChoiceField(
        label=gettext_lazy("Decimal mark"),
        choices=[(".", gettext_lazy("Point: 12.5")), (",", gettext_lazy("Comma: 12,5"))],
        initial=".",
        required=False,
        help_text=gettext_lazy("Of text files."),
    )
    harmless = forms.BooleanField(
        label=gettext_lazy("Safe for spreadsheets"),
        initial=True,
        required=False,
        help_text=gettext_lazy("An apostrophe before texts that begin with = + - @, which would become formulas."),
    )
    compression = forms.ChoiceField(
        label=gettext_lazy("Compression"),
        choices=[("", gettext_lazy("None")), ("gzip", "gzip"), ("zip", "zip")],
        initial="",
        required=False,
        help_text=gettext_lazy("The file's name gets .gz or .zip."),
    )
    skip_empty = forms.BooleanField(
        label=gettext_lazy("No file when nothing arrives"),
        required=False,
        help_text=gettext_lazy("Otherwise the file has its first line only."),
    )
    destination = forms.ChoiceField(
        label=gettext_lazy("Where to"),
        choices=DESTINATIONS,
        initial="download",
        required=False,
        help_text=gettext_lazy("It can be downloaded from the run whatever is chosen."),
    )
    folder = TextField(
        label=gettext_lazy("Folder"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("One that ORCHCAMP_TRANSFER_DIRS allows, or a folder of the SFTP server."),
    )
    connection = OfferedField(
        "sftp",
        label=gettext_lazy("SFTP server"),
        required=False,
        help_text=gettext_lazy("An administrator enters connections."),
    )
    checksum = forms.BooleanField(
        label=gettext_lazy("A checksum beside it"),
        initial=True,
        required=False,
        help_text=gettext_lazy("A second file, .sha256, with the digest of the first."),
    )
    outbound = outbound_field()
    process_errors = errors_field()

    def clean_encoding(self) -> str:
        name = self.cleaned_data["encoding"] or "utf-8"
        try:
            sound = codecs.lookup(name)._is_text_encoding  # type: ignore[attr-defined]
        except LookupError:
            sound = False
        if not sound:
            raise forms.ValidationError(_("“{name}” is no known encoding.").format(name=name))
        return name

    def _pattern(self, name: str) -> str:
        pattern: str = self.cleaned_data[name]
        try:
            return pattern if not pattern else cells.strptime(pattern) and pattern
        except Refused as error:
            raise forms.ValidationError(str(error)) from None

    def clean_date_format(self) -> str:
        return self._pattern("date_format")

    def clean_datetime_format(self) -> str:
        return self._pattern("datetime_format")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField) and not cleaned.get(name) and name not in self.errors:
                cleaned[name] = "" if isinstance(field, OfferedField) else field.initial
        if self.draft:
            return cleaned
        if cleaned.get("destination") == "folder" and not cleaned.get("folder"):
            self.add_error("folder", _("Write the folder."))
        if cleaned.get("destination") == "sftp" and not cleaned.get("connection"):
            self.add_error("connection", _("Choose the server."))
        if cleaned.get("format") == "fixed":
            if not cleaned.get("columns"):
                self.add_error("columns", _("Fixed columns need their widths; add them."))
            for column in cleaned.get("columns") or []:
                if not column["width"]:
                    name = column["label"] or column["source"]
                    self.add_error("columns", _("Column “{name}” needs its width.").format(name=name))
        return cleaned


@register
class ExtractFile(Writer):
    key = "extract_file"
    label = gettext_lazy("Extract file")
    group = "data"
    position = 60
    icon = "file_export"
    help = gettext_lazy("Writes the rows into a file, to download or for a folder or an SFTP server.")
    form_class = ExtractFileForm
    holds_back = False  # no message depends on a file

    def outputs(self) -> tuple[Port, ...]:
        return (Port("out"),) if self.settings.get("outbound", True) else ()

    def summary(self, ctx: Context | None = None) -> str:
        name, count = self.settings.get("file_name"), len(self.items("columns"))
        if not isinstance(name, str) or not name:
            return _("No file name yet")
        if not count:
            return _("{name}, every column").format(name=name)
        return ngettext("{name}, {n} column", "{name}, {n} columns", count).format(name=name, n=count)

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        people = inputs.audience()
        if faults := wording.problems(str(self.settings.get("file_name") or ""), ctx):
            raise ActivityError(_("File name: {why}").format(why=faults[0]))
        self._rows(people, ctx)  # what is wrong with the columns is said before a run
        return {"out": people} if self.outputs() else {}

    # --- The work ------------------------------------------------------------------------------------

    def write(self, work: Work) -> Written:
        if self.settings.get("skip_empty") and not work.rows:
            return Written(_("No file: nothing arrived."))
        table, labels = self._rows(work.population, work.ctx)
        source = f"{work.folder}/extract.parquet"
        engine.write(table, source)
        style = self._style(work.ctx)
        name = self._name(work, style)
        path = f"{work.folder}/files/{name}"
        rows = extracting.write(source, path, labels, style)
        sent = self._sent(work, path, name, rows)
        engine.drop(source)
        numbers = {"name": name, "n": f"{rows:,}"}
        sentence = ngettext("{name}: {n} row", "{name}: {n} rows", rows).format(**numbers)
        whole = _("{what}, to {place}.").format(what=sentence, place=sent) if sent else f"{sentence}."
        return Written(whole, (MadeFile(name, path, rows, sent),))

    def rehearse(self, work: Work) -> Written:
        if self.settings.get("skip_empty") and not work.rows:
            return Written(_("Would write no file: nothing arrived."))
        table, _labels = self._rows(work.population, work.ctx)
        name, rows = self._name(work, self._style(work.ctx)), engine.count(table)
        place = {
            "folder": _(", to folder {folder}"),
            "sftp": _(", to {folder} on the SFTP server “{connection}”"),
        }.get(str(self.settings.get("destination") or ""), "")
        place = place.format(folder=self.settings.get("folder") or "/", connection=self.settings.get("connection"))
        sentence = ngettext("Would write {name} with {n} row{place}.", "Would write {name} with {n} rows{place}.", rows)
        return Written(sentence.format(name=name, n=f"{rows:,}", place=place))

    def _rows(self, people: Population, ctx: Context) -> tuple[Table, list[str]]:
        """The rows of the file in their order, their columns by place, and the labels. Lazy."""
        table, labels = chosen(self.items("columns"), people, ctx)
        names = computed(labels)
        order = [(item.get("by"), bool(item.get("descending"))) for item in self.items("sort") if item.get("by")]
        for by, _descending in order:
            if by not in table.columns:
                raise ActivityError(_("Column “{name}” does not reach this node.").format(name=by))
        sorts = {f"{HIDDEN}{place}": table[by] for place, (by, _descending) in enumerate(order)}
        table = table.mutate(**sorts)
        if self.settings.get("remove_duplicates"):
            figures = {
                name: table[name].max() if descending else table[name].min()
                for name, (_by, descending) in zip(sorts, order, strict=True)
            }
            table = table.group_by(names).aggregate(**figures) if figures else table.select(*names).distinct()
            last = names
        else:
            last = [name for name in people.identity if name in table.columns]
        keys = [
            ibis.desc(table[name], nulls_first=False) if descending else ibis.asc(table[name], nulls_first=False)
            for name, (_by, descending) in zip(sorts, order, strict=True)
        ]
        keys += [ibis.asc(table[name], nulls_first=False) for name in last]
        return table.order_by(keys).select(*names), labels

    def _style(self, ctx: Context) -> Style:
        given = self.settings
        separator = given.get("separator") or ","
        return Style(
            format=given.get("format") or "csv",
            header=bool(given.get("header", True)),
            separator="\t" if separator == "tab" else separator,
            quote="" if given.get("string_delimiter") == "none" else given.get("string_delimiter") or '"',
            line_end=LINE_ENDS[given.get("line_end") or "lf"],
            encoding=given.get("encoding") or "utf-8",
            date_format=cells.strptime(given.get("date_format") or "YYYY-MM-DD"),
            datetime_format=cells.strptime(given["datetime_format"]) if given.get("datetime_format") else "",
            decimal_mark=given.get("decimal_mark") or ".",
            harmless=bool(given.get("harmless", True)),
            compression=given.get("compression") or "",
            zone=ctx.timezone,
            widths=tuple(item.get("width") or 0 for item in self.items("columns")),
        )

    def _name(self, work: Work, style: Style) -> str:
        """The file's name with its fields filled in. Raises ActivityError for what would lead elsewhere."""
        name = wording.render(str(self.settings.get("file_name") or ""), work.ctx, rows=work.rows).strip()
        end = extracting.ending(style)
        for ending in (end, f".{extracting.ENDINGS[style.format]}"):
            name = name.removesuffix(ending)
        if ":" in name:  # of a time
            name = name.replace(":", "-")
        if not name or name.startswith(".") or BAD_NAME.search(name) or len((name + end).encode()) > 200:
            sentence = _("“{name}” cannot be the name of a file: no folder, no control character, at most 200 bytes.")
            raise ActivityError(sentence.format(name=name[:80]))
        return name + end

    def _sent(self, work: Work, path: str, name: str, rows: int) -> str:
        """Put the file where it is to go, once; where that is, in words."""
        destination, folder = self.settings.get("destination") or "download", self.settings.get("folder") or ""
        if destination == "download":
            return ""
        note = engine.root() / f"{work.folder}/sent.txt"
        if note.exists():
            return note.read_text()
        file, checksum = engine.root() / path, bool(self.settings.get("checksum", True))
        if destination == "folder":
            sent = transfers.to_folder(file, folder, name, key=work.run_key, checksum=checksum)
        else:
            server = str(self.settings.get("connection") or "")
            sent = transfers.to_server(file, server, folder, name, key=work.run_key, checksum=checksum)
        note.write_text(sent.place)
        person = User.objects.filter(pk=work.by).first()
        facts = {"campaign": work.ctx.campaign, "file": name, "rows": rows, "to": sent.place, "sha256": sent.digest}
        audit.record(person, "transferred file", None, **facts)
        return sent.place
