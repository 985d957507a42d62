"""Groups of people in the administration: who belongs to one, and a profile given to all of them at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectMultipleWidget

from . import audit
from .admin_forms import ProfilesField
from .models import Team, User
from .people_import.world import may_give


class TeamForm(forms.ModelForm):
    """A name, the members, and what they are given by this."""

    by: User | None = None  # who fills it in

    members = forms.ModelMultipleChoiceField(
        queryset=User.objects.filter(is_active=True).order_by("username"),
        required=False,
        widget=UnfoldAdminSelectMultipleWidget,
        label=gettext_lazy("Members"),
        help_text=gettext_lazy("Campaigns, folders, tasks and approvals that are the group's are theirs."),
    )
    profiles = ProfilesField(
        queryset=Group.objects.filter(profile__isnull=False).select_related("profile").order_by("profile__pk"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label=gettext_lazy("Give every member these product profiles now"),
        help_text=gettext_lazy("Who joins later is not given them by this."),
    )

    class Meta:
        model = Team
        fields = ["name"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.instance.pk and "members" in self.fields:
            self.initial["members"] = list(self.instance.user_set.all())
            here = Q(is_active=True) | Q(pk__in=self.instance.user_set.values("pk"))
            self.fields["members"].queryset = User.objects.filter(here).order_by("username")

    def clean_profiles(self) -> Any:
        for group in self.cleaned_data["profiles"]:
            if self.by is not None and not may_give(self.by, group.profile):
                raise forms.ValidationError(
                    _("You may not give the profile “%(name)s”: it has rights that you do not have.") % {"name": group}
                )
        return self.cleaned_data["profiles"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("profiles") and self.by is not None and not self.by.is_superuser:
            above = [str(person) for person in data.get("members", ()) if person.is_superuser]
            if above:
                raise forms.ValidationError(
                    _("%(names)s: a superuser, whom only another superuser may give a profile.")
                    % {"names": ", ".join(above)}
                )
        return data


@admin.register(Team)
class TeamAdmin(ModelAdmin):
    """Those groups that are no profile and hold no rights of their own."""

    form = TeamForm
    list_display = ["name", "size"]
    search_fields = ["name"]
    list_per_page = 20
    fields = ["name", "members", "profiles"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request).filter(profile=None, permissions=None)
        return found.annotate(people=Count("user"))

    @admin.display(description=gettext_lazy("people"), ordering="people")
    def size(self, team: Any) -> int:
        return team.people

    def get_form(self, request: HttpRequest, obj: Team | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.by = request.user
        return form

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        team, members = form.instance, form.cleaned_data["members"]
        before = {
            "members": sorted(person.username for person in team.user_set.all()),
            "name": form.initial.get("name"),
        }
        team.user_set.set(members)
        after = {"members": sorted(person.username for person in members), "name": team.name}
        audit.record(request.user, "changed" if change else "created", team, changes=audit.differences(before, after))
        for group in form.cleaned_data["profiles"]:
            for person in members.exclude(groups=group):
                held = sorted(person.groups.values_list("name", flat=True))
                person.groups.add(group)
                changes = {"profiles": [held, sorted([*held, group.name])]}
                audit.record(request.user, "changed", person, by=f"group {team.name}", changes=changes)

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        audit.record(request.user, "deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for team in queryset:
            self.delete_model(request, team)
