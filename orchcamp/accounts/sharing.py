"""Sharing of single objects with people and groups, each at one level; and everybody who reaches one, and why.

Each application declares what of its own can be shared, and at which levels (``declare``). What a level lets a person
do is *where*; *what* remains the matter of their profiles (docs/adr/0029).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count, Model, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from . import access, audit
from .models import ProductProfile, User


class SharingError(Refused):
    """Something about a share that cannot be done."""


@dataclass(frozen=True)
class Level:
    """How far a share reaches; ``mark`` is the action by which the level is known again."""

    slug: str
    label: str | Promise
    mark: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """What can be shared: its levels, the lowest first, and what it is called."""

    model: type[Model]
    levels: tuple[Level, ...]
    owner: tuple[str, ...]  # the actions that its owner has
    only_owner: str | Promise  # who shares it, as a sentence
    inherited: str | Promise = ""  # what else it opens, as a sentence

    def level(self, slug: str) -> Level:
        return next(level for level in self.levels if level.slug == slug)

    def level_of(self, actions: Iterable[str]) -> Level | None:
        """The highest level whose mark is among the actions."""
        held = set(actions)
        return next((level for level in reversed(self.levels) if level.mark in held), None)


_kinds: dict[type[Model], Kind] = {}


def declare(kind: Kind) -> Kind:
    """Have objects of a kind shared; called when the applications are ready."""
    return _kinds.setdefault(kind.model, kind)


def kinds() -> list[Kind]:
    """Everything that can be shared, by name."""
    return sorted(_kinds.values(), key=lambda kind: str(kind.model._meta.label_lower))


def kind_of(obj: Model | type[Model]) -> Kind:
    return _kinds[obj if isinstance(obj, type) else type(obj)]


@dataclass(frozen=True)
class Share:
    """One person or group that reaches an object, by a share of it or of a folder that it lies in."""

    subject: User | Group
    level: Level
    is_owner: bool = False
    folder: Model | None = None  # through which
    powerless: bool = False  # no profile of theirs lets them see such objects

    @property
    def is_group(self) -> bool:
        return isinstance(self.subject, Group)

    @property
    def key(self) -> str:
        return f"{'group' if self.is_group else 'person'}-{self.subject.pk}"


@dataclass(frozen=True)
class Wide:
    """A profile that reaches everywhere, and how many people it lets in."""

    profile: str
    level: Level
    people: int


@dataclass(frozen=True)
class Reach:
    """Everybody who reaches an object, and why."""

    shares: list[Share] = field(default_factory=list)
    inherited: list[Share] = field(default_factory=list)
    wide: list[Wide] = field(default_factory=list)
    superusers: list[User] = field(default_factory=list)


def may_share(user: Any, obj: Any) -> bool:
    """Its owner and administrators share an object, as long as they may change it."""
    owns = obj.owner_id is not None and obj.owner_id == user.pk
    return (owns or access.administers(user)) and access.may(user, "change", obj)


def give_owner(obj: Any, owner: Any) -> None:
    """Let whoever owns an object reach it, whatever their profiles reach."""
    if owner is not None:
        access.grant(owner, kind_of(obj).owner, obj)


# --- Who reaches it --------------------------------------------------------------------------------------


def shares(obj: Any) -> list[Share]:
    """Those with whom the object itself is shared: the owner first, then people, then groups, each by name."""
    return _sorted(_shares(obj, access.shares(obj)))


def through_folders(obj: Any) -> list[Share]:
    """Those who reach the object because a folder that it lies in is shared with them, at their highest level."""
    folders = access.containers(obj)
    return _through(kind_of(obj), folders, access.shares_of(folders))


def reach(obj: Any) -> Reach:
    """Everybody who reaches an object."""
    direct, inherited = shares(obj), through_folders(obj)
    able = _able(type(obj), [share.subject for share in (*direct, *inherited)])
    return Reach(
        [_with_power(share, able) for share in direct],
        [_with_power(share, able) for share in inherited],
        _wide(kind_of(obj)),
        list(User.objects.filter(is_superuser=True, is_active=True).order_by("username")),
    )


def _shares(obj: Any, found: dict[Any, set[str]]) -> list[Share]:
    kind = kind_of(obj)
    return [
        Share(subject, level, is_owner=isinstance(subject, User) and subject.pk == obj.owner_id)
        for subject, actions in found.items()
        if (level := kind.level_of(actions))
    ]


def _through(kind: Kind, folders: list[Model], found: dict[Any, dict[Any, set[str]]]) -> list[Share]:
    best: dict[Any, Share] = {}
    order = {level.slug: place for place, level in enumerate(kind.levels)}
    for folder in folders:
        for share in _shares(folder, found[folder.pk]):
            known = best.get(share.subject)
            if known is None or order[share.level.slug] > order[known.level.slug]:
                best[share.subject] = Share(share.subject, kind.level(share.level.slug), folder=folder)
    return _sorted(best.values())


def _sorted(found: Iterable[Share]) -> list[Share]:
    return sorted(found, key=lambda share: (not share.is_owner, share.is_group, str(share.subject).casefold()))


def _seeing(model: type[Model], prefix: str) -> Q:
    app, code = access.codename(model, "view").split(".")
    return Q(**{f"{prefix}content_type__app_label": app, f"{prefix}codename": code})


def _able(model: type[Model], subjects: Iterable[Any]) -> set[Any]:
    """Those of these whose profiles let them see such objects at all; a group's members may have other profiles."""
    people = [subject.pk for subject in subjects if isinstance(subject, User)]
    able = User.objects.filter(_seeing(model, "groups__permissions__") | Q(is_superuser=True), pk__in=people)
    return {*able, *(subject for subject in subjects if isinstance(subject, Group))}


def _with_power(share: Share, able: set[Any]) -> Share:
    return share if share.subject in able else replace(share, powerless=True)


def _wide(kind: Kind) -> list[Wide]:
    """The profiles that reach everywhere and see such objects, with the level that their rights come to."""
    held = ProductProfile.objects.filter(_seeing(kind.model, "group__permissions__"), everywhere=True)
    active = Count("group__user", filter=Q(group__user__is_active=True), distinct=True)
    found = held.annotate(people=active).order_by("-built_in", "pk").prefetch_related("group__permissions")
    codes = {access.codename(kind.model, level.mark).split(".")[1]: level.mark for level in kind.levels}
    rows = []
    for profile in found:
        marks = {codes[row.codename] for row in profile.group.permissions.all() if row.codename in codes}
        if level := kind.level_of(marks):
            rows.append(Wide(profile.label, level, profile.people))
    return rows


# --- Sharing ---------------------------------------------------------------------------------------------


def shared_with(obj: Any, key: str) -> Share:
    """The share that a button on the page names."""
    found = next((share for share in shares(obj) if share.key == key), None)
    if found is None:
        raise SharingError(_("“%(name)s” is not shared with them any more.") % {"name": obj})
    return found


def share(obj: Any, subject: User | Group, level: Level, *, by: User) -> None:
    """Share the object at exactly this level."""
    _demand_other_than_owner(obj, subject)
    kind = kind_of(obj)
    with transaction.atomic():
        before = _level_now(obj, subject)
        access.revoke(subject, [action for action in kind.owner if action not in level.actions], obj)
        access.grant(subject, level.actions, obj)
        changes = {str(subject): [before, level.slug]}
        audit.record(by, "shared", obj, subject=str(subject), level=level.slug, changes=changes)


def unshare(obj: Any, subject: User | Group, *, by: User) -> None:
    """Share the object with this person or group no more."""
    _demand_other_than_owner(obj, subject)
    with transaction.atomic():
        changes = {str(subject): [_level_now(obj, subject), None]}
        access.revoke(subject, kind_of(obj).owner, obj)
        audit.record(by, "stopped sharing", obj, subject=str(subject), changes=changes)


def _level_now(obj: Any, subject: User | Group) -> str | None:
    level = kind_of(obj).level_of(access.shares(obj).get(subject, ()))
    return level.slug if level else None


def _demand_other_than_owner(obj: Any, subject: User | Group) -> None:
    if isinstance(subject, User) and subject.pk == obj.owner_id:
        raise SharingError(_("%(name)s owns “%(what)s” and always reaches it.") % {"name": subject, "what": obj})


# --- Moving ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Turn:
    """Whom a move to another folder lets in, and whom it shuts out."""

    gained: list[Share]
    lost: list[Share]

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)


def turn(objects: Iterable[Any], folder: Model | None) -> Turn:
    """What a move of some objects of one kind into a folder would change, for those who reach not everything anyhow."""
    rows = list(objects)
    if not rows:
        return Turn([], [])
    kind, target = kind_of(rows[0]), [folder, *access.containers(folder)] if folder is not None else []
    places = {obj.pk: access.containers(obj) for obj in rows}
    every = {each.pk: each for chain in (*places.values(), target) for each in chain}
    found, own = access.shares_of(every.values()), access.shares_of(rows)
    gained: dict[Any, Share] = {}
    lost: dict[Any, Share] = {}
    there = {share.subject: share for share in _through(kind, target, found)}
    order = {level.slug: place for place, level in enumerate(kind.levels)}
    for obj in rows:
        here = {share.subject: share for share in _through(kind, places[obj.pk], found)}
        direct = {share.subject: share for share in _shares(obj, own[obj.pk])}
        for subject in {*here, *there}:
            before = max((order[s[subject].level.slug] for s in (here, direct) if subject in s), default=-1)
            after = max((order[s[subject].level.slug] for s in (there, direct) if subject in s), default=-1)
            if after > before:
                gained[subject] = there[subject]
            elif after < before:
                lost[subject] = here[subject]
    return Turn(_sorted(gained.values()), _sorted(lost.values()))
