"""The rule builder that a request is about."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from orchcamp.accounts.access import demand
from orchcamp.web.errors import Refused

from .. import engine, predefined, reading, rules, schema
from ..models import Dataset
from ..rules import asking, editing, forms, reuse, tree
from ..rules.inputs import Inputs

RULES = "datasets/rules"
PLACE = re.compile(r"[A-Za-z][\w-]{0,200}")  # the id where a refusal is said


@dataclass
class Desk:
    """One builder as a request brings it: its tree, and what the tree is about."""

    name: str
    ctx: rules.RuleContext
    dataset: str
    dimension_field: str
    scope: str
    root: tree.Tree
    rows: str = ""  # lake path of the rows that arrived last time
    builder_id: str = ""

    @property
    def key(self) -> str:
        return self.name.replace(":", "_").replace(".", "_")

    def builder(
        self, *, focus: str | None = None, error: rules.RuleError | None = None, notice: str = ""
    ) -> dict[str, Any]:
        return forms.builder(
            self.name,
            self.root,
            self.dataset,
            self.ctx,
            self.scope,
            error=error,
            focus=focus,
            dimension_field=self.dimension_field,
            notice=notice,
            builder_id=self.builder_id,
        )

    def shape(self, path: str) -> schema.DatasetShape | None:
        """The dataset that the items of the group at a path are about."""
        return editing.shape_at(self.root, path, self.dataset, self.ctx)

    @property
    def arrived(self) -> bool:
        """Whether the rows that arrive are known, from the last run."""
        return bool(self.rows) and engine.exists(self.rows)

    def kept(self, root: tree.Tree | None = None) -> Table:
        """The rows that the rule keeps: of those that arrived, else of the whole dataset. Raises Refused."""
        asked = tree.plain(self.root if root is None else root)
        table = arriving(self.ctx, self.dataset, self.rows)
        if self.arrived or not self.ctx.columns:
            return rules.keep(table, asked, self.dataset, self.ctx)
        try:
            return rules.keep(table, asked, self.dataset, replace(self.ctx, columns={}))
        except rules.RuleError as error:
            rules.check(asked, self.dataset, self.ctx)
            why = _("The rule uses a column that only the canvas knows; test the campaign once to count it here.")
            raise Refused(why) from error


def arriving(ctx: rules.RuleContext, dataset: str, rows: str) -> Table:
    """What arrived in the last run, with the dataset's columns as they are now; all rows where that is not known."""
    table = ctx.model.table(dataset)
    if not rows or not engine.exists(rows):
        return table
    arrived, key = engine.table(rows), ctx.model.dataset(dataset).key
    added = [name for name in arrived.columns if name not in key]
    own = table.drop(*[name for name in added if name in table.columns])
    return own.inner_join(arrived, list(key)).select(*[own[name] for name in own.columns], *[arrived[n] for n in added])


def desk(request: HttpRequest) -> Desk:
    """The builder that a request is about. Raises Refused."""
    demand(request.user, "view", Dataset)
    name = request.POST.get("name", "")
    scope = request.POST.get(f"{name}:scope", "")
    place = forms.unsealed(scope, schema.load(), timezone.now())
    inputs = Inputs(request.POST, name, place.ctx)
    builder_id = request.POST.get(f"{name}:builder", "")[:64]
    root = inputs.as_it_was() if request.POST.get("do") == "restore" else inputs.merged(place.dataset)
    reading.demand_seen(place.ctx.model, tree.plain(root))
    return Desk(name, _asking(place, root), place.dataset, place.dimension_field, scope, root, place.rows, builder_id)


def _asking(place: forms.Unsealed, root: tree.Tree) -> rules.RuleContext:
    """In a predefined filter's own rule a parameter may stand that its page does not list yet."""
    ctx = place.ctx
    if ctx.parameters is None or place.dataset not in ctx.model.datasets:
        return ctx
    found = asking.asked(tree.plain(root), place.dataset, ctx)
    new = {name: {"type": type} for name, type in found.items() if name not in ctx.parameters}
    return replace(ctx, parameters={**ctx.parameters, **reuse.stand_ins(new, ctx)})


def demand_visible(request: HttpRequest, rule: Any) -> None:
    """A filter that somebody keeps private works in a rule that uses it, but only they look into it. Raises Refused."""
    reading.demand_seen(schema.load(), tree.plain(rule), deep=True)
    if label := predefined.hidden_from(request.user, tree.plain(rule)):
        raise Refused(_("The filter “%(label)s” is private; its owner can share it.") % {"label": label})


def refused(request: HttpRequest, sentence: str, status: int = 422) -> HttpResponse:
    """Why nothing was done; the builder stays as it is."""
    response = render(request, f"{RULES}/_refusal.html", {"refusal": sentence}, status=status)
    if request.POST.get("do"):
        response["HX-Reswap"] = "beforeend"
    if PLACE.fullmatch(request.POST.get("errors", "")):
        response["HX-Retarget"], response["HX-Reswap"] = f"#{request.POST['errors']}", "innerHTML"
    return response
