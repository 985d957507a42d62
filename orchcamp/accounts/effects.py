"""What a person may do by which of their profiles, and what a change of a profile would change for how many people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import QuerySet

from .models import ProductProfile, User
from .roles import BY_CODE, RIGHTS, Right

Reach = dict[str, bool]  # right -> whether it reaches everywhere


@dataclass(frozen=True)
class Source:
    """A profile that gives a right."""

    profile: str
    everywhere: bool


@dataclass(frozen=True)
class Effective:
    """A right that a person has, with where it comes from and how far it reaches."""

    right: Right
    sources: tuple[Source, ...]

    @property
    def everywhere(self) -> bool:
        return any(source.everywhere for source in self.sources)


def effective(person: User) -> list[Effective]:
    """The rights of a person, in the order of the table, each with the profiles that give it."""
    found: dict[str, list[Source]] = {}
    for group in _with_rights(person.groups.order_by("name")):
        source = Source(group.name, _everywhere(group))
        for code in _codes(group):
            found.setdefault(code, []).append(source)
    return [Effective(right, tuple(found[right.code])) for right in RIGHTS if right.code in found]


@dataclass
class Effect:
    """Right → how many people get it, lose it, reach everything with it from now on, or only what is shared."""

    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    widened: Counter[str] = field(default_factory=Counter)
    narrowed: Counter[str] = field(default_factory=Counter)
    people: int = 0  # for how many anything changes

    def __bool__(self) -> bool:
        return bool(self.people)

    def told(self, name: str) -> list[tuple[Right, int]]:
        """One of the four, in the order of the table."""
        counted: Counter[str] = getattr(self, name)
        return [(right, counted[right.code]) for right in RIGHTS if counted[right.code]]

    def note(self, before: Reach, after: Reach) -> None:
        """Count one person."""
        if before == after:
            return
        self.people += 1
        self.gained.update(after.keys() - before.keys())
        self.lost.update(before.keys() - after.keys())
        for code in before.keys() & after.keys():
            if before[code] != after[code]:
                (self.widened if after[code] else self.narrowed)[code] += 1


def effect(profile: ProductProfile, *, rights: Iterable[str], everywhere: bool, members: Collection[User]) -> Effect:
    """What it would change if the profile had these rights, this reach and these members."""
    group, wanted = profile.group, {code: everywhere for code in rights if code in BY_CODE}
    (known,) = _with_rights(Group.objects.filter(pk=group.pk))
    had = dict.fromkeys(_codes(known), ProductProfile.objects.get(pk=profile.pk).everywhere)
    after = {person.pk for person in members}
    people = User.objects.filter(pk__in=after) | User.objects.filter(groups=group)
    found, others = Effect(), _others(group)
    for person in people.filter(is_active=True).distinct().prefetch_related("groups"):
        held = [other.pk for other in person.groups.all()]
        besides = [others[pk] for pk in held if pk in others]
        before = _union([*besides, *([had] if group.pk in held else [])])
        found.note(before, _union([*besides, *([wanted] if person.pk in after else [])]))
    return found


def _others(group: Group) -> dict[Any, Reach]:
    rows = _with_rights(Group.objects.exclude(pk=group.pk))
    return {row.pk: dict.fromkeys(_codes(row), _everywhere(row)) for row in rows}


def _union(parts: Iterable[Reach]) -> Reach:
    found: Reach = {}
    for part in parts:
        for code, everywhere in part.items():
            found[code] = found.get(code, False) or everywhere
    return found


def _with_rights(groups: QuerySet[Group]) -> QuerySet[Group]:
    return groups.select_related("profile").prefetch_related("permissions__content_type")


def _everywhere(group: Group) -> bool:
    profile = getattr(group, "profile", None)
    return profile is not None and profile.everywhere


def _codes(group: Group) -> list[str]:
    codes = [f"{row.content_type.app_label}.{row.codename}" for row in group.permissions.all()]
    return [code for code in codes if code in BY_CODE]
