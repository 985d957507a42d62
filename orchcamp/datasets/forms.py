"""The forms of the upload: choose a file, then say what its columns are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .detection import KINDS
from .manifest import RESERVED, SLUG, ColumnPlan, DatasetPlan
from .models import Column, Dataset
from .upload import LARGEST, Preview

PERSONAL = ("name", "mail", "phone", "birth", "street", "address")  # what a column's name suggests


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV, TSV, JSON Lines, Parquet or XLSX, also packed as .gz, up to %(most)d MB.")
        % {"most": LARGEST // 1024 // 1024},
        widget=forms.FileInput(attrs={"accept": ",".join([*KINDS, ".gz"])}),
    )


class MappingForm(forms.Form):
    """What a file's columns become: a new dataset, or rows merged into one that is there."""

    slug = forms.CharField(label=gettext_lazy("Name in rules"), max_length=60)
    label = forms.CharField(label=gettext_lazy("Label"), max_length=120, required=False)
    version = forms.ChoiceField(
        label=gettext_lazy("Version column"),
        required=False,
        help_text=gettext_lazy("Among rows with one key, the highest version stays; without it, the last one read."),
    )
    email = forms.ChoiceField(label=gettext_lazy("Email address column"), required=False)
    sms = forms.ChoiceField(label=gettext_lazy("Phone number column"), required=False)

    def __init__(self, data: Any = None, *, preview: Preview, path: Path, dataset: Dataset | None):
        self.preview, self.path, self.dataset = preview, path, dataset
        self.known = {column.name: column for column in dataset.columns.all()} if dataset else {}
        stem = path.name.split(".")[0]
        slug = slugify(stem).replace("-", "_")[:60]
        super().__init__(data, initial={"slug": slug, "label": stem.replace("_", " ").strip().capitalize()})
        if dataset:
            for name in ("slug", "label", "version", "email", "sms"):
                del self.fields[name]
        else:
            choices = [("", _("none")), *((name, name) for name in preview.names)]
            for name in ("version", "email", "sms"):
                self.fields[name].choices = choices  # type: ignore[attr-defined]
            self.initial["email"] = next(
                (n for n in preview.names if "mail" in n.lower() and "@" in self._samples(n)), ""
            )
        for place, (name, type) in enumerate(zip(preview.names, preview.types, strict=True)):
            self._add_column(place, name, type)

    def _samples(self, name: str) -> str:
        place = self.preview.names.index(name)
        return " ".join(str(row[place]) for row in self.preview.rows)

    def _add_column(self, place: int, name: str, type: str) -> None:
        known = self.known.get(name)
        first = place == 0 and not self.dataset
        personal = known.personal if known else any(word in name.lower() for word in PERSONAL)
        fields = {
            "use": forms.BooleanField(required=False, initial=True, label=_("Load “%(name)s”") % {"name": name}),
            "name": forms.CharField(
                max_length=120, required=False, initial=name, label=_("Column for “%(name)s”") % {"name": name}
            ),
            "type": forms.ChoiceField(
                choices=Column.Type.choices,
                initial=known.type if known else type,
                disabled=known is not None,
                label=_("Type of “%(name)s”") % {"name": name},
            ),
            "key": forms.BooleanField(
                required=False,
                initial=name in self.dataset.key if self.dataset else first,
                disabled=self.dataset is not None,
                label=_("“%(name)s” is part of the key") % {"name": name},
            ),
            "personal": forms.BooleanField(
                required=False, initial=personal, label=_("“%(name)s” is personal") % {"name": name}
            ),
        }
        if self.known:
            fields["name"].widget.attrs["list"] = "known-columns"
        for part, form_field in fields.items():
            self.fields[f"{part}-{place}"] = form_field

    def columns(self) -> Iterator[dict[str, Any]]:
        """Per column of the file: its form fields and some of its values, for the template."""
        for place, name in enumerate(self.preview.names):
            cells = [row[place] for row in self.preview.rows if row[place] is not None]
            parts = {part: self[f"{part}-{place}"] for part in ("use", "name", "type", "key", "personal")}
            yield parts | {"source": name, "samples": list(dict.fromkeys(cells))[:3]}

    def general(self) -> Sequence[forms.BoundField]:
        """The fields about the dataset as a whole."""
        return [self[name] for name in ("slug", "label", "version", "email", "sms") if name in self.fields]

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"].strip()
        if not SLUG.fullmatch(slug) or slug in RESERVED:
            raise forms.ValidationError(_("Letters, digits, _ and -, beginning with a letter, as in “customers”."))
        if Dataset.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_("There is a dataset of this name; choose it above, or take another name."))
        return slug

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = self._chosen()
        names = [name.lower() for name, _place in chosen.values()]
        if not chosen:
            raise forms.ValidationError(_("Choose at least one column to load."))
        if any(not name for name in names):
            raise forms.ValidationError(_("Every column that is loaded needs a name."))
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise forms.ValidationError(_("Two columns are called “%(name)s”; rename one.") % {"name": twice[0]})
        key = self._key()
        if not key:
            raise forms.ValidationError(_("Mark at least one column as key: it tells the rows apart."))
        if self.dataset and (missing := [name for name in key if name not in [n for n, _p in chosen.values()]]):
            raise forms.ValidationError(
                _("“%(dataset)s” is keyed by %(key)s: map a column of the file to “%(missing)s”.")
                % {"dataset": self.dataset.label, "key": ", ".join(key), "missing": missing[0]}
            )
        return cleaned

    def _chosen(self) -> dict[str, tuple[str, int]]:
        """Column of the file -> (column of the dataset, place), for those that are loaded."""
        cleaned = self.cleaned_data
        return {
            name: (cleaned.get(f"name-{place}", "").strip(), place)
            for place, name in enumerate(self.preview.names)
            if cleaned.get(f"use-{place}")
        }

    def _key(self) -> list[str]:
        if self.dataset:
            return list(self.dataset.key)
        return [name for name, place in self._chosen().values() if self.cleaned_data.get(f"key-{place}")]

    def plan(self) -> DatasetPlan:
        """The load that the form describes."""
        cleaned, chosen = self.cleaned_data, self._chosen()
        columns = {
            name: ColumnPlan(
                type=self.known[name].type if name in self.known else cleaned[f"type-{place}"],
                personal=cleaned[f"personal-{place}"],
            )
            for name, place in chosen.values()
        }
        mapped = {source: name for source, (name, _place) in chosen.items()}
        common: dict[str, Any] = {"files": (self.path,), "key": tuple(self._key()), "columns": columns, "names": mapped}
        if self.dataset:
            return DatasetPlan(
                slug=self.dataset.slug, version=self.dataset.version_column, target=self.dataset.target, **common
            )
        target = {channel: mapped[cleaned[channel]] for channel in ("email", "sms") if cleaned[channel] in mapped}
        version = mapped.get(cleaned["version"], "")
        return DatasetPlan(slug=cleaned["slug"], label=cleaned["label"], version=version, target=target, **common)
