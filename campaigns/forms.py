"""The forms of a campaign itself: its properties, its copy, its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.variables import VariableForm, VariablesField
from orchcamp.web.zones import zones

from . import variables
from .models import Campaign, Folder

MAX_TAGS = 20
MAX_TAG = 40


class TagsField(forms.CharField):
    """Words separated by commas ↔ a list without repeats."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        text = ",".join(value) if isinstance(value, list | tuple) else super().to_python(value)
        tags: dict[str, str] = {}
        for tag in filter(None, (part.strip() for part in text.split(","))):
            tags.setdefault(tag.casefold(), tag)
        return list(tags.values())

    def validate(self, value: list[str]) -> None:  # type: ignore[override]
        super().validate(value)
        if len(value) > MAX_TAGS:
            raise forms.ValidationError(
                _("These are %(n)s tags; at most %(most)s are allowed.") % {"n": len(value), "most": MAX_TAGS}
            )
        for tag in value:
            if len(tag) > MAX_TAG:
                raise forms.ValidationError(
                    _("“%(tag)s…” is too long; a tag has at most %(most)s characters.")
                    % {"tag": tag[:20], "most": MAX_TAG}
                )

    def run_validators(self, value: Any) -> None:
        """The validators of a text do not apply to a list."""


class CampaignForm(forms.Form):
    """Name, purpose and place of a campaign; ``dimensions`` are (slug, label)."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    dimension = forms.ChoiceField(
        label=gettext_lazy("Targeting dimension"),
        help_text=gettext_lazy("Whom the campaign is about: the dataset whose rows receive the messages."),
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), help_text=gettext_lazy("In which “today” and moments of the canvas are meant.")
    )
    tags = TagsField(label=gettext_lazy("Tags"), required=False, help_text=gettext_lazy("Separated by commas."))
    folder = forms.ModelChoiceField(
        Folder.objects.none(), label=gettext_lazy("Folder"), required=False, empty_label=gettext_lazy("No folder")
    )

    variables = VariablesField(
        VariableForm,
        row=gettext_lazy("Variable"),
        at_least=0,
        label=gettext_lazy("Variables"),
        help_text=gettext_lazy(
            "Rules, expressions, tests, file names and messages read them: $name in an expression, "
            "{{ variables.name }} in a text."
        ),
        required=False,
    )

    def __init__(self, *args: Any, dimensions: Iterable[tuple[str, str]], folders: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        known = list(dimensions)
        current = self.initial.get("dimension")
        if current and current not in dict(known):
            known.append((current, _("%(slug)s (not here)") % {"slug": current}))
        self.fields["dimension"].choices = known
        self.fields["timezone"].choices = zones()
        self.fields["folder"].queryset = folders
        if not known:
            self.fields["dimension"].help_text = _(
                "No dataset has address columns yet: an administrator marks one as targeting dimension under Data."
            )

    @property
    def editing(self) -> bool:
        """Whether a row was added, moved or removed: show the form again, there is nothing to save yet."""
        return "variables-edit" in self.data

    def clean_variables(self) -> dict[str, Any]:
        return variables.values(self.cleaned_data["variables"])

    @staticmethod
    def of(campaign: Campaign) -> dict[str, Any]:
        """The initial values of a campaign that is there."""
        names = ("name", "description", "dimension", "timezone", "tags", "folder")
        known = {name: getattr(campaign, name) for name in names}
        return known | {"variables": variables.rows(campaign.variables)}


class DuplicateForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the copy"),
        max_length=120,
        help_text=gettext_lazy("Canvas, content, settings and tags are copied; runs, approvals and reports are not."),
    )


class TemplateForm(forms.Form):
    """What the gallery says of a campaign that is saved as a template."""

    name = forms.CharField(label=gettext_lazy("Name of the template"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("In a sentence"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("What a campaign that begins with it does, and for whom."),
    )


class DeleteForm(forms.Form):
    """Deleting needs the name typed."""

    typed = forms.CharField(label=gettext_lazy("Name"))

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.campaign = campaign

    def clean_typed(self) -> str:
        typed = self.cleaned_data["typed"].strip()
        if typed != self.campaign.name:
            raise forms.ValidationError(_("That is not its name; nothing was deleted."))
        return typed
