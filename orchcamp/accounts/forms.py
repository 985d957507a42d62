"""What a person may say about themselves."""

from __future__ import annotations

from django import forms

from .models import User


class DetailsForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]
