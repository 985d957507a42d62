"""The form of what the signal of a campaign brings, and how often one may begin a run."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.variables import ParameterForm, VariablesField

from . import signals
from .models import Campaign

LONGEST = 31 * 24 * 3600  # seconds


class SignalForm(forms.Form):
    """The parameters of a campaign that begins by a signal, and its interval."""

    parameters = VariablesField(
        ParameterForm,
        row=gettext_lazy("Parameter"),
        at_least=0,
        label=gettext_lazy("Parameters"),
        help_text=gettext_lazy("What the signal brings: variables of the run. A test takes their test values."),
        required=False,
    )
    interval = forms.IntegerField(
        label=gettext_lazy("Interval in seconds"), required=False, min_value=0, max_value=LONGEST
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["parameters"].draft = self.editing  # a row that was only just added lacks nothing yet
        self.fields["interval"].help_text = _(
            "At least so long lies between two runs that programs or other campaigns begin; empty: %(seconds)s."
        ) % {"seconds": settings.SIGNAL_INTERVAL}

    @property
    def editing(self) -> bool:
        """Whether a row was added, moved or removed: show the form again, there is nothing to save yet."""
        return "parameters-edit" in self.data

    def schedule(self, campaign: Campaign) -> dict[str, Any]:
        """The campaign's schedule with what was filled in."""
        kept = {name: value for name, value in campaign.schedule.items() if name != "interval"}
        interval = self.cleaned_data["interval"]
        more = {} if interval is None else {"interval": interval}
        return {**kept, "parameters": self.cleaned_data["parameters"], **more}

    @staticmethod
    def of(campaign: Campaign) -> dict[str, Any]:
        """The initial values of a campaign."""
        own = campaign.schedule.get("interval") if campaign.by_signal else None
        return {"parameters": signals.parameters_of(campaign), "interval": own}
