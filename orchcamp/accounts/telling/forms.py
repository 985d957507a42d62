"""The table of kinds × ways, and the hour of the digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from orchcamp.accounts.models import DigestTime
from orchcamp.accounts.notification import Mail
from orchcamp.accounts.notifying import Kind
from orchcamp.web.zones import zones

from .preferences import Ways

HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


class PreferencesForm(forms.Form):
    """How a person wants to hear of every kind; ``chosen`` is what holds now."""

    days = forms.ChoiceField(label=gettext_lazy("Written"), choices=DigestTime.Days.choices)
    hour = forms.TypedChoiceField(label=gettext_lazy("At"), choices=HOURS, coerce=int)
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), help_text=gettext_lazy("Whose clock the hour is of."))

    def __init__(self, data: Any = None, *, chosen: Mapping[str, tuple[Kind, Ways]], when: DigestTime):
        super().__init__(data, initial={"days": when.days, "hour": when.hour, "zone": when.zone})
        self.fields["zone"].choices = zones()  # type: ignore[attr-defined]
        self.chosen = chosen
        for slug, (kind, ways) in chosen.items():
            self.fields[f"bell-{slug}"] = forms.BooleanField(label=kind.label, required=False, initial=ways.bell)
            self.fields[f"mail-{slug}"] = forms.ChoiceField(label=kind.label, choices=Mail.choices, initial=ways.mail)

    def lines(self) -> Iterator[tuple[Kind, forms.BoundField, forms.BoundField]]:
        """A kind with its two fields."""
        for slug, (kind, _ways) in self.chosen.items():
            yield kind, self[f"bell-{slug}"], self[f"mail-{slug}"]

    def digest(self) -> list[forms.BoundField]:
        """The fields that say when the digest is written."""
        return [self["days"], self["hour"], self["zone"]]

    def ways(self) -> dict[str, Ways]:
        """What was chosen."""
        given = self.cleaned_data
        return {slug: Ways(given[f"bell-{slug}"], given[f"mail-{slug}"]) for slug in self.chosen}
