"""Push: one notification for each row that arrives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import channels
from activities.base import Channel, Finding
from activities.catalogue import register
from activities.fields import BodyField, TextField
from activities.forms import Scope, SettingsForm
from activities.populations import Context
from orchcamp.messaging import texts


class PushForm(SettingsForm):
    template = "activities/text_message.html"
    configuration = channels.configuration_field("push", gettext_lazy("The application that receives it, and consent."))
    title = TextField(
        label=gettext_lazy("Title"),
        max_length=200,
        help_text=gettext_lazy("May hold fields, such as {{ first_name }}."),
        error_messages={"required": gettext_lazy("Write a title.")},
    )
    body = BodyField(
        rows=4,
        label=gettext_lazy("Body"),
        max_length=2000,
        help_text=gettext_lazy("Most telephones show about 150 characters."),
        error_messages={"required": gettext_lazy("Write the body.")},
    )
    link = TextField(
        label=gettext_lazy("Link"),
        max_length=1000,
        help_text=gettext_lazy("What opens when it is touched: an address of the web or of the application."),
        required=False,
    )
    category = channels.category_field()
    address = channels.AddressField(
        label=gettext_lazy("Device column"),
        blank=gettext_lazy("The push column of the dimension"),
        help_text=gettext_lazy("Where the device's token of each row stands; also in a linked row."),
        required=False,
    )
    one_per_address = channels.one_per_address_field()

    @property
    def placeholders(self) -> list[dict[str, str]]:
        """The fields that the texts may hold."""
        return channels.placeholders(self)


@register
class Push(Channel):
    key = "push"
    channel = "push"
    label = gettext_lazy("Push")
    group = "channel"
    position = 30
    icon = "phone_iphone"
    help = gettext_lazy("Plans one push notification for each row; the population goes on.")
    form_class = PushForm

    def summary(self, ctx: Context | None = None) -> str:
        title = self.settings.get("title")
        return texts.sketch(title) if isinstance(title, str) and title.strip() else _("No title yet")

    def message(self, variables: Mapping[str, Any]) -> texts.Texts:
        labels = {"title": _("Title"), "body": _("Body"), "link": _("Link")}
        sources = {label: str(self.settings.get(name) or "") for name, label in labels.items()}
        return texts.Texts(sources, self.settings.get("category") or "marketing", variables)

    def findings(self, scope: Scope) -> Iterable[Finding]:
        return channels.findings(self, scope)
