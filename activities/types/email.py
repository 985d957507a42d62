"""Email: one message for each row that arrives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import channels
from activities.base import Channel, Finding
from activities.catalogue import register
from activities.fields import BodyField, TextField
from activities.forms import Scope, SettingsForm
from activities.populations import Context
from orchcamp.messaging import content, texts


class EmailForm(SettingsForm):
    template = "activities/email.html"

    def __init__(self, data: Mapping[str, Any] | None = None, **options: Any):
        if data and data.get("body") and "format" not in data and not isinstance(data, MultiValueDict):
            data = {**data, "format": content.format_of(data["body"])}
        super().__init__(data, **options)

    configuration = channels.configuration_field("email", gettext_lazy("Sender, reply address and mail server."))
    subject = TextField(
        label=gettext_lazy("Subject"),
        max_length=800,
        help_text=gettext_lazy("May hold fields, such as {{ first_name }}."),
        error_messages={"required": gettext_lazy("Write a subject.")},
    )
    preheader = TextField(
        label=gettext_lazy("Preheader"),
        max_length=800,
        help_text=gettext_lazy("Shown after the subject in many inboxes."),
        required=False,
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[("mjml", "MJML"), ("html", "HTML")],
        initial="mjml",
        help_text=gettext_lazy("MJML becomes HTML that fits phones and every mail program."),
    )
    body = BodyField(
        rows=16,
        label=gettext_lazy("Body"),
        help_text=gettext_lazy("The message itself; an unsubscribe link is added to marketing mails without one."),
        error_messages={"required": gettext_lazy("Write the body of the message.")},
    )
    text = BodyField(
        rows=6,
        label=gettext_lazy("Plain text"),
        help_text=gettext_lazy("For readers without HTML; made from the body when left empty."),
        required=False,
    )
    category = channels.category_field()
    address = channels.AddressField(
        label=gettext_lazy("Address column"),
        blank=gettext_lazy("The email column of the dimension"),
        help_text=gettext_lazy("Where the address of each row stands; also in a linked row, such as household.email."),
        required=False,
    )
    one_per_address = channels.one_per_address_field()
    track_opens = forms.BooleanField(
        label=gettext_lazy("Track opens"),
        help_text=gettext_lazy("By an invisible picture."),
        initial=True,
        required=False,
    )
    track_clicks = forms.BooleanField(
        label=gettext_lazy("Track clicks"),
        help_text=gettext_lazy("Links go through a signed address of this server."),
        initial=True,
        required=False,
    )
    without_confirmation = forms.BooleanField(
        label=gettext_lazy("Send without confirmation"),
        help_text=gettext_lazy("Otherwise a person confirms the counts before the first message leaves."),
        required=False,
    )

    @property
    def placeholders(self) -> list[dict[str, str]]:
        """The fields that the content may hold, as they are written."""
        return channels.placeholders(self)

    @property
    def hidden_errors(self) -> bool:
        """Whether something is wrong among the options that are folded away."""
        return bool({"category", "address", "one_per_address"} & set(self.errors))


@register
class Email(Channel):
    key = "email"
    channel = "email"
    label = gettext_lazy("Email")
    group = "channel"
    position = 10
    icon = "mail"
    help = gettext_lazy("Sends one personalised email for each row; the population goes on.")
    form_class = EmailForm

    def summary(self, ctx: Context | None = None) -> str:
        subject = self.settings.get("subject")
        return texts.sketch(subject) if isinstance(subject, str) and subject.strip() else _("No subject yet")

    def message(self, variables: Mapping[str, Any]) -> content.Content:
        return content.Content.from_settings({**self.settings, content.VARIABLES: variables})

    def findings(self, scope: Scope) -> Iterable[Finding]:
        return channels.findings(self, scope)
