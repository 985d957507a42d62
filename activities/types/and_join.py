"""And-join: waits for every path that leads to it, then goes on with the rows of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.base import Activity, Loss, Port
from activities.catalogue import register
from activities.columns import nobody
from activities.fields import InboundField
from activities.forms import SettingsForm
from activities.populations import Context, Inputs, Population


class AndJoinForm(SettingsForm):
    needs_audience = False
    primary = InboundField(
        label=gettext_lazy("Primary set"),
        blank=gettext_lazy("The first that arrives, in the order of connection"),
        help_text=gettext_lazy(
            "Whose rows go on; those of the others stop here. A path that is not taken does not hold the others up."
        ),
        required=False,
    )


@register
class AndJoin(Activity):
    key = "and_join"
    label = gettext_lazy("And-join")
    group = "flow"
    position = 20
    icon = "merge"
    help = gettext_lazy("Goes on once, when every path that leads here is done; the rows of the primary set go on.")
    form_class = AndJoinForm
    inputs = (Port("in", many=True),)

    def summary(self, ctx: Context | None = None) -> str:
        return _("When all paths are done")

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        arrived = inputs.many()
        if not any(population.dimension for population in arrived):
            inputs.one()  # refuses when nothing is connected
            return {"out": Population(nobody(), "", ("start",))}
        return {"out": _primary(inputs, self.settings["primary"])[0]}

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        if any(population.dimension for population in inputs.many()):
            for other in _primary(inputs, self.settings["primary"])[1]:
                if other.dimension:
                    yield Loss(_("of a set that is not the primary one"), other.table)


def _primary(inputs: Inputs, named: Mapping[str, str] | None) -> tuple[Population, list[Population]]:
    """The set that goes on, and the others; by default the first that has a dimension."""
    if named:
        return inputs.primary(named)
    arrived = inputs.many()
    first = next(population for population in arrived if population.dimension)
    return first, [population for population in arrived if population is not first]
