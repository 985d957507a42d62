"""Change dimension: from rows of one dataset to the rows that a link leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from ibis.expr.types import Table

from activities import columns, sets, ways
from activities.base import Activity, Loss, Port
from activities.cases import Case
from activities.catalogue import register
from activities.fields import REDRAW, ScopedChoiceField
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from orchcamp.datasets import engine
from orchcamp.datasets.rules.verdicts import Verdict, fact
from orchcamp.datasets.schema import Step

LOT = "lot_of_row"  # a made-up column; it never leaves the node


class ReachableField(ScopedChoiceField):
    """A dataset that links lead to from the rows that arrive."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        if not scope.dimension:
            return None
        ends = dict.fromkeys(steps[-1].target for _path, steps in ways.offered(scope.model, scope.dimension))
        ends |= {s.target: None for s in scope.model.dataset(scope.dimension).steps.values()}
        return [(slug, scope.model.dataset(slug).label) for slug in ends]

    def refusal(self, value: str, names: list[str]) -> str:
        sentence = _("No link leads to “{value}” from the rows that arrive; links lead to: {names}.")
        return sentence.format(value=value, names=", ".join(names) or _("none"))


class WayField(ScopedChoiceField):
    """A way over links that begins at the rows that arrive: any path of links is one, the shortest are offered."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        if not scope.dimension:
            return None
        return [(path, ways.words(scope.model, steps)) for path, steps in ways.offered(scope.model, scope.dimension)]

    def validate(self, value: str) -> None:
        forms.Field.validate(self, value)
        if value and self.scope.dimension:
            try:
                ways.steps_of(value, self.scope.dimension, self.scope.model)
            except ActivityError as error:
                raise forms.ValidationError(str(error), code="gone") from None


class ChangeDimensionForm(SettingsForm):
    dimension = ReachableField(
        label=gettext_lazy("New dimension"),
        help_text=gettext_lazy("What one row stands for from here on; links must lead to it."),
        error_messages={"required": gettext_lazy("Choose the new dimension.")},
        widget=forms.Select(attrs=REDRAW),
    )
    link = WayField(
        label=gettext_lazy("Over which links"),
        blank=gettext_lazy("The shortest way"),
        help_text=gettext_lazy("Needed where several ways of one length lead there. Each step may lead to many rows."),
        required=False,
    )
    complement = forms.BooleanField(
        label=gettext_lazy("Keep rows without counterpart"),
        help_text=gettext_lazy(
            "A second transition, of the dimension they came with; otherwise they are counted as lost rows."
        ),
        required=False,
    )


@register
class ChangeDimension(Activity):
    key = "change_dimension"
    label = gettext_lazy("Change dimension")
    group = "targeting"
    position = 60
    icon = "swap_horiz"
    help = gettext_lazy("Goes on with the rows that links lead to, each once: from people to their contracts, or back.")
    form_class = ChangeDimensionForm

    def outputs(self) -> tuple[Port, ...]:
        rest = (Port("complement", _("Without counterpart")),) if self.settings.get("complement") else ()
        return (Port("out"), *rest)

    def summary(self, ctx: Context | None = None) -> str:
        slug, link = self.settings.get("dimension"), self.settings.get("link")
        if not isinstance(slug, str) or not slug:
            return _("No new dimension yet")
        label = ctx.model.datasets[slug].label if ctx and slug in ctx.model.datasets else slug
        if not isinstance(link, str) or not link:
            return _("To {dimension}").format(dimension=label)
        return _("To {dimension} over {link}").format(dimension=label, link=link.replace(".", " › "))

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        people, slug = inputs.audience(), self.settings["dimension"]
        if not slug:
            raise ActivityError(_("Choose the new dimension."))
        led = self._led(people, slug, ctx)
        parts = {"out": _each_once(led, people, slug, ctx)}
        if self.settings["complement"]:
            parts["complement"] = people.with_table(self._without_counterpart(people, led))
        return parts

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        if not self.settings["complement"]:
            people, slug = inputs.audience(), self.settings["dimension"]
            sentence = _("no counterpart among {dimension}").format(dimension=ctx.model.dataset(slug).label)
            yield Loss(sentence, self._without_counterpart(people, self._led(people, slug, ctx)))

    def _without_counterpart(self, people: Population, led: Table) -> Table:
        return people.table.anti_join(led.select(*people.key), list(people.key))

    def explain(self, case: Case) -> Iterable[Verdict]:
        people, slug = case.inputs.audience(), self.settings["dimension"]
        led = self._led(case.only(people), slug, case.ctx)
        label = case.ctx.model.dataset(slug).label
        rows = engine.count(led.select(*(ways.THERE + name for name in case.ctx.model.dataset(slug).key)).distinct())
        sentence = ngettext("Leads to {n} row of {dimension}", "Leads to {n} rows of {dimension}", rows)
        yield fact(sentence.format(n=f"{rows:,}", dimension=label), rows > 0)

    def _led(self, people: Population, slug: str, ctx: Context) -> Table:
        """What arrives, once for each row of the new dimension that it leads to, whose key is ``there_…``."""
        steps = self._steps(people, slug, ctx)
        rows = columns.seen(ctx, people, steps[0].source_columns)
        carried = dict.fromkeys([*people.table.columns, *steps[0].source_columns])
        return ways.followed(rows.select(*carried), steps, ctx.model, ctx.model.dataset(slug).key)

    def _steps(self, people: Population, slug: str, ctx: Context) -> tuple[Step, ...]:
        path = self.settings["link"] or ways.only(ctx.model, people.dimension, slug)
        steps = ways.steps_of(path, people.dimension, ctx.model)
        if steps[-1].target != slug:
            sentence = _("The way “{path}” leads to {end}, not to {dimension}; choose another.")
            labels = {"end": ctx.model.dataset(steps[-1].target).label, "dimension": ctx.model.dataset(slug).label}
            raise ActivityError(sentence.format(path=path, **labels))
        return steps


def _each_once(led: Table, people: Population, slug: str, ctx: Context) -> Population:
    """Each row of the new dimension once, with what nodes added to the first row, by lot, that led to it.

    An added column gives way to one of the new dimension that bears its name.
    """
    shape = ctx.model.dataset(slug)
    key = {name: led[ways.THERE + name] for name in shape.key}
    extras = [name for name in people.extras if name not in shape.columns]
    if not extras:
        return Population(led.select(**key).distinct(), slug, shape.key)
    drawn = led.select(
        **key,
        **{name: led[name] for name in extras},
        **{LOT: columns.draw(led, people.identity, ctx.seed)},
        **{f"{LOT}_{place}": led[name] for place, name in enumerate(people.identity)},
    )
    order = [LOT, *(f"{LOT}_{place}" for place in range(len(people.identity)))]
    return Population(sets.once(drawn, shape.key, order).select(*shape.key, *extras), slug, shape.key)
