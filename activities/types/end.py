"""End: closes a path, so that the canvas says it is meant to stop there."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy

from activities.base import Activity, Context, Inputs, Population, Port
from activities.catalogue import register
from activities.forms import SettingsForm


class EndForm(SettingsForm):
    """An end has nothing to set."""

    needs_audience = False


@register
class End(Activity):
    key = "end"
    label = gettext_lazy("End")
    group = "flow"
    position = 90
    icon = "flag"
    help = gettext_lazy("Marks where a path is meant to stop; what reaches it goes no further.")
    form_class = EndForm

    def outputs(self) -> tuple[Port, ...]:
        return ()

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        inputs.one()
        return {}
