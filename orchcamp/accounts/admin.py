"""People in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from . import audit, audit_admin, effects, profile_admin, token_admin  # noqa: F401 - three register themselves
from .admin_forms import PersonForm
from .models import User

FIELDS = ("username", "first_name", "last_name", "email", "is_active")  # whose values the audit trail tells


@admin.register(User)
class PersonAdmin(UserAdmin, ModelAdmin):
    """Superusers are made on the command line, and only they may touch one another."""

    form = PersonForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "full_name", "email", "profiles", "is_active", "last_login"]
    list_filter = ["groups__profile", "is_active"]
    search_fields = ["username", "first_name", "last_name", "email"]
    list_per_page = 50
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined", "effective"]
    fieldsets = [
        (None, {"fields": ["username", "password", "is_active"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Rights"), {"fields": ["groups", "effective"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "usable_password", "password1", "password2"]})]

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, person: User) -> str:
        return person.get_full_name()

    @admin.display(description=_("product profiles"))
    def profiles(self, person: User) -> str:
        return ", ".join(sorted(group.name for group in person.groups.all())) or "–"

    @admin.display(description=_("what this person may do now"))
    def effective(self, person: User) -> Any:
        """Each right, with the profiles that it comes from and how far it reaches."""
        wide, narrow = _("everywhere"), _("where it is shared with them")
        rows = (
            (
                str(found.right.label).capitalize(),
                ", ".join(source.profile for source in found.sources),
                wide if found.everywhere else narrow,
            )
            for found in effects.effective(person)
        )
        if person.is_superuser:
            return _("Everything: a superuser, made on the command line.")
        return format_html_join("", "<div><strong>{}</strong>: {} ({})</div>", rows) or _("Nothing: no profile.")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _within_reach(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _within_reach(request, obj) and obj != request.user

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        held = sorted(form.instance.groups.values_list("name", flat=True)) if change else []
        super().save_related(request, form, formsets, change)
        profiles = sorted(form.instance.groups.values_list("name", flat=True))
        names = [name for name in form.changed_data if name in FIELDS]
        before = {name: form.initial.get(name) for name in names} | {"profiles": held}
        after = {name: form.cleaned_data.get(name) for name in names} | {"profiles": profiles}
        changes = audit.differences(before, after)
        verb = "changed" if change else "created"
        audit.record(request.user, verb, form.instance, fields=form.changed_data, changes=changes)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        audit.record(request.user, "deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for person in queryset:
            audit.record(request.user, "deleted", person)
        super().delete_queryset(request, queryset)


def _within_reach(request: HttpRequest, obj: User | None) -> bool:
    return obj is None or request.user.is_superuser or not obj.is_superuser
