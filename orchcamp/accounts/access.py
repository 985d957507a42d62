"""Who may do what, where: the only door to django-guardian.

Access is *what* (the rights of a person's product profiles) times *where* (everywhere, for profiles that reach
everywhere; else the folders and single objects that are shared with the person or one of their groups). Sharing
never gives a right that no profile gives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, Q, Value
from django.shortcuts import get_object_or_404
from guardian.shortcuts import assign_perm, remove_perm
from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

from .held import held as _held
from .held import person as person
from .reach import Shared

FOLDERS_DEEP = 3  # a folder in a folder in a folder


def codename(model: type[models.Model], action: str) -> str:
    """``campaigns.publish_campaign`` for Campaign and "publish"; a permission named in full stays as it is."""
    own = {code for code, _name in model._meta.permissions}
    name = action if action in own else f"{action}_{model._meta.model_name}"
    return f"{model._meta.app_label}.{name}"


class PermittedQuerySet(models.QuerySet):
    """A queryset that can be narrowed to what one person may do."""

    def for_user(self, user: Any, action: str = "view") -> Any:
        condition = reach(user, action, self.model)
        return self.none() if condition is None else self.filter(condition)


def reach(user: Any, action: str, model: type[models.Model]) -> Q | None:
    """The condition under which a person may do this to a row: None where they may to none, empty where to all."""
    permission = codename(model, action)
    if not user.has_perm(permission):
        return None
    if not is_shared(model) or reaches_everywhere(user, permission):
        return Q()
    where = Q(_shared(user, permission, model, "pk"))
    if folder := _folder_of(model):
        where |= Q(_shared(user, codename(folder, opening(folder, action)), folder, "folder"))
    return where


def reached(user: Any, action: str, model: type[models.Model], name: str) -> Q:
    """The condition that what a field names is something to which the person may do this.

    Nothing is asked where they may do it to all: a list of every key would be walked for each row.
    """
    condition = reach(user, action, model)
    if condition is not None and not condition:
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


def profile_names(user: Any) -> tuple[str, ...]:
    """The names of the person's profiles."""
    return _held(user).names


def profile_slugs(user: Any) -> frozenset[str]:
    """What the person's profiles are called in settings."""
    return _held(user).slugs


def profile_rights(user: Any) -> frozenset[str]:
    """The rights that the person's profiles give, wherever they reach."""
    return _held(user).rights


def covers(user: Any, rights: Collection[str], everywhere: bool) -> bool:
    """Whether the person holds all these rights, and everywhere if that is asked: what they may give to others."""
    if user.is_superuser:
        return user.is_active
    held = _held(user)
    return set(rights) <= (held.everywhere if everywhere else held.rights)


def _shared(user: Any, permission: str, model: type[models.Model], field: str) -> Shared:
    """Whether a field names one of the objects that are shared with the person, or that lie in one that is."""
    return Shared(
        field,
        user=user,
        permission=permission,
        people=get_user_obj_perms_model(model),
        groups=get_group_obj_perms_model(model),
        deep=FOLDERS_DEEP if _nests(model) else 1,
    )


def _folder_of(model: type[models.Model]) -> type[models.Model] | None:
    try:
        return model._meta.get_field("folder").related_model  # type: ignore[return-value]
    except FieldDoesNotExist:
        return None


def _nests(model: type[models.Model]) -> bool:
    return any(field.name == "parent" for field in model._meta.fields)


def opening(folder: Any, action: str) -> str:
    """What has to be shared of a folder for this to be done to what lies in it."""
    return str(folder.OPENS.get(action, folder.OPENS_ALL))


def may_within(user: Any, action: str, model: type[models.Model], folder: models.Model | None) -> bool:
    """Whether the person may do this to whatever lies in a folder; what lies in none is nobody's ground."""
    permission = codename(model, action)
    if not user.has_perm(permission):
        return False
    if folder is None or reaches_everywhere(user, permission):
        return True
    kind = type(folder)
    return kind._default_manager.filter(pk=folder.pk, pk__in=open_to(user, action, model, kind)).exists()


def open_to(user: Any, action: str, model: type[models.Model], folder: Any) -> models.QuerySet:
    """The keys of the folders to whose content the person may do this."""
    permission = codename(model, action)
    if not user.has_perm(permission):
        return folder._default_manager.none().values("pk")
    if reaches_everywhere(user, permission):
        return folder._default_manager.order_by().values("pk")
    opened = _shared(user, codename(folder, opening(folder, action)), folder, "pk")
    return folder._default_manager.filter(opened).order_by().values("pk")


def may(user: Any, action: str, subject: models.Model | type[models.Model]) -> bool:
    """Whether the person may do this to an object, or (for a class) to any."""
    model = subject if isinstance(subject, type) else type(subject)
    permission = codename(model, action)
    if not user.has_perm(permission):
        return False
    if isinstance(subject, type) or not is_shared(model) or reaches_everywhere(user, permission):
        return True
    holder, known = subject.__dict__.get(KNOWN, (None, {}))
    if holder == user.pk and action in known:
        return bool(known[action])
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


def among_each(user: Any, actions: Iterable[str], rows: Iterable[models.Model]) -> dict[str, Collection[Any]]:
    """The same for several actions: still one question, and none where the person may do them everywhere."""
    page, asked = list(rows), list(actions)
    if not page:
        return {action: frozenset() for action in asked}
    model, keys = type(page[0]), frozenset(row.pk for row in page)
    conditions = {action: reach(user, action, model) for action in asked}
    found: dict[str, Collection[Any]] = {
        action: frozenset() if condition is None else keys for action, condition in conditions.items() if not condition
    }
    if open_ones := [action for action in asked if action not in found]:
        names = [f"may_{action}" for action in open_ones]
        marked = model._default_manager.filter(pk__in=keys).annotate(
            **{name: _mark(conditions[action]) for name, action in zip(names, open_ones, strict=True)}
        )
        held = list(marked.values_list("pk", *names))
        for number, action in enumerate(open_ones, start=1):
            found[action] = frozenset(row[0] for row in held if row[number])
    return found


def found_for(user: Any, queryset: Any, **lookup: Any) -> Any:
    """The object if the person may see it, else None."""
    found = _with_rights(queryset.for_user(user, "view").filter(**lookup), user).first()
    if found is not None:
        _note_rights(found, user)
    return found


def marks(user: Any, model: type[models.Model], **names: str) -> dict[str, Any]:
    """Annotations that say of each row whether the person may: ``marks(user, Campaign, may_change="change")``."""
    return {name: _mark(reach(user, action, model)) for name, action in names.items()}


def _mark(condition: Q | None) -> Any:
    if condition is None or not condition:
        return Value(condition is not None, BooleanField())
    return ExpressionWrapper(condition, BooleanField())


def get_for(user: Any, action: str, queryset: Any, **lookup: Any) -> Any:
    """The object: 404 when the person may not even see it, 403 when they may see it but not do this."""
    found = get_object_or_404(_with_rights(queryset.for_user(user, "view"), user), **lookup)
    _note_rights(found, user)
    if action != "view" and not may(user, action, found):
        raise PermissionDenied(why_not(user, action, found))
    return found


KNOWN = "_rights"  # on an object that was fetched for a person: their key, and action -> whether they may


def _with_rights(queryset: Any, user: Any) -> Any:
    """With what the person may do to each object, where that depends on sharing: a page asks several times."""
    model = queryset.model
    if not is_shared(model) or reaches_everywhere(user, codename(model, "view")):
        return queryset
    return queryset.annotate(**marks(user, model, **{f"_may_{each}": each for each in _actions(model)}))


def _note_rights(found: models.Model, user: Any) -> None:
    known = {name: found.__dict__.pop(name) for name in [*found.__dict__] if name.startswith("_may_")}
    if known:
        found.__dict__[KNOWN] = (user.pk, {name.removeprefix("_may_"): held for name, held in known.items()})


def demand(user: Any, action: str, model: type[models.Model]) -> None:
    """Raise PermissionDenied unless the person holds the right at all."""
    if not may(user, action, model):
        raise PermissionDenied(refusal(model, action))


def refusal(model: type[models.Model], action: str) -> str:
    """Why a person may not do this: what is missing, who has it and who gives it, asked for when it is read."""
    return missing_right(codename(model, action))


def missing_right(permission: str) -> str:
    """The same for a right that is about no single object."""
    from .granting import missing  # granting needs the models, the models of every app need this module

    return missing(permission)


def why_not(user: Any, action: str, obj: models.Model) -> str:
    """Why a person who sees an object may not do this to it: a right of their profiles is missing, or it is not shared
    with them so far."""
    permission = codename(type(obj), action)
    if not user.has_perm(permission):
        return missing_right(permission)
    from .granting import not_shared

    return not_shared(permission, obj)


def grant(subject: Any, actions: Iterable[str], obj: models.Model) -> None:
    """Share an object with a person or a group."""
    for permission in _grantable(actions, obj):
        assign_perm(permission, subject, obj)


def revoke(subject: Any, actions: Iterable[str], obj: models.Model) -> None:
    """Take back what was shared; profiles that reach everywhere go on reaching it."""
    for permission in _grantable(actions, obj):
        remove_perm(permission, subject, obj)


def _grantable(actions: Iterable[str], obj: models.Model) -> list[str]:
    obj.__dict__.pop(KNOWN, None)
    if not is_shared(type(obj)):
        raise TypeError(f"{type(obj).__name__} has no tables of object permissions")
    return [codename(type(obj), action) for action in actions]


def shares(obj: models.Model) -> dict[Any, set[str]]:
    """Everybody, people and groups, with whom the object is shared in any way, and the actions it is shared for."""
    return shares_of([obj])[obj.pk]


def shares_of(objects: Iterable[models.Model]) -> dict[Any, dict[Any, set[str]]]:
    """The same for several objects of one kind, by their key: two questions for all."""
    rows = list(objects)
    found: dict[Any, dict[Any, set[str]]] = {obj.pk: {} for obj in rows}
    if not rows:
        return found
    model = type(rows[0])
    actions = {codename(model, action): action for action in _actions(model)}
    for table, kind in ((get_user_obj_perms_model(model), "user"), (get_group_obj_perms_model(model), "group")):
        for row in table.objects.filter(content_object__in=rows).select_related(kind, "permission"):
            action = actions.get(f"{model._meta.app_label}.{row.permission.codename}")
            held = found[row.content_object_id].setdefault(getattr(row, kind), set())
            held.update({action} if action else ())
    return found


def containers(obj: models.Model | None) -> list[models.Model]:
    """The folders that an object lies in, the nearest first; for a folder those that it lies in."""
    found: list[models.Model] = []
    name = "parent" if obj is not None and _nests(type(obj)) else "folder"
    at = getattr(obj, name, None)
    while at is not None and len(found) < FOLDERS_DEEP:
        found.append(at)
        at = at.parent
    return found


def _actions(model: type[models.Model]) -> list[str]:
    own = [code.removesuffix(f"_{model._meta.model_name}") for code, _name in model._meta.permissions]
    return [*model._meta.default_permissions, *own]


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
        where |= _shared_with(_right(codename(folder, opening(folder, action))), folder, within)
    return people.filter(Q(is_superuser=True) | (able & where))


def who_holds(action: str, model: type[models.Model]) -> Any:
    """Everybody who is here and may do this to some object."""
    able = _in_groups(Group.objects.filter(permissions__in=_right(codename(model, action))))
    return get_user_model().objects.filter(Q(is_superuser=True) | able, is_active=True)


def administrators() -> Any:
    """Everybody who is here and may enter the administration."""
    return who_holds("change", get_user_model())


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
