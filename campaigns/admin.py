"""Folders in the administration, and with whom they are shared."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from campaigns import folders
from campaigns.models import Folder
from orchcamp.accounts import access, audit
from orchcamp.accounts.models import User
from orchcamp.web.errors import Refused


class FolderForm(forms.ModelForm):
    groups = forms.ModelMultipleChoiceField(
        Group.objects.filter(profile__everywhere=False),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label=_("Shared with the members of"),
        help_text=_("Only profiles that do not reach everywhere need this."),
    )
    people = forms.ModelMultipleChoiceField(
        User.objects.filter(is_active=True),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label=_("Shared with"),
        help_text=_("They may do with its campaigns what their profiles allow."),
    )

    class Meta:
        model = Folder
        fields = ["name", "parent"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            folders.demand_place(self.instance if self.instance.pk else None, cleaned.get("parent"))
        except Refused as refused:
            self.add_error("parent", str(refused))
        return cleaned

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["people"], self.initial["groups"] = access.holders("view", self.instance)


@admin.register(Folder)
class FolderAdmin(ModelAdmin):
    form = FolderForm
    list_display = ["name"]
    list_per_page = 50
    search_fields = ["name"]
    fields = ["name", "parent", "groups", "people"]

    def save_model(self, request: HttpRequest, obj: Folder, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        people, groups = form.cleaned_data["people"], form.cleaned_data["groups"]
        access.share("view", obj, people=people, groups=groups)
        shared = [*map(str, people), *map(str, groups)]
        audit.record(request.user, "changed" if change else "created", obj, shared_with=shared)
