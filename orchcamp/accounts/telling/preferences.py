"""How a person wants to hear of each kind, and when their digest is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from orchcamp.accounts import audit, notifying
from orchcamp.accounts.models import DigestTime, NotificationPreference, User
from orchcamp.accounts.notifying import Kind

from . import digests


@dataclass(frozen=True)
class Ways:
    """By which ways a kind reaches a person."""

    bell: bool
    mail: str


def chosen(person: User) -> dict[str, tuple[Kind, Ways]]:
    """Every kind with the ways that hold for the person."""
    rows = {row.kind: row for row in NotificationPreference.objects.filter(person=person)}
    return {
        slug: (kind, Ways(rows[slug].bell, rows[slug].mail) if slug in rows else Ways(True, str(kind.mail)))
        for slug, kind in notifying.KINDS.items()
    }


def choose(person: User, ways: Mapping[str, Ways], *, hour: int, zone: str, days: str) -> None:
    """Hear of each kind by these ways from now on; what is told already stays as it is."""
    before = {slug: f"{way.mail}, bell {way.bell}" for slug, (_kind, way) in chosen(person).items()}
    after = {slug: f"{way.mail}, bell {way.bell}" for slug, way in ways.items()}
    with transaction.atomic():
        NotificationPreference.objects.bulk_create(
            [
                NotificationPreference(person=person, kind=slug, bell=way.bell, mail=way.mail)
                for slug, way in ways.items()
            ],
            update_conflicts=True,
            unique_fields=["person", "kind"],
            update_fields=["bell", "mail"],
        )
        old = digests.time_of(person)
        DigestTime.objects.update_or_create(person=person, defaults={"hour": hour, "zone": zone, "days": days})
        changes = audit.differences(before, after) | audit.differences(
            {"hour": old.hour, "zone": old.zone, "days": old.days}, {"hour": hour, "zone": zone, "days": days}
        )
        if changes:
            audit.record(person, "changed notifications", person, changes=changes)
