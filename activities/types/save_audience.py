"""Save audience: the rows that arrive, kept under a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities import columns, sets
from activities.audiences import AudienceNameField
from activities.base import Finding, Loss, Port, Work, Writer, Written
from activities.catalogue import register
from activities.fields import ColumnField, TextField, errors_field
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import RowsField
from orchcamp.datasets import audiences
from orchcamp.datasets.audiences import Rows

OPERATIONS = [
    ("create", gettext_lazy("Make a new audience; later runs overwrite it")),
    ("overwrite", gettext_lazy("Overwrite: it holds exactly these rows")),
    ("append", gettext_lazy("Add these rows")),
    ("remove", gettext_lazy("Remove these rows")),
]


class KeptColumnForm(SettingsForm):
    column = ColumnField(label=gettext_lazy("Column"), help_text=gettext_lazy("One of those that arrive."))
    name = TextField(
        label=gettext_lazy("Saved as"),
        max_length=120,
        help_text=gettext_lazy("Its name in the audience; the column's own if this is empty."),
        required=False,
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"column": "", "name": ""}

    def clean(self) -> dict[str, str]:
        cleaned = super().clean()
        cleaned["name"] = cleaned.get("name") or cleaned.get("column", "")
        return cleaned


class SaveAudienceForm(SettingsForm):
    audience = AudienceNameField(
        label=gettext_lazy("Audience"),
        max_length=80,
        help_text=gettext_lazy("Its name in rules: one that is there, or that of a new one."),
        error_messages={"required": gettext_lazy("Name the audience.")},
    )
    label = TextField(
        label=gettext_lazy("Label"),
        max_length=120,
        help_text=gettext_lazy("What people call a new audience; made from its name if this is empty."),
        required=False,
    )
    operation = forms.ChoiceField(
        label=gettext_lazy("What happens with the rows"),
        choices=OPERATIONS,
        initial="create",
        help_text=gettext_lazy("In a live run, before any message goes out; a test saves nothing."),
    )
    columns = RowsField(
        KeptColumnForm,
        row=gettext_lazy("Column"),
        at_least=0,
        label=gettext_lazy("Columns to keep"),
        help_text=gettext_lazy("Saved beside the key; when rows are added, the newest values stay."),
        required=False,
    )
    out = forms.BooleanField(
        label=gettext_lazy("Go on with these rows"),
        help_text=gettext_lazy("A transition with what arrived here; otherwise the path ends."),
        required=False,
    )
    process_errors = errors_field()


@register
class SaveAudience(Writer):
    key = "save_audience"
    label = gettext_lazy("Save audience")
    group = "targeting"
    position = 90
    icon = "bookmark_added"
    help = gettext_lazy("Keeps the rows under a name, for rules, other campaigns and export.")
    form_class = SaveAudienceForm

    def outputs(self) -> tuple[Port, ...]:
        return (Port("out"),) if self.settings.get("out") else ()

    def summary(self, ctx: Context | None = None) -> str:
        slug, operation = self.settings.get("audience"), self.settings.get("operation")
        if not isinstance(slug, str) or not slug:
            return _("No audience yet")
        shape = ctx.model.audiences.get(slug) if ctx else None
        name = shape.label if shape else self.settings.get("label") or slug
        sentences = {"append": _("Adds to “{audience}”"), "remove": _("Removes from “{audience}”")}
        return sentences.get(str(operation), _("Saves “{audience}”")).format(audience=name)

    def findings(self, scope: Scope) -> Iterable[Finding]:
        known = scope.model.audiences.get(self.settings["audience"])
        if known is None and self.settings["operation"] in {"overwrite", "append"}:
            sentence = _("There is no audience “{audience}” yet; the first live run makes it.")
            yield Finding("warning", sentence.format(audience=self.settings["audience"]))

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        people = inputs.audience()
        if people.dimension not in ctx.model.datasets or ":" in people.dimension:
            raise ActivityError(_("Rows of a file belong to no dataset; put a “Reconciliation” before this node."))
        if not self.settings["audience"]:
            raise ActivityError(_("Name the audience."))
        facts = self._facts(people, ctx)
        known = ctx.model.audiences.get(self.settings["audience"])
        if why := audiences.refusal(known, ctx.model.audiences.values(), **facts):
            raise ActivityError(why)
        self._rows(people, ctx)  # says what is wrong with the columns
        return {"out": people} if self.settings["out"] else {}

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        for loss in sets.unkeyed([inputs.audience()]):
            yield Loss(_("not saved: a reconciliation found no counterpart for them"), loss.rows)

    def write(self, work: Work) -> Written:
        rows, facts = self._rows(work.population, work.ctx), self._facts(work.population, work.ctx)
        version = audiences.save_from_campaign(
            self.settings["audience"], rows, run_key=work.run_key, source=work.source, by=work.by, **facts
        )
        sentence = ngettext("“{audience}” holds {n} row now.", "“{audience}” holds {n} rows now.", version.rows)
        return Written(sentence.format(audience=version.audience.label, n=f"{version.rows:,}"))

    def rehearse(self, work: Work) -> Written:
        rows, facts = self._rows(work.population, work.ctx), self._facts(work.population, work.ctx)
        label, held = audiences.would_hold(self.settings["audience"], rows, **facts)
        sentence = ngettext("“{audience}” would hold {n} row.", "“{audience}” would hold {n} rows.", held)
        return Written(sentence.format(audience=label, n=f"{held:,}"))

    def _facts(self, people: Population, ctx: Context) -> dict[str, Any]:
        return {
            "label": self.settings["label"] or re.sub("[-_]+", " ", self.settings["audience"]).strip().capitalize(),
            "dimension": people.dimension,
            "maker": f"{ctx.campaign}/{ctx.node}",
            "mode": self.settings["operation"],
        }

    def _rows(self, people: Population, ctx: Context) -> Rows:
        """What is saved: the key and the chosen columns under their names; rows without key cannot be in an audience.

        Raises ActivityError.
        """
        people, chosen = sets.keyed(people), dict[str, str]()
        for item in self.settings["columns"]:
            if not item["column"]:
                continue
            if item["name"] in chosen or item["name"] in people.key:
                raise ActivityError(_("Two columns would be called “{name}”; rename one.").format(name=item["name"]))
            chosen[item["name"]] = item["column"]
        table = people.table if set(chosen.values()) <= set(people.table.columns) else ctx.wide(people)
        if absent := [column for column in chosen.values() if column not in table.columns]:
            raise ActivityError(_("Column “{name}” does not arrive here any more.").format(name=absent[0]))
        kept = {name: table[column] for name, column in chosen.items()}
        personal = tuple(name for name, column in chosen.items() if _is_personal(column, people, ctx))
        return Rows(table.select(*people.key, **kept), personal)


def _is_personal(column: str, people: Population, ctx: Context) -> bool:
    """Whether a column is personal in its dataset, or one that nodes added and that may be."""
    known = {**ctx.model.dataset(people.dimension).columns, **columns.shapes(people)}
    return known[column].personal
