"""Load file: the rows of a file as a population, without storing them as a dataset."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import ibis
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities.base import Activity, Finding, MadeFile, Port
from activities.catalogue import register
from activities.fields import TextField, errors_field
from activities.file_columns import (
    DELIMITERS,
    FORMATS,
    MOST,
    SEPARATORS,
    ColumnForm,
    SeparatorField,
    layout,
    shape_of,
    treatment,
    zone,
    zone_choices,
)
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import RowsField
from orchcamp.datasets import flatfile
from orchcamp.datasets.flatfile import Spec
from orchcamp.datasets.schema import ColumnShape, DatasetShape

REJECT_LABELS = {
    "line": gettext_lazy("Line"),
    "record": gettext_lazy("Line as it stands in the file"),
    "column": gettext_lazy("Column"),
    "reason": gettext_lazy("Reason"),
}


class LoadFileForm(SettingsForm):
    template = "activities/load_file.html"
    needs_audience = False
    file = TextField(
        label=gettext_lazy("File"),
        max_length=150,
        help_text=gettext_lazy(
            "Its name among the campaign's files. A run reads the file that is there when it begins."
        ),
        error_messages={"required": gettext_lazy("Choose a file.")},
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=FORMATS,
        initial="",
        required=False,
        help_text=gettext_lazy("What kind of file it is."),
    )
    columns = RowsField(
        ColumnForm,
        row=gettext_lazy("Column"),
        at_least=0,
        most=MOST,
        label=gettext_lazy("Columns"),
        required=False,
        help_text=gettext_lazy("Without any, every column of the file is read in the type that fits all its values."),
    )
    header = forms.BooleanField(
        label=gettext_lazy("The first line holds the titles"),
        initial=True,
        required=False,
        help_text=gettext_lazy("Otherwise columns are called column_1, column_2, …"),
    )
    skip_lines = forms.IntegerField(
        label=gettext_lazy("Lines to skip"),
        min_value=0,
        max_value=100_000,
        initial=0,
        required=False,
        help_text=gettext_lazy("At the top of the file, before the titles."),
    )
    separator = SeparatorField(
        label=gettext_lazy("Column separator"),
        choices=SEPARATORS,
        initial="",
        required=False,
        help_text=gettext_lazy("Of delimited files."),
    )
    string_delimiter = forms.ChoiceField(
        label=gettext_lazy("String delimiter"),
        choices=DELIMITERS,
        initial='"',
        required=False,
        help_text=gettext_lazy("Stands around texts that hold a separator."),
    )
    several_lines = forms.BooleanField(
        label=gettext_lazy("Records may span several lines"),
        initial=True,
        required=False,
        help_text=gettext_lazy("A text between string delimiters may hold line ends."),
    )
    encoding = TextField(
        label=gettext_lazy("Encoding"),
        max_length=40,
        initial="utf-8",
        required=False,
        help_text=gettext_lazy("Such as utf-8, windows-1252, iso-8859-15."),
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zone_choices,
        initial="",
        required=False,
        help_text=gettext_lazy("Of dates with time that name none."),
    )
    errors_allowed = forms.IntegerField(
        label=gettext_lazy("Rejected lines allowed"),
        min_value=0,
        max_value=1_000_000_000,
        initial=0,
        required=False,
        help_text=gettext_lazy("With more, the node fails and no row goes on."),
    )
    keep_rejects = forms.BooleanField(
        label=gettext_lazy("Keep the rejects in a file"),
        required=False,
        help_text=gettext_lazy("To be downloaded from the run."),
    )
    delete_after = forms.BooleanField(
        label=gettext_lazy("Delete the file after import"),
        required=False,
        help_text=gettext_lazy("When a live run has ended well; the next one needs a new file."),
    )
    process_errors = errors_field()

    def clean_file(self) -> str:
        name = self.cleaned_data["file"]
        if name and (set(name) & set("/\\:") or name.startswith(".") or any(ord(mark) < 32 for mark in name)):
            raise forms.ValidationError(_("Write the name of a file, without a folder."))
        return name

    def clean_encoding(self) -> str:
        return self.cleaned_data["encoding"] or "utf-8"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["string_delimiter"] = cleaned.get("string_delimiter") or '"'
        for name in ("skip_lines", "errors_allowed"):
            cleaned[name] = cleaned.get(name) or 0
        columns = cleaned.get("columns") or []
        names = [column["name"].lower() for column in columns if not column["ignore"]]
        if twice := next((name for name in names if name and names.count(name) > 1), ""):
            self.add_error("columns", _("Two columns are called “{name}”.").format(name=twice))
        if cleaned.get("format") == "fixed" and not self.draft:
            if not columns:
                self.add_error("columns", _("Fixed columns need their names and widths; add them."))
            for column in columns:
                if not column["width"]:
                    self.add_error("columns", _("Column “{name}” needs its width.").format(name=column["name"]))
        return cleaned


@register
class LoadFile(Activity):
    key = "load_file"
    label = gettext_lazy("Load file")
    group = "data"
    position = 40
    icon = "upload_file"
    help = gettext_lazy("Takes the rows of a file as a population; tie them to a dimension with a “Reconciliation”.")
    form_class = LoadFileForm
    inputs = (Port("in", required=False),)

    def outputs(self) -> tuple[Port, ...]:
        return (Port("out"), Port("rejects", _("Rejects")))

    def summary(self, ctx: Context | None = None) -> str:
        name = self.settings.get("file")
        if not isinstance(name, str) or not name:
            return _("No file yet")
        if ctx is not None and name not in ctx.files:
            return _("{name}: not uploaded yet").format(name=name)
        count = len([column for column in self.items("columns") if not column.get("ignore")])
        if not count:
            return name
        return ngettext("{name}, {n} column", "{name}, {n} columns", count).format(name=name, n=count)

    def findings(self, scope: Scope) -> Iterable[Finding]:
        if self.settings["errors_allowed"] and not self.settings["keep_rejects"]:
            yield Finding("warning", _("Lines may be rejected, and no file keeps them; use the transition “Rejects”."))

    # --- What comes of the file ----------------------------------------------------------------------

    def brings(self, ctx: Context) -> Iterable[DatasetShape]:
        form = self.form_class(self.settings, draft=True)  # what comes of a file is named after settings in full
        return LoadFile(form.cleaned_data)._shapes(ctx) if form.is_valid() else ()

    def prepare(self, ctx: Context) -> None:
        path, spec, folder = self.reading(ctx)
        facts = flatfile.parse(path, spec, folder)
        allowed = self.settings.get("errors_allowed") or 0
        if facts.rejected > allowed:
            sentence = ngettext(
                "{file}: {n} line is rejected, and {allowed} may be. {first}",
                "{file}: {n} lines are rejected, and {allowed} may be. {first}",
                facts.rejected,
            )
            first = "; ".join(facts.first) + ("; …" if facts.rejected > len(facts.first) else ".")
            raise ActivityError(
                sentence.format(file=self._name, n=f"{facts.rejected:,}", allowed=f"{allowed:,}", first=first)
            )

    def made(self, ctx: Context) -> Iterable[MadeFile]:
        if not self.settings.get("keep_rejects"):
            return
        _path, _spec, folder = self.reading(ctx)
        if rejected := flatfile.read_facts(folder).rejected:
            name = f"{self._name.rsplit('.', 1)[0]}-rejects.csv"
            yield MadeFile(name, flatfile.rejects_as_csv(folder), rejected, _("Rejected lines"))

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        rows, rejects = self._shapes(ctx)
        return {"out": _everyone(rows), "rejects": _everyone(rejects)}

    def follows(self, rows: Mapping[str, int], ctx: Context | None = None) -> Collection[str]:
        return [port for port, count in rows.items() if port != "rejects" or count]

    # --- Names -----------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return str(self.settings.get("file") or "")

    def reading(self, ctx: Context) -> tuple[str, Spec, str]:
        """The file, how it is read, and the folder of what comes of it."""
        if not self._name:
            raise ActivityError(_("Choose a file."))
        if self._name not in ctx.files:
            names = ", ".join(sorted(ctx.files)) or _("none")
            sentence = _("The campaign has no file “{name}”; it has: {names}. Upload it in the node's settings.")
            raise ActivityError(sentence.format(name=self._name, names=names))
        path, spec = ctx.files[self._name], self._spec(ctx)
        return path, spec, flatfile.folder(f"files/{ctx.campaign or 'none'}", path, spec)

    def _spec(self, ctx: Context) -> Spec:
        columns = [column for column in self.items("columns") if column.get("name") or column.get("source")]
        wanted = tuple(treatment(column) for column in columns if not column.get("ignore"))
        encoding = str(self.settings.get("encoding") or "utf-8")
        return Spec(layout(self.settings, columns), wanted, encoding, zone(self.settings, ctx.timezone))

    def _shapes(self, ctx: Context) -> tuple[DatasetShape, DatasetShape]:
        """The rows and the rejects as datasets of this canvas."""
        path, spec, folder = self.reading(ctx)
        columns = shape_of(list(spec.columns) or flatfile.described(path, spec, folder))
        rows, rejects, _facts = flatfile.paths(folder)
        labels = {
            name: ColumnShape(name, str(REJECT_LABELS[name]), type, name == "record")
            for name, type in flatfile.REJECTS.items()
        }
        slug = f"file:{ctx.node}"
        return (
            DatasetShape(slug, _("Rows of {name}").format(name=self._name), (next(iter(columns)),), columns, path=rows),
            DatasetShape(
                f"{slug}:rejects", _("Rejects of {name}").format(name=self._name), ("line",), labels, path=rejects
            ),
        )


def _everyone(shape: DatasetShape) -> Population:
    table = ibis.table(shape.schema, name=shape.path)
    return Population(table.select(*shape.key), shape.slug, shape.key)
