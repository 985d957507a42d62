"""Who may do what, where: the only door to django-guardian.

Access is *what* (the rights of a person's product profiles) times *where* (everywhere, for profiles that reach
everywhere; else the folders and single objects that are shared with the person or one of their groups). Sharing
never gives a right that no profile gives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import models
from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from guardian.shortcuts import (
    assign_perm,
    get_groups_with_perms,
    get_objects_for_user,
    get_users_with_perms,
    remove_perm,
)
from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

FOLDERS_DEEP = 3  # a folder in a folder in a folder


def codename(model: type[models.Model], action: str) -> str:
    """``campaigns.publish_campaign`` for Campaign and "publish"; a permission named in full stays as it is."""
    own = {code for code, _name in model._meta.permissions}
    name = action if action in own else f"{action}_{model._meta.model_name}"
    return f"{model._meta.app_label}.{name}"


class PermittedQuerySet(models.QuerySet):
    """A queryset that can be narrowed to what one person may do."""

    def for_user(self, user: Any, action: str = "view") -> Any:
        permission = codename(self.model, action)
        if not user.has_perm(permission):
            return self.none()
        if not is_shared(self.model) or reaches_everywhere(user, permission):
            return self.all()
        where = Q(pk__in=_shared(user, permission, self.model))
        if folder := _folder_of(self.model):
            where |= Q(folder__in=_opened(user, codename(folder, "view"), folder))
        if _nests(self.model):
            where |= Q(pk__in=_opened(user, permission, self.model))
        return self.filter(where)


def reached(user: Any, action: str, model: type[models.Model], name: str) -> Q:
    """The condition that what a field names is something to which the person may do this.

    Nothing is asked where they may do it to all: a list of every key would be walked for each row.
    """
    permission = codename(model, action)
    if user.has_perm(permission) and (not is_shared(model) or reaches_everywhere(user, permission)):
        return Q()
    return Q(**{f"{name}__in": model._default_manager.for_user(user, action).values("pk")})


def is_shared(model: type[models.Model]) -> bool:
    """Whether single objects of this model are shared, in tables with a foreign key to it."""
    return any(relation.name.endswith("userpermission") for relation in model._meta.related_objects)


def reaches_everywhere(user: Any, permission: str) -> bool:
    """Whether a profile that reaches everywhere holds the permission; asked once per loaded person."""
    if user.is_superuser:
        return user.is_active
    return user.is_active and permission in _held(user).everywhere


@dataclass(frozen=True)
class Held:
    """What a person holds through their profiles."""

    names: tuple[str, ...]
    rights: frozenset[str]
    everywhere: frozenset[str]  # the rights of those profiles that reach everywhere


def _held(user: Any) -> Held:
    """One query for a person, when it is first asked."""
    if not hasattr(user, "_held"):
        right = ("permissions__content_type__app_label", "permissions__codename")
        rows = list(user.groups.order_by("name").values_list("name", "profile__everywhere", *right))
        user._held = Held(
            tuple(dict.fromkeys(name for name, everywhere, *_rest in rows if everywhere is not None)),
            frozenset(f"{app}.{code}" for _name, _everywhere, app, code in rows if code),
            frozenset(f"{app}.{code}" for _name, everywhere, app, code in rows if code and everywhere),
        )
    return user._held


def profile_names(user: Any) -> tuple[str, ...]:
    """The names of the person's profiles."""
    return _held(user).names


def profile_rights(user: Any) -> frozenset[str]:
    """The rights that the person's profiles give, wherever they reach."""
    return _held(user).rights


def _shared(user: Any, permission: str, model: type[models.Model]) -> models.QuerySet:
    return get_objects_for_user(user, permission, model, accept_global_perms=False, with_superuser=False).values("pk")


def _folder_of(model: type[models.Model]) -> type[models.Model] | None:
    try:
        return model._meta.get_field("folder").related_model  # type: ignore[return-value]
    except FieldDoesNotExist:
        return None


def _nests(model: type[models.Model]) -> bool:
    return any(field.name == "parent" for field in model._meta.fields)


def _opened(user: Any, permission: str, model: type[models.Model]) -> models.QuerySet:
    """The folders that are shared with the person, and those that lie in one that is."""
    shared = _shared(user, permission, model)
    where = Q(pk__in=shared)
    for depth in range(1, FOLDERS_DEEP if _nests(model) else 1):
        where |= Q(**{f"{'__'.join(['parent'] * depth)}__in": shared})
    return model._default_manager.filter(where).values("pk")


def may(user: Any, action: str, subject: models.Model | type[models.Model]) -> bool:
    """Whether the person may do this to an object, or (for a class) to any."""
    model = subject if isinstance(subject, type) else type(subject)
    permission = codename(model, action)
    if not user.has_perm(permission):
        return False
    if isinstance(subject, type) or not is_shared(model) or reaches_everywhere(user, permission):
        return True
    return bool(among(user, action, [subject]))


def holds(user: Any, permission: str) -> bool:
    """Whether a person holds a right that is about no single object, such as ``datasets.view_personal``."""
    return bool(user.has_perm(permission))


def among(user: Any, action: str, rows: Iterable[models.Model]) -> Collection[Any]:
    """The primary keys of those rows of one page to which the person may do this: one question for all."""
    page = list(rows)
    if not page:
        return frozenset()
    permission = codename(type(page[0]), action)
    if user.has_perm(permission) and reaches_everywhere(user, permission):
        return frozenset(row.pk for row in page)
    permitted = type(page[0])._default_manager.filter(pk__in=[row.pk for row in page]).for_user(user, action)
    return frozenset(permitted.values_list("pk", flat=True))


def get_for(user: Any, action: str, queryset: Any, **lookup: Any) -> Any:
    """The object: 404 when the person may not even see it, 403 when they may see it but not do this."""
    found = get_object_or_404(queryset.for_user(user, "view"), **lookup)
    if action != "view" and not may(user, action, found):
        raise PermissionDenied(refusal(type(found), action))
    return found


def demand(user: Any, action: str, model: type[models.Model]) -> None:
    """Raise PermissionDenied unless the person holds the right at all."""
    if not may(user, action, model):
        raise PermissionDenied(refusal(model, action))


def refusal(model: type[models.Model], action: str) -> str:
    """Why a person may not do this: what is missing, and who has it, in one sentence."""
    return missing_right(codename(model, action))


def missing_right(permission: str) -> str:
    """The same for a right that is about no single object."""
    from .roles import BY_CODE, PROFILES  # roles needs the models, the models of every app need this module

    right = BY_CODE.get(permission)
    if right is None:
        return _("You need a right that no product profile gives.")
    holders = [profile.label for profile in PROFILES if profile.slug in right.profiles]
    return _(
        "You need the right “%(right)s”, which these profiles have: %(profiles)s. An administrator can give it."
    ) % {
        "right": right.label,
        "profiles": get_text_list(holders, _("or")),
    }


def grant(subject: Any, actions: Iterable[str], obj: models.Model) -> None:
    """Share an object with a person or a group."""
    for permission in _grantable(actions, obj):
        assign_perm(permission, subject, obj)


def revoke(subject: Any, actions: Iterable[str], obj: models.Model) -> None:
    """Take back what was shared; profiles that reach everywhere go on reaching it."""
    for permission in _grantable(actions, obj):
        remove_perm(permission, subject, obj)


def _grantable(actions: Iterable[str], obj: models.Model) -> list[str]:
    if not is_shared(type(obj)):
        raise TypeError(f"{type(obj).__name__} has no tables of object permissions")
    return [codename(type(obj), action) for action in actions]


def holders(action: str, obj: models.Model) -> tuple[models.QuerySet, models.QuerySet]:
    """The people and the groups with whom the object is shared for this."""
    code = codename(type(obj), action).split(".")[1]
    people = get_users_with_perms(obj, only_with_perms_in=[code], with_group_users=False)
    groups = get_groups_with_perms(obj, attach_perms=True)
    return people, Group.objects.filter(pk__in=[group.pk for group, held in groups.items() if code in held])


def shares(obj: models.Model) -> dict[Any, set[str]]:
    """Everybody, people and groups, with whom the object is shared in any way, and the actions it is shared for."""
    model = type(obj)
    actions = {codename(model, action): action for action in _actions(model)}
    found: dict[Any, set[str]] = {}
    for table, kind in ((get_user_obj_perms_model(model), "user"), (get_group_obj_perms_model(model), "group")):
        for row in table.objects.filter(content_object=obj).select_related(kind, "permission"):
            action = actions.get(f"{model._meta.app_label}.{row.permission.codename}")
            found.setdefault(getattr(row, kind), set()).update({action} if action else ())
    return found


def _actions(model: type[models.Model]) -> list[str]:
    own = [code.removesuffix(f"_{model._meta.model_name}") for code, _name in model._meta.permissions]
    return [*model._meta.default_permissions, *own]


def share(action: str, obj: models.Model, *, people: Iterable[Any], groups: Iterable[Any]) -> None:
    """Share the object for this with exactly these people and groups."""
    for before, after in zip(holders(action, obj), (people, groups), strict=True):
        had, wanted = set(before), set(after)
        for subject in had - wanted:
            revoke(subject, [action], obj)
        for subject in wanted - had:
            grant(subject, [action], obj)


def administers(user: Any) -> bool:
    """Whether the person may enter the administration; the profile decides, ``is_staff`` does not."""
    return user.is_active and user.has_perm("accounts.change_user")


def who_may(action: str, obj: models.Model) -> Any:
    """Everybody who is here and may do this to an object, in one question however many they are."""
    model = type(obj)
    right = _right(codename(model, action))
    people = get_user_model().objects.filter(is_active=True)
    able = _in_groups(Group.objects.filter(permissions__in=right))
    if not is_shared(model):
        return people.filter(Q(is_superuser=True) | able)
    where = _in_groups(Group.objects.filter(permissions__in=right, profile__everywhere=True))
    where |= _shared_with(right, model, Q(content_object=obj.pk))
    folder, lies_in = _folder_of(model), getattr(obj, "folder_id", None)
    if folder and lies_in:
        within = Q(content_object=lies_in)
        for depth in range(1, FOLDERS_DEEP):
            within |= Q(**{f"content_object__{'__'.join(['children'] * depth)}": lies_in})
        where |= _shared_with(_right(codename(folder, "view")), folder, within)
    return people.filter(Q(is_superuser=True) | (able & where))


def _right(permission: str) -> models.QuerySet:
    app, code = permission.split(".")
    return Permission.objects.filter(content_type__app_label=app, codename=code).values("pk")


def _in_groups(groups: models.QuerySet) -> Q:
    memberships = get_user_model().groups.through.objects
    return Q(pk__in=memberships.filter(group__in=groups.order_by().values("pk")).values("user"))


def _shared_with(right: models.QuerySet, model: type[models.Model], where: Q) -> Q:
    """Those with whom an object, or one of some, is shared for a right: themselves, or a group of theirs."""
    people = get_user_obj_perms_model(model).objects.filter(where, permission__in=right).values("user")
    groups = get_group_obj_perms_model(model).objects.filter(where, permission__in=right).values("group")
    return Q(pk__in=people) | _in_groups(Group.objects.filter(pk__in=groups))
