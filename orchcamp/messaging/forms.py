"""The forms of channel configurations, suppressed addresses and proof addresses."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.validators import validate_email
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from . import consent, secrets
from .models import ChannelConfiguration, SeedAddress, Suppression

_PLACE = ("host", "port", "security", "username")
_OURS = re.compile(r"ORCHCAMP_|DJANGO_|DATABASE_URL$|REDIS_URL$")


class ChannelForm(forms.ModelForm):
    """How messages leave. The stored password is never shown; it goes when the server changes."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = ChannelConfiguration
        fields = (
            "label", "sender_name", "sender_address", "reply_to", "host", "port", "security", "username", "password",
            "secret_variable", "throttle", "consent_column", "active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._kept_secret = self.instance.secret
        self._before = tuple(getattr(self.instance, name) for name in _PLACE)
        if self._kept_secret:
            self.fields["password"].help_text = _("One is stored. Leave this empty to keep it.")

    def clean_label(self) -> str:
        label = self.cleaned_data["label"]
        if not self.instance.pk and ChannelConfiguration.objects.filter(slug=slugify(label)[:60]).exists():
            raise forms.ValidationError(_("There is a channel configuration of this name; choose another."))
        if not slugify(label):
            raise forms.ValidationError(_("Use at least one letter or digit."))
        return label

    def clean_sender_name(self) -> str:
        name = self.cleaned_data["sender_name"]
        if any(ord(character) < 32 for character in name):
            raise forms.ValidationError(_("Write the name on one line, without control characters."))
        return name

    def clean_host(self) -> str:
        host = self.cleaned_data["host"].strip()
        if not host and settings.EMAIL_URL:
            return ""
        if not re.fullmatch(r"[\w.:-]+", host):
            raise forms.ValidationError(_("Write the name of a server, such as smtp.example.org."))
        return host

    def clean_secret_variable(self) -> str:
        name = self.cleaned_data["secret_variable"].strip()
        if name and (not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) or _OURS.match(name)):
            raise forms.ValidationError(_("Write the name of a variable in capitals, such as SMTP_PASSWORD."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        local = data.get("host") in ("127.0.0.1", "localhost", "::1")
        if data.get("username") and data.get("security") == "none" and not local:
            self.add_error("security", _("A password needs an encrypted connection: choose STARTTLS or TLS."))
        moved = tuple(data.get(name) for name in _PLACE) != self._before
        if self._kept_secret and moved and not data.get("password") and not data.get("secret_variable"):
            self.add_error("password", _("The server or the user changed: type the password again."))
        return data

    def apply(self) -> ChannelConfiguration:
        """The configuration with what was typed; not saved."""
        configuration = self.instance
        configuration.secret = self._kept_secret
        if self.cleaned_data["password"]:
            configuration.secret = secrets.encrypted(self.cleaned_data["password"])
        if not configuration.username:
            configuration.secret = ""
        if not configuration.slug:
            configuration.slug = slugify(configuration.label)[:60]
        return configuration


class PlainChannelForm(forms.ModelForm):
    """A channel without transport as yet: how it is called, who sends, whose consent counts."""

    class Meta:
        model = ChannelConfiguration
        fields = ("label", "sender_name", "consent_column", "active")
        labels: ClassVar = {"sender_name": _("Sender")}
        help_texts: ClassVar = {"sender_name": _("What recipients see, or whom the message is in the name of.")}

    clean_label = ChannelForm.clean_label
    clean_sender_name = ChannelForm.clean_sender_name

    def apply(self) -> ChannelConfiguration:
        """The configuration with what was typed; not saved."""
        if not self.instance.slug:
            self.instance.slug = slugify(self.instance.label)[:60]
        return self.instance


class SuppressionForm(forms.ModelForm):
    class Meta:
        model = Suppression
        fields = ("address", "note")

    def clean_address(self) -> str:
        address = consent.normal(self.cleaned_data["address"])
        try:
            validate_email(f"x{address}" if address.startswith("@") else address)
        except forms.ValidationError:
            raise forms.ValidationError(
                _("Write an address such as ann@example.org, or a whole domain such as @example.org.")
            ) from None
        if Suppression.objects.filter(channel="email", address=address).exists():
            raise forms.ValidationError(_("This address is on the list already."))
        return address


class SeedForm(forms.ModelForm):
    class Meta:
        model = SeedAddress
        fields = ("label", "address")
