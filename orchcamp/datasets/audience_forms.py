"""The forms of saved audiences: by rule, and from a list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import schema
from .forms import UploadForm
from .matching import Wish
from .models import Audience, AudienceVersion
from .rules.forms import Nowhere, RuleField
from .schema import DatasetShape
from .upload import Preview

PAIRS = 3  # columns that identify, at most, on one page
EVERY = [
    ("", gettext_lazy("Only when somebody asks")),
    ("1", gettext_lazy("Every hour")),
    ("6", gettext_lazy("Every six hours")),
    ("24", gettext_lazy("Every day")),
    ("168", gettext_lazy("Every week")),
]


def dataset_choices(datasets: Any) -> list[tuple[Any, Any]]:
    """Datasets with rows: those that can be targeted first."""
    known = [found for found in datasets if found.snapshot_id]
    targets = [(found.slug, found.label) for found in known if found.is_dimension]
    others = [(found.slug, found.label) for found in known if not found.is_dimension]
    return [*targets, *([(_("Other datasets"), others)] if others else [])]


class AudienceForm(forms.Form):
    """An audience by rule: what it is called, who is in it, when it is asked again."""

    label = forms.CharField(label=gettext_lazy("Label"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    dataset = forms.ChoiceField(
        label=gettext_lazy("One row is one of"), help_text=gettext_lazy("An audience keeps its dimension for good.")
    )
    rule = RuleField(
        dimension_field="dataset",
        label=gettext_lazy("Who is in it"),
        help_text=gettext_lazy("Without a condition everyone is."),
        required=False,
    )
    every = forms.ChoiceField(
        label=gettext_lazy("Refresh"),
        choices=EVERY,
        required=False,
        help_text=gettext_lazy("Asks the rule again and saves who it finds; the history is kept."),
    )
    first = forms.DateTimeField(
        label=gettext_lazy("Next refresh at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("Later ones follow from it; empty: one interval from now."),
    )

    def __init__(self, data: Any = None, *, datasets: Any, audience: Audience | None = None, dataset: str = ""):
        super().__init__(data, initial=_initial(audience, dataset), label_suffix="")
        self.audience = audience
        choices = dataset_choices(datasets)
        self.fields["dataset"].choices = choices  # type: ignore[attr-defined]
        if audience:
            self.fields["dataset"].disabled = True
            self.fields["dataset"].choices = [(audience.dataset.slug, audience.dataset.label)]  # type: ignore[attr-defined]
            if audience.origin != Audience.Origin.RULE:
                for name in ("dataset", "rule", "every", "first"):
                    del self.fields[name]
                return
        chosen = str(self["dataset"].value() or "")
        model = schema.load()
        slug = chosen if chosen in model.datasets else ""
        self.fields["rule"].scope = Nowhere(model, slug, {}, timezone.now(), settings.TIME_ZONE)  # type: ignore[attr-defined]

    def facts(self) -> dict[str, Any]:
        """What the service is told, beside the dataset."""
        cleaned = self.cleaned_data
        hours = cleaned.get("every")
        return {
            "label": cleaned["label"],
            "description": cleaned["description"],
            "rule": cleaned.get("rule") or {},
            "refresh_every": timedelta(hours=int(hours)) if hours else None,
            "first_refresh": cleaned.get("first") if hours else None,
        }


def _initial(audience: Audience | None, dataset: str) -> dict[str, Any]:
    if audience is None:
        return {"dataset": dataset}
    every = audience.refresh_every
    return {
        "label": audience.label,
        "description": audience.description,
        "dataset": audience.dataset.slug,
        "rule": audience.rule,
        "every": str(int(every.total_seconds() // 3600)) if every else "",
        "first": timezone.localtime(audience.next_refresh_at) if audience.next_refresh_at else None,
    }


class ListForm(UploadForm):
    """The first step of an uploaded list: the file, and what its rows stand for."""

    dataset = forms.ChoiceField(label=gettext_lazy("Its rows are about"))

    def __init__(self, *given: Any, datasets: Any, **options: Any):
        super().__init__(*given, label_suffix="", **options)
        self.fields["dataset"].choices = dataset_choices(datasets)  # type: ignore[attr-defined]


class ListMappingForm(forms.Form):
    """The second step: by which columns the rows are found, what is kept, and where it is saved."""

    label = forms.CharField(label=gettext_lazy("Label of the audience"), max_length=120)
    mode = forms.ChoiceField(
        label=gettext_lazy("What happens with the rows"),
        choices=[
            (AudienceVersion.Mode.OVERWRITE, gettext_lazy("Overwrite: it holds exactly these rows")),
            (AudienceVersion.Mode.APPEND, gettext_lazy("Add these rows")),
            (AudienceVersion.Mode.REMOVE, gettext_lazy("Remove these rows")),
        ],
    )
    ignore_case = forms.BooleanField(label=gettext_lazy("Ignore case"), required=False, initial=True)
    trim = forms.BooleanField(label=gettext_lazy("Ignore spaces around"), required=False, initial=True)
    keep = forms.MultipleChoiceField(
        label=gettext_lazy("Columns to keep"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Saved beside the key, to be read on canvases."),
    )

    def __init__(
        self, data: Any = None, *, preview: Preview, shape: DatasetShape, audience: Audience | None, stem: str
    ):
        super().__init__(data, initial={"label": stem.replace("_", " ").strip().capitalize()[:120]}, label_suffix="")
        self.preview, self.shape = preview, shape
        if audience:
            del self.fields["label"]
        else:
            del self.fields["mode"]
        self.fields["keep"].choices = [(name, name) for name in preview.names]  # type: ignore[attr-defined]
        guesses = self._guesses()
        for place in range(PAIRS):
            mine, theirs = guesses[place] if place < len(guesses) else ("", "")
            files = [("", "–"), *((name, name) for name in preview.names)]
            columns = [("", "–"), *((name, shown.label or name) for name, shown in shape.columns.items())]
            number = {"n": place + 1}
            self.fields[f"file_{place}"] = forms.ChoiceField(
                choices=files, initial=mine, required=False, label=_("Column %(n)d of the file") % number
            )
            self.fields[f"column_{place}"] = forms.ChoiceField(
                choices=columns, initial=theirs, required=False, label=_("Is found in, %(n)d") % number
            )

    def _guesses(self) -> list[tuple[str, str]]:
        """The key where the file has it, else the first column that both have, an address first."""
        lower = {name.lower(): name for name in self.preview.names}
        if all(name.lower() in lower for name in self.shape.key):
            return [(lower[name.lower()], name) for name in self.shape.key][:PAIRS]
        wanted = [*self.shape.target.values(), *self.shape.columns]
        return [(lower[name.lower()], name) for name in wanted if name.lower() in lower][:1]

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        return [(self[f"file_{place}"], self[f"column_{place}"]) for place in range(PAIRS)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        pairs = [(cleaned.get(f"file_{place}"), cleaned.get(f"column_{place}")) for place in range(PAIRS)]
        if any(bool(mine) != bool(theirs) for mine, theirs in pairs):
            self.add_error(None, _("A column of the file has no column to be found in, or the other way round."))
        elif not any(mine for mine, _theirs in pairs):
            self.add_error(None, _("Choose by which column the rows are found."))
        if taken := set(cleaned.get("keep") or ()) & set(self.shape.key):
            sentence = _("“%(name)s” is the name of the key: it is saved anyway.")
            self.add_error("keep", sentence % {"name": ", ".join(sorted(taken))})
        return cleaned

    def wish(self) -> Wish:
        cleaned = self.cleaned_data
        pairs = ((cleaned[f"file_{place}"], cleaned[f"column_{place}"]) for place in range(PAIRS))
        types = dict(zip(self.preview.names, self.preview.types, strict=True))
        return Wish(
            tuple((mine, theirs) for mine, theirs in pairs if mine),
            {name: types[name] for name in cleaned["keep"]},
            cleaned["ignore_case"],
            cleaned["trim"],
        )
