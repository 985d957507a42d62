"""Signing in with a password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission

from .access import profile_rights

DEMO_PASSWORD = "orchcamp"  # noqa: S105  known to everybody, so worth nothing outside the demo


class PasswordBackend(ModelBackend):
    """Django's own, but the demo's password opens nothing outside the demo, whoever bears it; and where signing in by
    password is closed, it is left to superusers, so that a broken provider locks nobody out for good."""

    def authenticate(self, request: Any, username: Any = None, password: Any = None, **kwargs: Any) -> Any:
        if password == DEMO_PASSWORD and not settings.DEMO:
            return None
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is None or settings.PASSWORD_SIGN_IN or user.is_superuser:
            return user
        return None

    def _get_user_permissions(self, user_obj: Any) -> Any:
        """None, and no query for them: rights come from product profiles, which are groups."""
        return Permission.objects.none()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> Any:
        """Those of the person's profiles, from the one query that also tells how far they reach."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None or user_obj.is_superuser:
            return super().get_group_permissions(user_obj, obj)
        return set(profile_rights(user_obj))
