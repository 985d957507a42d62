"""End: closes a path, so that the canvas says it is meant to stop there; it may call another campaign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import variables, wording
from activities.base import Call, Finding, Port, Work, Writer, Written
from activities.catalogue import register
from activities.fields import OfferedField, ScopedChoiceField
from activities.forms import Scope, SettingsForm
from activities.populations import Context, Inputs, Population
from activities.rows import PartField


class VariableField(ScopedChoiceField):
    """One of the variables that are known at the node."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]]:
        return [(name, f"${name}") for name in sorted(scope.variables)]

    def refusal(self, value: str, names: list[str]) -> str:
        sentence = _("There is no variable “{value}”; there are: {names}.")
        return sentence.format(value=value, names=", ".join(names) or _("none"))


class CampaignField(OfferedField):
    """Another campaign; a draft may name one that is still to be made."""

    draft = False

    def __init__(self, **options: Any):
        super().__init__("campaigns", **options)

    def validate(self, value: str) -> None:
        if not self.draft:
            super().validate(value)


class SentForm(SettingsForm):
    needs_audience = False
    name = variables.NameField(
        label=gettext_lazy("Parameter"), help_text=gettext_lazy("As the other campaign declares it."), max_length=60
    )
    variable = VariableField(
        label=gettext_lazy("Variable"),
        blank=gettext_lazy("The value below"),
        help_text=gettext_lazy("Pass on a variable of this campaign."),
        required=False,
    )
    value = variables.ValueField(
        label=gettext_lazy("Value"),
        help_text=gettext_lazy("May hold {{ rows }}, {{ date }} and {{ variables.name }}."),
        required=False,
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"name": "", "variable": "", "value": ""}


class CallForm(SettingsForm):
    needs_audience = False
    campaign = CampaignField(
        label=gettext_lazy("Campaign"),
        blank=gettext_lazy("None"),
        help_text=gettext_lazy(
            "It must be live when the signal is sent, and either begin by a signal or wait for one; else this node fails."
        ),
        required=False,
    )
    parameters = variables.VariablesField(
        SentForm,
        row=gettext_lazy("Parameter"),
        at_least=0,
        label=gettext_lazy("Parameters"),
        help_text=gettext_lazy("What the signal brings along."),
        required=False,
    )


class EndForm(SettingsForm):
    needs_audience = False
    signal = PartField(
        CallForm,
        switch="campaign",
        label=gettext_lazy("Send a signal"),
        help_text=gettext_lazy("Sets another campaign going when a live run comes here, once a run."),
        required=False,
    )


@register
class End(Writer):
    key = "end"
    label = gettext_lazy("End")
    group = "flow"
    position = 90
    icon = "flag"
    help = gettext_lazy("Marks where a path is meant to stop, and may send another campaign a signal.")
    form_class = EndForm
    runs_in_test = True
    holds_back = False

    def outputs(self) -> tuple[Port, ...]:
        return ()

    @property
    def _call(self) -> Mapping[str, Any]:
        call = self.settings.get("signal")
        return call if isinstance(call, Mapping) and call.get("campaign") else {}

    def summary(self, ctx: Context | None = None) -> str:
        return _("Signal to {campaign}").format(campaign=self._call["campaign"]) if self._call else ""

    def findings(self, scope: Scope) -> Iterable[Finding]:
        for row in self._call.get("parameters", []):
            if not row["variable"] and isinstance(row["value"], str):
                yield from (
                    Finding("error", f"{row['name']}: {said}") for said in wording.problems(row["value"], scope)
                )

    @property
    def left_out(self) -> str:
        return _("No signal is sent in a test.") if self._call else ""

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        inputs.one()
        return {}

    def write(self, work: Work) -> Written:
        if not self._call:
            return Written()
        return Written(signals=(Call(self._call["campaign"], self._parameters(work)),))

    def rehearse(self, work: Work) -> Written:
        if not self._call:
            return Written()
        told = ", ".join(f"{name} = {variables.shown(value)}" for name, value in self._parameters(work).items())
        sentence = (
            _("Would send “{campaign}” a signal ({parameters}).") if told else _("Would send “{campaign}” a signal.")
        )
        return Written(sentence.format(campaign=self._call["campaign"], parameters=told))

    def _parameters(self, work: Work) -> dict[str, Any]:
        return {row["name"]: self._value(row, work) for row in self._call["parameters"]}

    def _value(self, row: Mapping[str, Any], work: Work) -> Any:
        if row["variable"]:
            return work.ctx.variables.get(row["variable"], "")
        value = row["value"]
        return wording.render(value, work.ctx, rows=work.rows) if isinstance(value, str) else value
