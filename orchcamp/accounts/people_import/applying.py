"""Keeping a file while it is looked through, and doing exactly what was looked through."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from .. import audit, forgetting, signed_in_list
from ..models import PeopleImport, User
from . import planning, reading
from .planning import CREATE, Item, Plan
from .world import CHUNK, Membership


class NotApplied(Refused):
    """A file that was not applied: nothing of it was."""


@dataclass(frozen=True)
class Applied:
    created: list[User]
    changed: int
    refused: int


def keep(content: bytes, name: str, *, by: User) -> PeopleImport:
    """Raises reading.FileRefused for what is no file of people."""
    text = reading.text_of(content, name)
    reading.read(text, name)
    forgetting.forget_files()
    return PeopleImport.objects.create(by=by, name=name[:120], text=text)


def plan(found: PeopleImport, *, by: User, lock: bool = False) -> Plan:
    return planning.plan(reading.read(found.text, found.name), by=by, lock=lock)


def apply(found: PeopleImport, digest: str, *, by: User) -> Applied:
    """Do what the plan of this digest says, all or nothing, once. Raises NotApplied."""
    try:
        with transaction.atomic():
            if not PeopleImport.objects.filter(pk=found.pk, by=by, applied_at=None).update(applied_at=timezone.now()):
                raise NotApplied(_("This file was applied already."))
            made = plan(found, by=by, lock=True)
            if made.digest != digest:
                raise NotApplied(
                    _(
                        "People were changed since you looked through this: nothing was done. Look again at what would be."
                    )
                )
            applied = _apply(made, by)
            PeopleImport.objects.filter(pk=found.pk).update(text="")
            return applied
    except IntegrityError:
        raise NotApplied(
            _("Somebody else added one of these people at the same moment: nothing was done. Look again.")
        ) from None


def _apply(made: Plan, by: User) -> Applied:
    groups = {name: Group.objects.get_or_create(name=name)[0] for name in made.new_groups}
    for name in groups:
        audit.record(by, "created", groups[name], by="file")
    created = [_fresh(item) for item in made.deeds if item.deed == CREATE]
    User.objects.bulk_create(created, batch_size=CHUNK)
    changed = [item for item in made.deeds if item.deed != CREATE]
    for item in changed:
        if item.values:
            User.objects.filter(pk=item.person.pk).update(**item.values)  # type: ignore[union-attr]
    new = iter(created)
    people = [(item, next(new) if item.deed == CREATE else item.person) for item in made.deeds]
    _join(people, groups)
    for item, person in people:
        audit.record(by, "created" if item.deed == CREATE else "changed", person, by="file", changes=item.changes)
        if item.values.get("is_active") is False and item.deed != CREATE:
            signed_in_list.end_all(person, by=by, why="deactivated")  # type: ignore[arg-type]
    return Applied(created, len(changed), len(made.refused))


def _fresh(item: Item) -> User:
    person = User(username=item.username, **item.values)
    person.set_unusable_password()
    return person


def _join(people: list[tuple[Item, User | None]], groups: dict[str, Group]) -> None:
    rows = []
    for item, person in people:
        joined = item.given | {groups[name].pk for name in item.new_groups}
        rows += [Membership(user_id=person.pk, group_id=pk) for pk in joined]  # type: ignore[union-attr]
        if item.taken:
            Membership.objects.filter(user_id=person.pk, group_id__in=item.taken).delete()  # type: ignore[union-attr]
    Membership.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
