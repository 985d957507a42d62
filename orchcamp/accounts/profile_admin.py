"""Product profiles in the administration: a set of rights, how far they reach, and who has them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from . import audit, effects, roles
from .admin_forms import ProfileForm
from .models import ProductProfile, User

UNSAID = {"csrfmiddlewaretoken", "sure"}


@admin.register(ProductProfile)
class ProfileAdmin(ModelAdmin):
    """The built-in profiles are shown; those of one's own are a set of rights, how far they reach, and their members."""

    form = ProfileForm
    list_display = ["label", "description", "everywhere", "members", "built_in"]
    prepopulated_fields: dict[str, list[str]] = {}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("group").annotate(people=Count("group__user"))

    @admin.display(description=_("people"), ordering="people")
    def members(self, profile: Any) -> int:
        return profile.people

    @admin.display(description=_("rights"))
    def held(self, profile: ProductProfile) -> Any:
        lines = ((str(right.label).capitalize(),) for right in roles.held_by(profile))
        return format_html_join("", "<div>{}</div>", lines)

    def get_fields(self, request: HttpRequest, obj: ProductProfile | None = None) -> list[str]:
        own = ["rights", "people"]
        return ["label", "description", "everywhere", *(["held"] if obj and obj.built_in else own)]

    def get_readonly_fields(self, request: HttpRequest, obj: ProductProfile | None = None) -> list[str]:
        return ["held"] if obj and obj.built_in else []

    def has_change_permission(self, request: HttpRequest, obj: ProductProfile | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.built_in)

    def has_delete_permission(self, request: HttpRequest, obj: ProductProfile | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.built_in)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.by = request.user
        return form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Before a change of what people may do is saved: what changes, for how many."""
        unsure = request.method == "POST" and object_id and request.POST.get("sure") != "yes"
        if unsure and (asked := self._question(request, str(object_id))):
            return asked
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _question(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        profile = self.get_object(request, object_id)
        if profile is None or not self.has_change_permission(request, profile):
            return None
        form = self.get_form(request, profile, change=True)(request.POST, instance=profile)
        if not form.is_valid():
            return None
        facts = form.cleaned_data
        found = effects.effect(profile, rights=facts["rights"], everywhere=facts["everywhere"], members=facts["people"])
        if not found:
            return None
        names = ("gained", "lost", "widened", "narrowed")
        context = {
            **self.admin_site.each_context(request),
            "title": profile.label,
            "profile": profile,
            "effect": found,
            "told": {name: found.told(name) for name in names},
            "again": [
                (name, each) for name in request.POST if name not in UNSAID for each in request.POST.getlist(name)
            ],
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/accounts/profile_effect.html", context)

    def save_model(self, request: HttpRequest, obj: ProductProfile, form: Any, change: bool) -> None:
        before = _facts(ProductProfile.objects.get(pk=obj.pk)) if change else {}
        roles.define(obj, form.cleaned_data["rights"])
        stay = obj.group.user_set.exclude(pk__in=form.fields["people"].queryset.values("pk"))
        obj.group.user_set.set([*form.cleaned_data["people"], *stay])  # who cannot be chosen is not taken out either
        after = _facts(obj)
        verb, changes = "changed" if change else "created", audit.differences(before, after)
        audit.record(request.user, verb, obj, rights=after["rights"], changes=changes)

    def delete_model(self, request: HttpRequest, obj: ProductProfile) -> None:
        audit.record(request.user, "deleted", obj, **_facts(obj))
        obj.group.delete()  # takes the profile along

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for profile in queryset:
            self.delete_model(request, profile)


def _facts(profile: ProductProfile) -> dict[str, Any]:
    """What the audit trail tells of a profile."""
    return {
        "label": profile.label,
        "description": profile.description,
        "everywhere": profile.everywhere,
        "rights": [right.code for right in roles.held_by(profile)],
        "people": sorted(User.objects.filter(groups=profile.group_id).values_list("username", flat=True)),
    }
