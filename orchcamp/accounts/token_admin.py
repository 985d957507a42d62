"""The tokens of programs in the administration."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from . import tokens
from .models import ApiToken


@admin.register(ApiToken)
class TokenAdmin(ModelAdmin):
    """Everybody's tokens, to be read and revoked; what they are made of is known to nobody."""

    list_display = ["name", "owner", "hint", "created_at", "last_used_at", "expires_at", "revoked_at"]
    search_fields = ["name", "hint", "owner__username", "owner__first_name", "owner__last_name"]
    search_help_text = _("Name of the token or of its owner")
    list_select_related = ["owner"]
    list_per_page = 20
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """A token goes with the person for whom it acts, never alone: revoked ones stay to be read about."""
        place = request.resolver_match.url_name if request.resolver_match else ""
        return str(place).startswith("accounts_user_") and super().has_delete_permission(request, obj)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    @admin.action(description=_("Revoke the chosen tokens"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet) -> None:
        done = sum(tokens.revoke(token, by=request.user) for token in queryset.select_related("owner"))
        said = ngettext("%(n)s token was revoked.", "%(n)s tokens were revoked.", done) % {"n": done}
        messages.success(request, said)
