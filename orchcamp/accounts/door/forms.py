"""What is typed at the door."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import User
from . import codes


def code_field(help_text: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"})
    return forms.CharField(label=gettext_lazy("Code"), max_length=20, widget=widget, help_text=help_text)


class CodeForm(forms.Form):
    """The code of an authenticator app, or a recovery code."""

    code = code_field(gettext_lazy("Six digits of your authenticator app, or one of your recovery codes."))


class SetUpForm(forms.Form):
    """The first code of a new secret; and the password, where signing in was a while ago."""

    code = code_field(gettext_lazy("The six digits that the app shows now."))
    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy("You signed in a while ago: this shows that it is you."),
    )

    def __init__(self, user: User, *args: Any, fresh: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user
        if fresh or not user.has_usable_password():
            del self.fields["password"]

    def clean_password(self) -> str:
        return _right(self.user, self.cleaned_data["password"])


class ProofForm(forms.Form):
    """A password or a code, before the second factor is changed."""

    proof = forms.CharField(
        label=gettext_lazy("Your password or a code"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_proof(self) -> str:
        given = self.cleaned_data["proof"]
        try:
            codes.prove(self.user, given)
        except codes.CodeError as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return given


def _right(user: User, password: str) -> str:
    if not user.check_password(password):
        raise forms.ValidationError(_("This is not your password."))
    return password
