"""What a person may say about themselves."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.core.validators import validate_slug
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import User

LIVES = [  # days for which a token may be good
    (30, gettext_lazy("30 days")),
    (90, gettext_lazy("90 days")),
    (365, gettext_lazy("A year")),
    (0, gettext_lazy("Until it is revoked")),
]


class DetailsForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        sso = settings.SINGLE_SIGN_ON
        if sso and sso.links_by_email:  # whose address it is decides who comes in by the provider
            self.fields["email"].disabled = True
            self.fields["email"].help_text = _("An administrator changes it: single sign-on finds you by it.")


class PasswordForm(PasswordChangeForm):
    """Django's, but it does not take the focus: it is not alone on its page."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["old_password"].widget.attrs.pop("autofocus", None)


class SlugsField(forms.CharField):
    """Short names with commas or spaces between ↔ a list without repeats."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return list(dict.fromkeys(re.split(r"[\s,]+", super().to_python(value)))) if value else []

    def run_validators(self, value: list[str]) -> None:  # type: ignore[override]
        for slug in value:
            try:
                validate_slug(slug)
            except forms.ValidationError:
                raise forms.ValidationError(
                    _("“%(slug)s” is no short name of a campaign; it stands in the address of its canvas.")
                    % {"slug": slug[:60]}
                ) from None


class TokenForm(forms.Form):
    """A new token: its name, for how long it is good, and what for."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("The program that will use it.")
    )
    days = forms.TypedChoiceField(label=gettext_lazy("Good for"), choices=LIVES, coerce=int, initial=90)
    campaigns = SlugsField(
        label=gettext_lazy("Only for these campaigns"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Short names with commas between; none: all that you reach."),
    )

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None
