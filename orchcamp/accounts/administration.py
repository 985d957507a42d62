"""The site of the administration: who may enter it, and what is shown in it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from . import access

OUR_APPS = frozenset({"accounts", "campaigns", "datasets", "messaging"})


def entry(label: Any, icon: str, view: str) -> dict[str, Any]:
    return {"title": label, "icon": icon, "link": reverse_lazy(view)}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu, in the look of the product's own."""
    return [
        {
            "title": _("People"),
            "items": [
                entry(_("Users"), "group", "admin:accounts_user_changelist"),
                entry(_("Groups"), "groups", "admin:accounts_team_changelist"),
                entry(_("Product profiles"), "badge", "admin:accounts_productprofile_changelist"),
                entry(_("Tokens"), "key", "admin:accounts_apitoken_changelist"),
                entry(_("Audit trail"), "history", "admin:accounts_auditentry_changelist"),
            ],
        },
        {"title": _("Campaigns"), "items": [entry(_("Folders"), "folder", "campaigns:folders")]},
        {"title": _("Data"), "items": [entry(_("Connections"), "sync_alt", "admin:messaging_connection_changelist")]},
        {
            "title": _("Orchcamp"),
            "separator": True,
            "items": [entry(_("Back to the campaigns"), "arrow_back", "campaigns:list")],
        },
    ]


class Administration(UnfoldAdminSite):
    """Entered by whoever administers people, whatever ``is_staff`` says; shows our own models only."""

    index_title = _("Administration")

    def has_permission(self, request: HttpRequest) -> bool:
        return access.administers(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one page for signing in."""
        if not request.user.is_authenticated:
            return redirect_to_login(resolve_url("admin:index"), resolve_url(settings.LOGIN_URL))
        if not self.has_permission(request):
            raise PermissionDenied(access.missing_right("accounts.change_user"))
        return redirect("admin:index")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Leave out what libraries would add: queue internals, groups behind the profiles."""
        models = model_or_iterable if isinstance(model_or_iterable, list | tuple | set) else [model_or_iterable]
        if own := [model for model in models if model._meta.app_label in OUR_APPS]:
            super().register(own, admin_class, **options)
