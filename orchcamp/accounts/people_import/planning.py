"""What a file would do, line by line, before anything is done."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from .. import audit
from ..models import User
from . import world
from .reading import Line
from .world import World

CREATE, UPDATE, UNCHANGED, REFUSED = "create", "update", "unchanged", "refused"
EMPTY = "-"  # a cell that takes away what is there; a cell without anything leaves it
YES, NO = frozenset({"yes", "true", "1", "on", "y"}), frozenset({"no", "false", "0", "off", "n"})
TEXTS = ("email", "first_name", "last_name")
LONGEST = {"email": 254, "first_name": 150, "last_name": 150, "group": 150}


class LineRefused(Refused):
    """A line that is not done; the others are."""


@dataclass
class Item:
    """One line, and what would come of it."""

    line: Line
    deed: str
    username: str
    person: User | None = None
    values: dict[str, Any] = field(default_factory=dict)  # field -> what it becomes, where that is something else
    given: set[int] = field(default_factory=set)  # groups that are there
    taken: set[int] = field(default_factory=set)
    new_groups: list[str] = field(default_factory=list)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    sentence: str = ""

    @property
    def number(self) -> int:
        return self.line.number


@dataclass
class Plan:
    items: list[Item]

    @property
    def counts(self) -> Counter[str]:
        return Counter(item.deed for item in self.items)

    @property
    def new_groups(self) -> list[str]:
        return sorted({name for item in self.items for name in item.new_groups})

    @property
    def deeds(self) -> list[Item]:
        return [item for item in self.items if item.deed in {CREATE, UPDATE}]

    @property
    def refused(self) -> list[Item]:
        return [item for item in self.items if item.deed == REFUSED]

    @property
    def digest(self) -> str:
        """Of everything that would be done and refused: two plans that differ in anything differ in it."""
        told = [[item.number, item.deed, item.username, item.changes, item.sentence] for item in self.items]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def plan(lines: list[Line], *, by: User, lock: bool = False) -> Plan:
    here = world.look([line.get("username") or "" for line in lines], by=by, lock=lock)
    seen: dict[str, int] = {}
    return Plan([_item(line, here, seen, by) for line in lines])


def _item(line: Line, here: World, seen: dict[str, int], by: User) -> Item:
    username = line.get("username") or ""
    try:
        return _understood(line, username, here, seen, by)
    except LineRefused as refusal:
        return Item(line, REFUSED, username, sentence=str(refusal))
    except ValidationError as refusal:
        return Item(line, REFUSED, username, sentence=" ".join(refusal.messages))


def _understood(line: Line, username: str, here: World, seen: dict[str, int], by: User) -> Item:
    if line.surplus:
        raise LineRefused(
            _("The line has more cells than the first line has columns; put quotes around cells with commas.")
        )
    person = _person(line, username, here, seen)
    if person is not None and person.is_superuser and not by.is_superuser:
        raise LineRefused(_("“%(name)s” is a superuser, whom only another superuser may change.") % {"name": username})
    item = Item(line, UPDATE if person else CREATE, username, person)
    fresh = person or User(username=username)
    _texts(item, fresh)
    _active(item, fresh, by)
    _groups(item, here)
    _demand_an_administrator(item, here)
    item.changes = _changes(item, fresh, here)
    if person and not item.changes:
        item.deed = UNCHANGED
    item.sentence = _told(item)
    return item


def _person(line: Line, username: str, here: World, seen: dict[str, int]) -> User | None:
    if not username:
        raise LineRefused(_("The username is missing: it is the name by which the person signs in."))
    User._meta.get_field("username").run_validators(username)
    if len(username) > 150:
        raise LineRefused(_("The username is longer than 150 characters."))
    names, lowered = {"name": username}, username.lower()
    if lowered in seen:
        raise LineRefused(_("“%(name)s” stands in line %(n)d already.") % {**names, "n": seen[lowered]})
    seen[lowered] = line.number
    person = here.people.get(lowered)
    if person is not None and person.username != username:
        raise LineRefused(
            _("“%(name)s” differs from “%(other)s”, who is here, in case only; write it in the same way.")
            % {**names, "other": person.username}
        )
    return person


def _texts(item: Item, fresh: User) -> None:
    for name in TEXTS:
        cell = item.line.get(name)
        if not cell:
            continue
        value = "" if cell == EMPTY else cell
        if len(value) > LONGEST[name]:
            raise LineRefused(_("%(column)s is longer than %(n)d characters.") % {"column": name, "n": LONGEST[name]})
        if name == "email" and value:
            try:
                validate_email(value)
            except ValidationError:
                raise LineRefused(_("“%(value)s” is no mail address.") % {"value": value[:80]}) from None
        if value != getattr(fresh, name):
            item.values[name] = value


def _active(item: Item, fresh: User, by: User) -> None:
    cell = (item.line.get("active") or "").lower()
    if not cell:
        return
    if cell not in YES | NO:
        raise LineRefused(_("active is yes or no, not “%(value)s”.") % {"value": cell[:40]})
    active = cell in YES
    if not active and fresh.pk == by.pk:
        raise LineRefused(_("This is you: another administrator can deactivate you."))
    if active != fresh.is_active:
        item.values["is_active"] = active


def _groups(item: Item, here: World) -> None:
    held = here.memberships.get(item.person.pk, set()) if item.person else set()
    wanted = set(held)
    if (names := _names(item.line.get("profiles"))) is not None:
        wanted = (wanted - here.profile_groups) | {_profile(name, here, held) for name in names}
    if (names := _names(item.line.get("groups"))) is not None:
        found = {name: _group(name, here) for name in names}
        item.new_groups = sorted(name for name, pk in found.items() if pk is None)
        wanted = (wanted & (here.profile_groups | here.powerful)) | {pk for pk in found.values() if pk is not None}
    item.given, item.taken = wanted - held, held - wanted


def _names(cell: str | None) -> list[str] | None:
    """None for what is to stay as it is."""
    if not cell:
        return None
    return [] if cell == EMPTY else list(dict.fromkeys(part.strip() for part in cell.split(";") if part.strip()))


def _profile(name: str, here: World, held: set[int]) -> int:
    profile = here.profiles.get(name.lower())
    if profile is None:
        known = sorted({profile.label for profile in here.profiles.values()})
        raise LineRefused(
            _("There is no product profile “%(name)s”; there are %(known)s.")
            % {"name": name[:60], "known": get_text_list(known[:20], _("and"))}
        )
    if profile.group_id not in here.grantable | held:
        raise LineRefused(
            _("You may not give the profile “%(name)s”: it has rights that you do not have.") % {"name": profile.label}
        )
    return profile.group_id


def _group(name: str, here: World) -> int | None:
    """None for a group that is made by this."""
    if name.lower() in here.profiles:
        raise LineRefused(_("“%(name)s” is a product profile: write it into the column profiles.") % {"name": name})
    if len(name) > LONGEST["group"]:
        raise LineRefused(_("A group's name has at most %(n)d characters.") % {"n": LONGEST["group"]})
    group = here.groups.get(name)
    if group is not None and group.pk in here.powerful:
        raise LineRefused(
            _("The group “%(name)s” holds rights of its own: it is not given by a file.") % {"name": name}
        )
    return group.pk if group else None


def _demand_an_administrator(item: Item, here: World) -> None:
    """At least one stays, whatever the order of the lines."""
    if item.person is None or item.person.pk not in here.administrators:
        return
    if here.administrator in item.taken or item.values.get("is_active") is False:
        if len(here.administrators) == 1:
            raise LineRefused(_("This is the last administrator: give another person the profile first."))
        here.administrators.discard(item.person.pk)


def _changes(item: Item, fresh: User, here: World) -> dict[str, list[Any]]:
    before = {name: getattr(fresh, name) for name in item.values}
    changes = audit.differences(before, item.values)
    held = here.memberships.get(item.person.pk, set()) if item.person else set()
    after = (held | item.given) - item.taken
    for name, these in (("profiles", here.profile_groups), ("groups", here.names.keys() - here.profile_groups)):
        was = sorted(here.names[pk] for pk in held & these)
        becomes = sorted([here.names[pk] for pk in after & these] + (item.new_groups if name == "groups" else []))
        if was != becomes:
            changes[name] = [was, becomes]
    return changes


def _told(item: Item) -> str:
    if item.deed == UNCHANGED:
        return _("Nothing to change.")
    parts = []
    for name, (before, after) in item.changes.items():
        new = _shown(after)
        parts.append(f"{name}: {new}" if item.deed == CREATE else f"{name}: {_shown(before)} → {new}")
    return "; ".join(parts) or _("Without a profile they see nothing yet.")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return (", ".join(value) if isinstance(value, list) else str(value)) or "–"
