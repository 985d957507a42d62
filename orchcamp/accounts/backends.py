"""Signing in with a password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission

DEMO_PASSWORD = "orchcamp"  # noqa: S105  known to everybody, so worth nothing outside the demo


class PasswordBackend(ModelBackend):
    """Django's own, but the demo's password opens nothing outside the demo, whoever bears it."""

    def authenticate(self, request: Any, username: Any = None, password: Any = None, **kwargs: Any) -> Any:
        if password == DEMO_PASSWORD and not settings.DEMO:
            return None
        return super().authenticate(request, username=username, password=password, **kwargs)

    def _get_user_permissions(self, user_obj: Any) -> Any:
        """None, and no query for them: rights come from product profiles, which are groups."""
        return Permission.objects.none()
