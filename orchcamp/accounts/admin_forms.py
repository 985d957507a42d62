"""The forms of the administration of people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from unfold.forms import UserChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectMultipleWidget

from . import access, roles
from .models import ProductProfile, User
from .people_import.world import may_give


class ProfilesField(forms.ModelMultipleChoiceField):
    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def label_from_instance(self, group: Group) -> str:
        text = group.profile.description
        return f"{group.name}: {text}" if text else group.name


class PersonForm(UserChangeForm):
    """Name, address and product profiles; never the flags of a superuser."""

    by: User | None = None  # who fills it in

    groups = ProfilesField(
        queryset=Group.objects.filter(profile__isnull=False).select_related("profile").order_by("profile__pk"),
        required=False,
        label=_("Product profiles"),
        help_text=_("A person may do what any of their profiles may do. Without a profile they see nothing."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "groups" in data and self.by is not None:
            self._demand_no_more_than_one_has(data["groups"])
        if "groups" in data and not self._somebody_is_left(data):
            raise forms.ValidationError(_("This is the last administrator: give another person the profile first."))
        return data

    def _demand_no_more_than_one_has(self, groups: Any) -> None:
        held = set(self.instance.groups.values_list("pk", flat=True)) if self.instance.pk else set()
        for group in groups:
            if group.pk not in held and not may_give(self.by, group.profile):
                raise forms.ValidationError(
                    _("You may not give the profile “%(name)s”: it has rights that you do not have.") % {"name": group}
                )

    def _somebody_is_left(self, data: dict[str, Any]) -> bool:
        stays = any(group.profile.slug == roles.ADMINISTRATOR for group in data["groups"])
        if stays and data.get("is_active"):
            return True
        was = User.objects.filter(pk=self.instance.pk, is_active=True, groups__profile__slug=roles.ADMINISTRATOR)
        others = User.objects.filter(is_active=True, groups__profile__slug=roles.ADMINISTRATOR)
        return not was.exists() or others.exclude(pk=self.instance.pk).exists()


class ProfileForm(forms.ModelForm):
    """A profile of one's own."""

    by: User | None = None  # who fills it in

    rights = forms.MultipleChoiceField(
        choices=lambda: [(right.code, str(right.label).capitalize()) for right in roles.RIGHTS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label=_("Rights"),
    )
    people = forms.ModelMultipleChoiceField(
        queryset=User.objects.filter(is_active=True, is_superuser=False).order_by("first_name", "username"),
        widget=UnfoldAdminSelectMultipleWidget,
        required=False,
        label=_("Members"),
        help_text=_("Hold Ctrl or ⌘ to choose several."),
    )

    class Meta:
        model = ProductProfile
        fields = ["label", "description", "everywhere"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.instance.pk and "rights" in self.fields:
            self.initial["rights"] = [right.code for right in roles.held_by(self.instance)]
            self.initial["people"] = User.objects.filter(groups=self.instance.group_id)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.by and not access.covers(self.by, data.get("rights", ()), bool(data.get("everywhere"))):
            raise forms.ValidationError(
                _("You may not give rights that you do not have, nor further than you have them.")
            )
        return data

    def clean_label(self) -> str:
        label = self.cleaned_data["label"]
        slug = slugify(label)
        if not slug:
            raise forms.ValidationError(_("Use letters or digits in the label."))
        taken = Group.objects.filter(name=label).exclude(profile=self.instance.pk)
        others = ProductProfile.objects.exclude(pk=self.instance.pk)
        if taken.exists() or (not self.instance.pk and others.filter(slug=slug).exists()):
            raise forms.ValidationError(_("There is a profile of this name already."))
        return label
