"""Connections to other programs in the administration; their secrets are typed in and never shown."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from orchcamp.accounts import audit

from . import secrets
from .models import Connection

OURS = re.compile(r"ORCHCAMP_|DJANGO_|DATABASE_URL$|REDIS_URL$")


class ConnectionForm(forms.ModelForm):
    """The stored secret is never shown; it goes when the server or the user changes."""

    typed_secret = forms.CharField(
        label=_("Secret"),
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"autocomplete": "off", "spellcheck": "false", "rows": 3}),
        help_text=_("Password or private key of the user, or the key that signs a webhook. Empty: as it is stored."),
    )

    class Meta:
        model = Connection
        fields = ("label", "slug", "kind", "active", "host", "port", "username", "host_key", "secret_variable")

    def clean_secret_variable(self) -> str:
        name = self.cleaned_data["secret_variable"].strip()
        if name and (not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) or OURS.match(name)):
            raise forms.ValidationError(_("Write the name of a variable in capitals, such as SFTP_PASSWORD."))
        return name

    def clean_host(self) -> str:
        host = self.cleaned_data["host"].strip()
        if host and not re.fullmatch(r"[\w.:-]+", host):
            raise forms.ValidationError(_("Write the name of a server, such as files.example.org."))
        return host

    def clean_host_key(self) -> str:
        key = self.cleaned_data["host_key"].strip()
        if key:
            from . import sftp

            if not sftp.is_key(key):
                raise forms.ValidationError(_("This is no public key; write it as in “ssh-ed25519 AAAA…”."))
        return key

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("kind") == Connection.Kind.SFTP:
            for name in ("host", "username", "host_key"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("An SFTP server needs this."))
        moved = {"host", "port", "username"} & set(self.changed_data)
        if self.instance.secret and moved and not data.get("typed_secret") and not data.get("secret_variable"):
            self.add_error("typed_secret", _("The server or the user changed: type the secret again."))
        return data


@admin.register(Connection)
class ConnectionAdmin(ModelAdmin):
    form = ConnectionForm
    list_per_page = 20
    list_display = ["label", "kind", "host", "active"]
    search_fields = ["label", "host"]
    prepopulated_fields = {"slug": ["label"]}
    fields = [
        "label", "slug", "kind", "active", "host", "port", "username", "host_key", "typed_secret", "secret_variable",
    ]  # fmt: skip

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        if typed := form.cleaned_data["typed_secret"]:
            obj.secret = secrets.encrypted(typed)
        super().save_model(request, obj, form, change)
        verb = "changed" if change else "created"
        changes = audit.form_changes(form, secret=("typed_secret",))
        audit.record(request.user, verb, obj, fields=sorted({*form.changed_data} - {"typed_secret"}), changes=changes)
