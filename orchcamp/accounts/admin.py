"""People in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from . import (  # those that are not used register themselves
    audit,
    audit_admin,  # noqa: F401
    effects,
    group_admin,  # noqa: F401
    profile_admin,  # noqa: F401
    signed_in_list,
    token_admin,  # noqa: F401
)
from .admin_forms import PersonForm
from .models import User
from .people_import import views as import_views

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
    list_per_page = 20
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined", "effective"]
    fieldsets = [
        (None, {"fields": ["username", "password", "is_active"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Rights"), {"fields": ["groups", "effective"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    actions_list = ["import_people"]
    actions_detail = ["signing_in"]
    add_fieldsets = [(None, {"fields": ["username", "usable_password", "password1", "password2"]})]

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, person: User) -> str:
        return person.get_full_name()

    @admin.display(description=_("product profiles"))
    def profiles(self, person: User) -> str:
        return ", ".join(sorted(group.name for group in person.groups.all() if hasattr(group, "profile"))) or "–"

    @action(description=_("Import from a file"), url_path="import", permissions=["add"], icon="upload_file")
    def import_people(self, request: HttpRequest) -> HttpResponse:
        return import_views.upload(request)

    @action(description=_("How they sign in; look as them"), url_path="signing-in", icon="devices")
    def signing_in(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("accounts:person", object_id)

    def get_urls(self) -> list[Any]:
        guarded = self.admin_site.admin_view
        more = [
            path("import/<int:import_id>", guarded(import_views.preview), name="accounts_user_import_preview"),
            path("import/<int:import_id>/refused", guarded(import_views.refused), name="accounts_user_import_refused"),
        ]
        return more + super().get_urls()

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.by = request.user
        return form

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Another password ends what was begun with the one before."""
        answer = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302:
            person = User.objects.get(pk=id)
            own = request.session.session_key if person == request.user else None
            audit.record(request.user, "changed the password", person)
            signed_in_list.end_all(person, by=request.user, but=own, why="password changed")
        return answer

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
        return super().get_queryset(request).prefetch_related("groups__profile")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _within_reach(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _within_reach(request, obj) and obj != request.user

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        teams = list(form.instance.groups.filter(profile=None))
        held = _profiles(form.instance)
        super().save_related(request, form, formsets, change)
        form.instance.groups.add(*teams)  # the form knows profiles only
        profiles = _profiles(form.instance)
        names = [name for name in form.changed_data if name in FIELDS]
        before = {name: form.initial.get(name) for name in names} | {"profiles": held}
        after = {name: form.cleaned_data.get(name) for name in names} | {"profiles": profiles}
        changes = audit.differences(before, after)
        verb = "changed" if change else "created"
        audit.record(request.user, verb, form.instance, fields=form.changed_data, changes=changes)
        if change and not form.instance.is_active:
            signed_in_list.end_all(form.instance, by=request.user, why="deactivated")

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        audit.record(request.user, "deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for person in queryset:
            audit.record(request.user, "deleted", person)
        super().delete_queryset(request, queryset)


def _profiles(person: User) -> list[str]:
    return sorted(person.groups.exclude(profile=None).values_list("name", flat=True))


def _within_reach(request: HttpRequest, obj: User | None) -> bool:
    return obj is None or request.user.is_superuser or not obj.is_superuser
