"""Who may do what, where: the only door to django-guardian.

Access is *what* (the model permissions of a person's product profiles) times *where* (everywhere, for
profiles that reach everywhere; else the objects and folders shared with the person or their groups).
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.shortcuts import get_object_or_404
from guardian.shortcuts import assign_perm, get_objects_for_user, remove_perm

M = TypeVar("M", bound=models.Model)


def codename(model: type[models.Model], action: str) -> str:
    """``campaigns.publish_campaign`` for Campaign and "publish"."""
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def _has_direct_permissions(model: type[models.Model]) -> bool:
    return any(relation.name.endswith("userpermission") for relation in model._meta.related_objects)


def reaches_everywhere(user: Any, permission: str) -> bool:
    """Whether a profile that reaches everywhere, or the person alone, holds the permission."""
    if user.is_superuser:
        return True
    app_label, code = permission.split(".")
    held = Q(permissions__content_type__app_label=app_label, permissions__codename=code)
    return user.groups.filter(held, profile__everywhere=True).exists()


class PermittedQuerySet(models.QuerySet):
    """A queryset that can be narrowed to what one person may do."""

    def for_user(self, user: Any, action: str = "view"):
        permission = codename(self.model, action)
        if not user.is_active or not user.has_perm(permission):
            return self.none()
        if not _has_direct_permissions(self.model) or reaches_everywhere(user, permission):
            return self.all()
        shared = get_objects_for_user(user, permission, self.model, accept_global_perms=False).values("pk")
        where = Q(pk__in=shared)
        if folder := _folder_of(self.model):
            folders = get_objects_for_user(user, codename(folder, "view"), folder, accept_global_perms=False).values(
                "pk"
            )
            where |= Q(folder__in=folders)
        return self.filter(where)


def _folder_of(model: type[models.Model]) -> type[models.Model] | None:
    try:
        return model._meta.get_field("folder").related_model  # type: ignore[return-value]
    except Exception:
        return None


def may(user: Any, action: str, subject: models.Model | type[models.Model]) -> bool:
    """Whether the person may do this to an object, or (for a class) to any."""
    if isinstance(subject, type):
        return user.is_active and user.has_perm(codename(subject, action))
    manager = type(subject)._default_manager
    return manager.filter(pk=subject.pk).for_user(user, action).exists()


def get_for(user: Any, action: str, queryset: Any, **lookup: Any) -> Any:
    """The object: 404 when the person may not even see it, 403 when they may see it but not do this."""
    found = get_object_or_404(queryset.for_user(user, "view"), **lookup)
    if action != "view" and not may(user, action, found):
        raise PermissionDenied(codename(type(found), action))
    return found


def demand(user: Any, action: str, model: type[models.Model]) -> None:
    """Raise PermissionDenied unless the person holds the right at all."""
    if not may(user, action, model):
        raise PermissionDenied(codename(model, action))


def grant(subject: Any, actions: list[str], obj: models.Model) -> None:
    """Share an object with a person or a group."""
    for action in actions:
        assign_perm(codename(type(obj), action), subject, obj)


def revoke(subject: Any, actions: list[str], obj: models.Model) -> None:
    for action in actions:
        remove_perm(codename(type(obj), action), subject, obj)
