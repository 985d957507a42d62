"""What is here already that the lines of a file are about: people, their groups, and what may be given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Count
from django.db.models.functions import Lower

from .. import access
from ..models import ProductProfile, User
from ..roles import ADMINISTRATOR

CHUNK = 500
Membership = User.groups.through


@dataclass
class World:
    people: dict[str, User]  # lower-case name -> person
    memberships: dict[int, set[int]]  # person -> groups
    profiles: dict[str, ProductProfile]  # label and slug, lower case
    groups: dict[str, Group]  # those that are no profile, by name
    powerful: set[int]  # groups that are no profile, but hold rights
    names: dict[int, str]
    profile_groups: set[int]
    grantable: set[int]  # groups of the profiles that may be given
    administrator: int
    administrators: set[int] = field(default_factory=set)  # people who are active and have that profile


def look(usernames: Iterable[str], *, by: Any, lock: bool = False) -> World:
    """A few queries, whatever the number of lines."""
    lowered = sorted({name.lower() for name in usernames if name})
    people: dict[str, User] = {}
    for chunk in chunks(lowered):
        rows = User.objects.alias(lower_name=Lower("username")).filter(lower_name__in=chunk).order_by("pk")
        for person in rows.select_for_update() if lock else rows:
            people.setdefault(person.username.lower(), person)
    memberships: dict[int, set[int]] = {}
    for chunk in chunks([person.pk for person in people.values()]):
        for person_id, group_id in Membership.objects.filter(user_id__in=chunk).values_list("user_id", "group_id"):
            memberships.setdefault(person_id, set()).add(group_id)
    profiles = list(ProductProfile.objects.select_related("group").prefetch_related("group__permissions__content_type"))
    plain = list(Group.objects.filter(profile=None).annotate(rights=Count("permissions")))
    administrator = next((profile.group_id for profile in profiles if profile.slug == ADMINISTRATOR), 0)
    active = User.objects.filter(is_active=True, groups=administrator)
    return World(
        people=people,
        memberships=memberships,
        profiles={name.lower(): profile for profile in profiles for name in (profile.slug, profile.label)},
        groups={group.name: group for group in plain},
        powerful={group.pk for group in plain if group.rights},
        names={group.pk: group.name for group in [*plain, *(profile.group for profile in profiles)]},
        profile_groups={profile.group_id for profile in profiles},
        grantable={profile.group_id for profile in profiles if may_give(by, profile)},
        administrator=administrator,
        administrators=set(active.values_list("pk", flat=True)),
    )


def may_give(by: Any, profile: ProductProfile) -> bool:
    """Nobody gives a right that they do not have, nor further than they reach."""
    rights = profile.group.permissions.all()
    return access.covers(by, {f"{row.content_type.app_label}.{row.codename}" for row in rights}, profile.everywhere)


def chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for place in range(0, len(rows), CHUNK):
        yield rows[place : place + CHUNK]
