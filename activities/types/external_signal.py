"""External signal: the population waits until another campaign or a program calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import times, variables
from activities.base import Gate, Port
from activities.catalogue import register
from activities.columns import nobody
from activities.forms import SettingsForm
from activities.populations import Context, Inputs, Population
from activities.rows import PartField


class SignalForm(SettingsForm):
    needs_audience = False
    parameters = variables.VariablesField(
        variables.ParameterForm,
        row=gettext_lazy("Parameter"),
        at_least=0,
        label=gettext_lazy("Parameters"),
        help_text=gettext_lazy("What the signal brings: variables for everything that comes after this node."),
        required=False,
    )
    expiry = PartField(
        times.ExpiryForm,
        switch="type",
        label=gettext_lazy("Time limit"),
        help_text=gettext_lazy("Without one it waits until the signal comes or the run is stopped."),
        required=False,
    )


@register
class ExternalSignal(Gate):
    key = "external_signal"
    label = gettext_lazy("External signal")
    group = "flow"
    position = 70
    icon = "sensors"
    help = gettext_lazy("Waits until the end of another campaign, a person or a program sends this campaign a signal.")
    form_class = SignalForm
    inputs = (Port("in", required=False),)
    waits_for = "signal"

    def outputs(self) -> tuple[Port, ...]:
        late = (Port(self.expiry, _("Expired")),) if self._limit else ()
        return (Port("out", _("Signal") if late else ""), *late)

    @property
    def _limit(self) -> Mapping[str, Any] | None:
        limit = self.settings.get("expiry")
        return limit if isinstance(limit, Mapping) and limit.get("type") else None

    def summary(self, ctx: Context | None = None) -> str:
        names = [str(row["name"]) for row in self.items("parameters") if row.get("name")]
        if not names:
            return _("Waits for a signal")
        return _("Waits for a signal with {names}").format(names=", ".join(f"${name}" for name in names))

    def declares(self) -> Mapping[str, Any]:
        return variables.tests(self.settings.get("parameters"))

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        arrived = inputs.many()
        population = arrived[0] if arrived else Population(nobody(), "", ("start",))
        return {port.name: population for port in self.outputs()}

    def follows(self, rows: Mapping[str, int], ctx: Context | None = None) -> Collection[str]:
        return [self.expiry] if ctx and ctx.answer == self.expiry and self._limit else ["out"]

    def opens_at(self, ctx: Context, arrived: datetime) -> datetime | None:
        return times.expiry(self._limit, ctx.timezone, arrived)

    def assumed(self, ctx: Context) -> str:
        if self.expiry in self.follows({}, ctx):
            return _("Assumed: no signal comes in time.")
        if self.items("parameters"):
            return _("Assumed: the signal comes, with the test values.")
        return _("Assumed: the signal comes.")

    def tried(self) -> str:
        if self.items("parameters"):
            return _("A test does not wait for the signal and takes the test values.")
        return _("A test does not wait for the signal.")
