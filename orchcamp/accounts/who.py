"""Access asked the other way round: the people who may do something to one object, in one query."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from . import access
from .models import User


def may(action: str, obj: models.Model) -> models.QuerySet[User]:
    """The active people who may do this to the object: what ``access.may`` says of each of them."""
    permission = access.codename(type(obj), action)
    app, code = permission.split(".")
    right = {"permissions__content_type__app_label": app, "permissions__codename": code}
    holding = Group.objects.filter(**right)
    holds = Q(pk__in=_members(holding)) | Q(pk__in=_own(app, code))
    where = Q(pk__in=_members(holding.filter(profile__everywhere=True)))
    for found, name in _opened(obj, code):
        where |= _shared(found, name)
    if not access.is_shared(type(obj)):
        where = Q()
    return User.objects.filter(Q(is_superuser=True) | holds & where, is_active=True)


def _opened(obj: models.Model, code: str) -> list[tuple[list[models.Model], str]]:
    """The objects whose sharing opens this one, and the right by which it does."""
    opened: list[tuple[list[models.Model], str]] = [([obj], code)]
    folder: Any = getattr(obj, "folder", None)
    chain: list[models.Model] = []
    while folder is not None and len(chain) < access.FOLDERS_DEEP:
        chain.append(folder)
        folder = folder.parent
    if chain:
        opened.append((chain, access.codename(type(chain[0]), "view").split(".")[1]))
    return opened


def _shared(objects: list[models.Model], code: str) -> Q:
    """The people with whom any of these is shared for this, by name or in a group."""
    found = Q()
    for relation in type(objects[0])._meta.related_objects:
        rows = relation.related_model._default_manager
        narrow = {"content_object__in": [one.pk for one in objects], "permission__codename": code}
        if relation.name.endswith("userpermission"):
            found |= Q(pk__in=rows.filter(**narrow).values("user"))
        elif relation.name.endswith("grouppermission"):
            found |= Q(pk__in=_members(Group.objects.filter(pk__in=rows.filter(**narrow).values("group"))))
    return found


def _members(groups: models.QuerySet[Group]) -> models.QuerySet:
    return User.groups.through.objects.filter(group__in=groups.values("pk")).values("user")


def _own(app: str, code: str) -> models.QuerySet:
    """Those who hold a right by themselves, not by a profile."""
    own = User.user_permissions.through.objects
    return own.filter(permission__content_type__app_label=app, permission__codename=code).values("user")
