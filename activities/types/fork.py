"""Fork: the same population goes several ways at once."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.base import Activity, Port
from activities.catalogue import register
from activities.columns import nobody
from activities.fields import CodeField, TextField
from activities.forms import SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import RowsField


class TransitionForm(SettingsForm):
    label = TextField(
        label=gettext_lazy("Label"),
        max_length=80,
        help_text=gettext_lazy("Names the transition; the code does if this is empty."),
        required=False,
    )
    code = CodeField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("Names this way out. With another code, what follows here has to be connected again."),
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        free = next(n for n in range(1, 1000) if f"branch_{n}" not in codes)
        return {"code": f"branch_{free}", "label": _("Branch {n}").format(n=free)}

    def clean(self) -> dict[str, str]:
        cleaned = super().clean()
        if not cleaned.get("label"):
            cleaned["label"] = cleaned.get("code", "")
        return cleaned


def two_branches() -> list[dict[str, str]]:
    """What a new fork begins with."""
    return [TransitionForm.new_row([]), TransitionForm.new_row(["branch_1"])]


class ForkForm(SettingsForm):
    needs_audience = False
    transitions = RowsField(
        TransitionForm,
        row=gettext_lazy("Transition"),
        at_least=2,
        initial=two_branches,
        label=gettext_lazy("Transitions"),
        help_text=gettext_lazy("Every one carries all rows that arrive."),
    )


@register
class Fork(Activity):
    key = "fork"
    label = gettext_lazy("Fork")
    group = "flow"
    position = 10
    icon = "fork_right"
    help = gettext_lazy("Sends the same population several ways; at the start it begins several branches.")
    form_class = ForkForm
    inputs = (Port("in", required=False),)

    def outputs(self) -> tuple[Port, ...]:
        return self.codes("transitions")

    def summary(self, ctx: Context | None = None) -> str:
        return " · ".join(port.label for port in self.outputs()) or _("No transitions yet")

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        if not self.outputs():
            raise ActivityError(_("Add at least two transitions."))
        arrived = inputs.many()
        population = arrived[0] if arrived else Population(nobody(), "", ("start",))
        return {port.name: population for port in self.outputs()}
