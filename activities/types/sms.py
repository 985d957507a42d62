"""SMS: one short message for each row that arrives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import channels
from activities.base import Channel, Finding
from activities.catalogue import register
from activities.fields import BodyField
from activities.forms import Scope, SettingsForm
from activities.populations import Context
from orchcamp.messaging import texts

MANY = 3  # segments that are worth a warning


class SmsForm(SettingsForm):
    template = "activities/text_message.html"
    configuration = channels.configuration_field("sms", gettext_lazy("Sender and consent."))
    text = BodyField(
        rows=5,
        label=gettext_lazy("Text"),
        max_length=1600,
        help_text=gettext_lazy(
            "May hold fields, such as {{ first_name }}; a sign beyond the basic set halves the room."
        ),
        error_messages={"required": gettext_lazy("Write the text.")},
    )
    category = channels.category_field()
    address = channels.AddressField(
        label=gettext_lazy("Telephone column"),
        blank=gettext_lazy("The SMS column of the dimension"),
        help_text=gettext_lazy("Where the number of each row stands; also in a linked row, such as household.phone."),
        required=False,
    )
    one_per_address = channels.one_per_address_field()

    @property
    def placeholders(self) -> list[dict[str, str]]:
        """The fields that the text may hold."""
        return channels.placeholders(self)

    @property
    def length(self) -> texts.Length:
        """How long the text is as it stands."""
        return texts.length(str(self["text"].value() or ""))


@register
class Sms(Channel):
    key = "sms"
    channel = "sms"
    label = gettext_lazy("SMS")
    group = "channel"
    position = 20
    icon = "sms"
    help = gettext_lazy("Plans one personalised text message for each row; the population goes on.")
    form_class = SmsForm

    def summary(self, ctx: Context | None = None) -> str:
        text = self.settings.get("text")
        if not isinstance(text, str) or not text.strip():
            return _("No text yet")
        return f"{texts.sketch(text)[:60]} · {texts.length(text)}"

    def message(self, variables: Mapping[str, Any]) -> texts.Texts:
        return texts.Texts(
            {_("Text"): str(self.settings.get("text") or "")}, self.settings.get("category") or "marketing", variables
        )

    def findings(self, scope: Scope) -> Iterable[Finding]:
        yield from channels.findings(self, scope)
        length = texts.length(self.settings["text"])
        if length.segments > MANY:
            yield Finding(
                "warning",
                _("This text takes {n} SMS for each recipient; shorten it if one should do.").format(n=length.segments),
            )
