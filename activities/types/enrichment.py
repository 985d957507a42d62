"""Enrichment: columns more for each row, and links that rules and expressions behind it can follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import columns, enriching, matching
from activities.base import Activity, Finding, Loss, Port
from activities.cases import Case, added
from activities.catalogue import register
from activities.enrichment_forms import DataForm, LinkForm
from activities.fields import REDRAW, InboundField, errors_field
from activities.forms import Scope, SettingsForm
from activities.linking import Link
from activities.populations import Context, Inputs, Population
from activities.rows import RowsField
from orchcamp.datasets.rules.verdicts import Verdict, fact


class EnrichmentForm(SettingsForm):
    template = "activities/enrichment.html"
    data: Any = RowsField(
        DataForm,
        row=gettext_lazy("Column"),
        at_least=0,
        label=gettext_lazy("Enrichment data"),
        help_text=gettext_lazy(
            "Each is made of what arrives; one that uses another's column goes into an enrichment behind this one."
        ),
        required=False,
    )
    links = RowsField(
        LinkForm,
        row=gettext_lazy("Link"),
        at_least=0,
        most=10,
        label=gettext_lazy("Links"),
        help_text=gettext_lazy("Ways to other rows, for the rules and expressions of the nodes behind this one."),
        required=False,
    )
    primary = InboundField(
        label=gettext_lazy("Primary set"),
        blank=gettext_lazy("The first that was connected"),
        help_text=gettext_lazy("Where several sets arrive: whose rows are enriched; links may lead to the others."),
        widget=forms.Select(attrs=REDRAW),
        required=False,
    )
    process_errors = errors_field()

    def _scope_of(self, bound: forms.Field) -> Scope:
        if bound in (self.fields["data"], self.fields["links"]):
            found = self.scope.of_set(self["primary"].value()) or self.scope
            return replace(found, sets=self.scope.sets)
        return super()._scope_of(bound)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.draft or self.errors:
            return cleaned
        shape = self.scope.model.datasets.get(self.fields["data"].scope.dimension)  # type: ignore[attr-defined]
        for sentence in dict.fromkeys(enriching.refused(cleaned["data"], shape.key if shape else ())):
            self.add_error("data", sentence)
        names = [link["name"] for link in cleaned.get("links") or ()]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.add_error("links", _("“{name}” is there twice; give each link its own name.").format(name=name))
        return cleaned


@register
class Enrichment(Activity):
    key = "enrichment"
    label = gettext_lazy("Enrichment")
    group = "targeting"
    position = 40
    icon = "add_notes"
    help = gettext_lazy("Adds columns to the rows: of their own or linked ones, computed, collected or summed up.")
    form_class = EnrichmentForm
    inputs = (Port("in", many=True, alone=True),)

    def summary(self, ctx: Context | None = None) -> str:
        names = [enriching.alias_of(item) for item in self.items("data")]
        names += [_("link {name}").format(name=link.get("name")) for link in self.items("links")]
        return ", ".join(filter(None, names)) or _("Nothing added yet")

    def findings(self, scope: Scope) -> Iterable[Finding]:
        if not self.settings["data"] and not self.settings["links"]:
            yield Finding("warning", _("Nothing is added here; add a column or a link."))
        for link in self.settings["links"]:
            if link["condition"] and not link["pairs"]:
                sentence = _(
                    "The link “{name}” holds every row against every other; add a pair of columns, which is much faster."
                )
                yield Finding("warning", sentence.format(name=link["name"]))

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        people, _others = inputs.primary(self.settings["primary"])
        links = {link.name: link for link in self._links(people, inputs, ctx)}
        for link in links.values():
            if not link.keeps_all:
                met = link.met.select(*people.identity)
                people = people.with_table(people.table.semi_join(met, list(people.identity)))
        made = {name: link.linked() for name, link in links.items()}
        people = self._with_data(people, ctx)
        return {"out": replace(people, links={**people.links, **made})}

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        people, others = inputs.primary(self.settings["primary"])
        for link in self._links(people, inputs, ctx):
            if not link.keeps_all:
                reason = _("no counterpart over the link “{name}”").format(name=link.name)
                yield Loss(reason, matching.missing(people.table, link.met, people))
            if link.settings["relation"] != "many":
                reason = _("had several counterparts over the link “{name}” and kept the first").format(name=link.name)
                yield Loss(reason, matching.several(link.met, people))
        linked = [link.other for link in self._links(people, inputs, ctx)]
        for other in others:
            if not any(other is each for each in linked):
                yield Loss(_("of a set that is not the primary one, nor linked"), other.table)

    def explain(self, case: Case) -> Iterable[Verdict]:
        people, _others = case.inputs.primary(self.settings["primary"])
        for link in self._links(people, case.inputs, case.ctx):
            met = case.first(link.met.select(*people.identity)) is not None
            sentence = (
                _("Has a counterpart over the link “{name}”") if met else _("No counterpart over the link “{name}”")
            )
            yield fact(sentence.format(name=link.name), met or (None if link.keeps_all else False))
        yield from added(case)

    def _links(self, people: Population, inputs: Inputs, ctx: Context) -> list[Link]:
        return [Link(link, people, inputs, ctx) for link in self.settings["links"]]

    def _with_data(self, people: Population, ctx: Context) -> Population:
        """The population with the columns of every item."""
        if not self.settings["data"]:
            return people
        names = [name for item in self.settings["data"] for name in enriching.names_of(item)]
        wide = ctx.wide(people)
        enriching.tell_apart(names, wide.columns)
        wide = enriching.added(wide, self.settings["data"], people, ctx)
        return columns.narrowed(wide, people, **{name: wide[name] for name in names})
