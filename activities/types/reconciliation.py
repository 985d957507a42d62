"""Reconciliation: rows of a file, or of another dimension, tied to the rows of a dimension."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ibis.expr.types import Table

from activities import columns, matching, sets
from activities.base import Activity, Finding, Loss, Port
from activities.catalogue import register
from activities.fields import REDRAW, DimensionField, errors_field
from activities.forms import Scope, SettingsForm
from activities.matching import ConditionField, PairForm
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import RowsField
from activities.ways import THERE
from orchcamp.datasets import rules
from orchcamp.datasets.rules.forms import RuleField
from orchcamp.datasets.schema import DatasetShape

FILE = "file:"  # before the slug of a file's rows: all their columns go along
MINE = "former_"  # before a key of the former dimension whose name the new one has too


class ReconciliationForm(SettingsForm):
    template = "activities/reconciliation.html"
    dimension = DimensionField(
        label=gettext_lazy("New targeting dimension"),
        help_text=gettext_lazy("Whose rows those that arrive are tied to; no row of it is made."),
        error_messages={"required": gettext_lazy("Choose the new targeting dimension.")},
        widget=forms.Select(attrs=REDRAW),
    )
    pairs = RowsField(
        PairForm,
        row=gettext_lazy("Pair"),
        at_least=0,
        label=gettext_lazy("Rows belong together when"),
        help_text=gettext_lazy("All pairs must hold. Of several rows that fit, the first by its key is taken."),
        required=False,
    )
    ignore_case = forms.BooleanField(
        label=gettext_lazy("Ignore case"),
        help_text=gettext_lazy("ANN@example.org is ann@example.org."),
        required=False,
    )
    trim = forms.BooleanField(
        label=gettext_lazy("Ignore spaces around texts"),
        help_text=gettext_lazy("Files often carry some."),
        required=False,
    )
    condition = ConditionField(
        label=gettext_lazy("And when (advanced)"),
        help_text=gettext_lazy(
            "A condition over both rows, as an expression; columns of the new dimension are called there_…, "
            "such as Left([name], 3) = Left([there_name], 3)."
        ),
    )
    filter = RuleField(
        dimension_field="dimension",
        label=gettext_lazy("Only rows of the new dimension where"),
        help_text=gettext_lazy("Others are no counterpart."),
        required=False,
    )
    keep_unreconciled = forms.BooleanField(
        label=gettext_lazy("Keep rows without counterpart"),
        help_text=gettext_lazy(
            "They go on with an empty key; channels leave them out with the reason “no counterpart”. "
            "With a transition of their own they leave through that instead."
        ),
        initial=True,
        required=False,
    )
    complement = forms.BooleanField(
        label=gettext_lazy("A transition for rows without counterpart"),
        help_text=gettext_lazy("They leave through it as they came."),
        required=False,
    )
    process_errors = errors_field()

    def _scope_of(self, bound: forms.Field) -> Scope:
        if bound in (self.fields["pairs"], self.fields["condition"]):
            return self.scope.facing(str(self["dimension"].value() or ""))
        return super()._scope_of(bound)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.draft and not cleaned.get("pairs") and not cleaned.get("condition") and not self.errors:
            self.add_error("pairs", _("Add a pair of columns, or write a condition."))
        return cleaned


@dataclass(frozen=True)
class Tie:
    """How the rows that arrive are tied to rows of the new dimension."""

    people: Population
    shape: DatasetShape
    settings: Mapping[str, Any]
    ctx: Context

    @cached_property
    def mine(self) -> dict[str, str]:
        """What arrives: column → the name that it goes on under. A name of the new dimension gives way."""
        own = self.people.table.columns
        if self.people.dimension.startswith(FILE):
            own = (*own, *self.ctx.model.dataset(self.people.dimension).columns)
        taken = {name.lower() for name in self.shape.columns}  # no engine tells “Name” and “name” apart
        names = {name: name for name in dict.fromkeys(own) if name.lower() not in taken}
        names |= {n: n if n.lower() not in taken else MINE + n for n in self.people.identity}
        return names

    @cached_property
    def rows(self) -> Table:
        pairs = matching.pairs_of(self.settings["pairs"])
        wanted = [*self.mine, *(mine for mine, _far in pairs)]
        if self.settings["condition"]:
            return self.ctx.wide(self.people)
        return columns.seen(self.ctx, self.people, wanted)

    @cached_property
    def met(self) -> Table:
        """Each row that arrives with each that it fits."""
        far, rule = self.ctx.model.table(self.shape.slug), self.settings["filter"]
        if rule:
            far = rules.keep(far, rule, self.shape.slug, columns.rule_context(self.ctx))
        far = columns.given(far, self.shape.key)
        if not self.settings["condition"]:
            pairs = matching.pairs_of(self.settings["pairs"])
            far = far.select(*dict.fromkeys([*self.shape.key, *(name for _mine, name in pairs)]))
        options = {name: bool(self.settings[name]) for name in ("ignore_case", "trim")}
        pairs = matching.pairs_of(self.settings["pairs"])
        return matching.paired(self.rows, far, pairs, self.settings["condition"], self.people, self.ctx, **options)

    @property
    def key(self) -> list[str]:
        return [THERE + name for name in self.shape.key]

    @cached_property
    def tied(self) -> Table:
        """Each row that arrives once, with the first that it fits."""
        wanted = self.met.select(*self.mine, *self.key)
        return sets.once(wanted, self.people.identity, self.key)

    @cached_property
    def out(self) -> Table:
        """Each row of the new dimension once, with the first of the rows that it was tied to."""
        found = sets.once(self.tied, self.key, self.people.identity)
        return found.select(
            **{name: found[THERE + name] for name in self.shape.key},
            **{new: found[old] for old, new in self.mine.items()},
        )

    @cached_property
    def untied(self) -> Table:
        return matching.missing(self.rows, self.tied, self.people)

    def with_untied(self) -> Table:
        """What goes on, and the rows without counterpart under an empty key."""
        schema = self.out.schema()
        rest = self.untied.select(
            **{name: ibis.null(schema[name]) for name in self.shape.key},
            **{new: self.untied[old] for old, new in self.mine.items()},
        )
        return ibis.union(self.out, rest)


@register
class Reconciliation(Activity):
    key = "reconciliation"
    label = gettext_lazy("Reconciliation")
    group = "targeting"
    position = 50
    icon = "compare_arrows"
    help = gettext_lazy(
        "Ties rows of a file, or of another dimension, to the rows of a dimension: each comes out once."
    )
    form_class = ReconciliationForm

    def outputs(self) -> tuple[Port, ...]:
        rest = (Port("complement", _("Without counterpart")),) if self.settings.get("complement") else ()
        return (Port("out"), *rest)

    def summary(self, ctx: Context | None = None) -> str:
        slug = self.settings.get("dimension")
        if not isinstance(slug, str) or not slug:
            return _("No new dimension yet")
        label = ctx.model.datasets[slug].label if ctx and slug in ctx.model.datasets else slug
        pairs = [f"{row.get('source')} = {row.get('destination')}" for row in self.items("pairs")]
        if not pairs:
            return _("With {dimension}").format(dimension=label)
        return _("With {dimension}: {pairs}").format(dimension=label, pairs=", ".join(pairs))

    def findings(self, scope: Scope) -> Iterable[Finding]:
        if self.settings["condition"] and not self.settings["pairs"]:
            sentence = _(
                "Every row is held against every row of the dimension; a pair of columns makes it much faster."
            )
            yield Finding("warning", sentence)

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        tie, settings = self._tie(inputs, ctx), self.settings
        slug, key = tie.shape.slug, tie.shape.key
        if settings["complement"]:
            rest = matching.missing(tie.people.table, tie.tied, tie.people)
            return {"out": Population(tie.out, slug, key), "complement": tie.people.with_table(rest)}
        if not settings["keep_unreconciled"]:
            return {"out": Population(tie.out, slug, key)}
        apart = tuple(tie.mine[name] for name in tie.people.identity)
        return {"out": Population(tie.with_untied(), slug, key, apart=apart)}

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        tie = self._tie(inputs, ctx)
        if not self.settings["complement"] and not self.settings["keep_unreconciled"]:
            sentence = _("no counterpart among {dimension}").format(dimension=tie.shape.label)
            yield Loss(sentence, tie.untied)
        reached = columns.given(outputs["out"].table, tie.shape.key)
        yield Loss(_("tied to a counterpart that another row has already"), tie.tied, (reached,))
        if not set(tie.shape.key) <= {name for _mine, name in matching.pairs_of(self.settings["pairs"])}:
            sentence = _("had several counterparts and went on with the first by its key")
            yield Loss(sentence, matching.several(tie.met, tie.people))

    def _tie(self, inputs: Inputs, ctx: Context) -> Tie:
        people, slug = inputs.audience(), self.settings["dimension"]
        if not slug:
            raise ActivityError(_("Choose the new targeting dimension."))
        return Tie(people, ctx.model.dataset(slug), self.settings, ctx)
