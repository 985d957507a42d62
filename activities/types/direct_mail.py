"""Direct mail: a file of addresses for the printer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities import channels
from activities.base import Channel, Finding
from activities.catalogue import register
from activities.fields import ColumnsField
from activities.forms import Scope, SettingsForm
from activities.populations import Context
from orchcamp.datasets.schema import DataModel
from orchcamp.messaging import texts


class DirectMailForm(SettingsForm):
    configuration = channels.configuration_field("direct_mail", gettext_lazy("The printer that gets the file."))
    address = ColumnsField(
        label=gettext_lazy("Address columns"),
        help_text=gettext_lazy("In the order of the lines of the address; a row where one of them is empty has none."),
        required=False,
    )
    columns = ColumnsField(
        label=gettext_lazy("Further columns"),
        help_text=gettext_lazy("What the file holds beside the key and the address."),
        required=False,
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[("csv", "CSV"), ("tsv", "TSV"), ("xlsx", "XLSX")],
        initial="csv",
        help_text=gettext_lazy("What the printer reads."),
    )
    category = channels.category_field()
    one_per_address = channels.one_per_address_field()


@register
class DirectMail(Channel):
    key = "direct_mail"
    channel = "direct_mail"
    label = gettext_lazy("Direct mail")
    group = "channel"
    position = 40
    icon = "local_post_office"
    help = gettext_lazy("Plans a letter for each row: a file of addresses for the printer; the population goes on.")
    form_class = DirectMailForm

    def summary(self, ctx: Context | None = None) -> str:
        names = [str(name) for name in self._names("address") + self._names("columns")]
        n = len(names)
        text = ngettext("{n} column, {format}", "{n} columns, {format}", n)
        return text.format(n=n, format=str(self.settings.get("format") or "csv").upper()) if n else _("No columns yet")

    def _names(self, setting: str) -> list[str]:
        value = self.settings.get(setting)
        return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []

    def message(self, variables: Mapping[str, Any]) -> texts.Texts:
        columns = frozenset(self._names("address") + self._names("columns"))
        return texts.Texts({}, self.settings.get("category") or "marketing", variables, columns)

    def address(self, model: DataModel, dimension: str) -> list[str]:
        return self._names("address") or super().address(model, dimension)

    def findings(self, scope: Scope) -> Iterable[Finding]:
        return channels.findings(self, scope)
