"""Links that an enrichment makes: rows of a dataset, or of another set that arrives, tied to a population's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from ibis.expr.types import Table

from orchcamp.datasets.schema import ColumnShape, DatasetShape

from . import columns, matching, sets
from .links import PREFIX
from .populations import ActivityError, Context, Inputs, Linked, Population
from .ways import THERE

TIED = "tied_to_"  # before the population's key among the linked rows
ONE, MAYBE, MANY = "one", "zero_or_one", "many"


@dataclass(frozen=True)
class Link:
    """One link as it stands in the settings, for a population."""

    settings: Mapping[str, Any]
    people: Population
    inputs: Inputs
    ctx: Context

    @property
    def name(self) -> str:
        return str(self.settings["name"])

    @property
    def keeps_all(self) -> bool:
        """Whether rows without counterpart stay."""
        return bool(self.settings["relation"] != ONE)

    @cached_property
    def other(self) -> Population | None:
        """The set whose rows are linked; None where it is a dataset, or the way of the set was not taken."""
        named = self.settings["set"]
        place = self.inputs.place(named["node"], named["port"]) if named else None
        return None if place is None else self.inputs.many()[place]

    @cached_property
    def far(self) -> tuple[Table, DatasetShape]:
        """The rows that are linked, and what they look like."""
        model = self.ctx.model
        if slug := self.settings["dataset"]:
            return columns.given(model.table(slug), model.dataset(slug).key), model.dataset(slug)
        if not self.settings["set"]:
            raise ActivityError(_("Choose what the link “{name}” leads to.").format(name=self.name or "?"))
        if self.other is None or not self.other.dimension:
            raise ActivityError(_("The set that the link “{name}” leads to has no rows.").format(name=self.name))
        return self.ctx.wide(self.other), model.dataset(self.other.dimension)

    @cached_property
    def met(self) -> Table:
        """Each row that arrives with each that it is tied to, whose columns are ``there_…``."""
        self._demand_name()
        pairs = matching.pairs_of(self.settings["pairs"])
        wide = bool(self.settings["condition"])
        rows = self.ctx.wide(self.people) if wide else columns.seen(self.ctx, self.people, [p for p, _far in pairs])
        return matching.paired(rows, self.far[0], pairs, self.settings["condition"], self.people, self.ctx)

    def _demand_name(self) -> None:
        taken = self.ctx.model.dataset(self.people.dimension).steps
        if not self.name or self.name in taken:
            sentence = _("Give the link a name of its own; “{name}” is empty or a link of the dimension.")
            raise ActivityError(sentence.format(name=self.name))

    @property
    def _far_key(self) -> list[str]:
        return [THERE + name for name in self.far[1].key]

    def linked(self) -> Linked:
        """The rows at the end of the link, for rules and expressions behind."""
        table, shape = self.far
        met = self.met
        if self.settings["relation"] != MANY:
            met = sets.once(met, self.people.identity, self._far_key)
        tied = tuple(TIED + name for name in self.people.key)
        kept = met.select(
            **{new: met[old] for new, old in zip(tied, self.people.key, strict=True)},
            **{name: met[THERE + name] for name in table.columns},
        )
        to_one = self.settings["relation"] != MANY
        types = kept.schema()
        shapes = {name: shape.columns.get(name) or ColumnShape(name, name, "") for name in table.columns}
        shapes |= {name: ColumnShape(name, name.replace("_", " "), "") for name in tied}
        shapes = {
            name: ColumnShape(name, column.label, columns.type_of(types[name]), column.personal, column.values)
            for name, column in shapes.items()
        }
        label = self.name.replace("_", " ").capitalize()
        key = tied if to_one else (*tied, *shape.key)
        seen = DatasetShape(PREFIX + self.name, label, key, shapes, steps=shape.steps)
        return Linked(kept, seen, self.people.key, tied, to_one)
