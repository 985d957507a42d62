"""Read audience: the rows that were saved under a name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from ibis.expr.types import Table

from activities.audiences import AudienceColumnsField, AudienceField
from activities.base import Activity, Finding, Loss, Port
from activities.catalogue import register
from activities.fields import errors_field
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from orchcamp.datasets.schema import AudienceShape


class ReadAudienceForm(SettingsForm):
    needs_audience = False
    audience = AudienceField(
        label=gettext_lazy("Audience"),
        help_text=gettext_lazy("Its rows as they were saved last, at the moment the run begins."),
        error_messages={"required": gettext_lazy("Choose a saved audience.")},
    )
    columns = AudienceColumnsField(
        label=gettext_lazy("Columns to carry along"),
        help_text=gettext_lazy("Those that were saved with the audience; after another choice above, save to see its."),
        required=False,
    )
    keep_empty = forms.BooleanField(
        label=gettext_lazy("Go on when nobody is in it"),
        help_text=gettext_lazy("Otherwise an empty audience ends its path here."),
        required=False,
    )
    process_errors = errors_field()

    def _scope_of(self, bound: forms.Field) -> Scope:
        if isinstance(bound, AudienceColumnsField):
            return bound.scope_of(self["audience"].value(), self.scope)
        return super()._scope_of(bound)


@register
class ReadAudience(Activity):
    key = "read_audience"
    label = gettext_lazy("Read audience")
    group = "data"
    position = 20
    icon = "group"
    help = gettext_lazy("Begins with the rows of a saved audience; what arrives before it only gives the order.")
    form_class = ReadAudienceForm
    inputs = (Port("in", required=False),)

    def summary(self, ctx: Context | None = None) -> str:
        slug = self.settings.get("audience")
        if not isinstance(slug, str) or not slug:
            return _("No audience yet")
        shape = ctx.model.audiences.get(slug) if ctx else None
        if shape is None:
            return slug
        if shape.hidden:
            return _("Reads {audience}").format(audience=shape.label)
        if shape.version is None:
            return _("{audience}: nothing saved yet").format(audience=shape.label)
        rows = ngettext("{n} row", "{n} rows", shape.rows).format(n=f"{shape.rows:,}")
        return _("{audience}: {rows}").format(audience=shape.label, rows=rows)

    def findings(self, scope: Scope) -> Iterable[Finding]:
        shape = scope.model.audiences.get(self.settings["audience"])
        if shape and shape.version is None:
            sentence = _(
                "Nothing was saved in “{audience}” yet, so it has no rows; refresh it, or run the campaign that saves it."
            )
            yield Finding("warning", sentence.format(audience=shape.label))

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        shape = self._shape(ctx)
        dataset, columns = ctx.model.dataset(shape.dataset), self.settings["columns"]
        if absent := [name for name in columns if name not in shape.columns]:
            sentence = _("The audience “{audience}” has no column “{name}” any more; choose again.")
            raise ActivityError(sentence.format(audience=shape.label, name=absent[0]))
        here = ctx.model.audience_table(shape.slug).semi_join(self._keys(shape, ctx), list(dataset.key))
        return {"out": Population(here.select(*dataset.key, *columns), dataset.slug, dataset.key)}

    def _shape(self, ctx: Context) -> AudienceShape:
        if not self.settings["audience"]:
            raise ActivityError(_("Choose a saved audience."))
        return ctx.model.audience(self.settings["audience"])

    def _keys(self, shape: AudienceShape, ctx: Context) -> Table:
        return ctx.everyone(shape.dataset).table

    def follows(self, rows: Mapping[str, int], ctx: Context | None = None) -> Collection[str]:
        return list(rows) if self.settings.get("keep_empty") else [port for port, count in rows.items() if count]

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        shape = self._shape(ctx)
        dataset = ctx.model.dataset(shape.dataset)
        gone = ctx.model.audience_table(shape.slug).anti_join(self._keys(shape, ctx), list(dataset.key))
        yield Loss(_("saved, but no longer in {dataset}").format(dataset=dataset.label), gone)
