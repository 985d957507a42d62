"""The digest: one letter a person and day, at the hour of the person's own clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as of_day
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q

from orchcamp.accounts.models import DigestTime, Letter, Notification, User

P = Notification.Plan
SLICE = 2.0  # seconds of one look: the next one goes on
SATURDAY = 5


def time_of(person: User) -> DigestTime:
    """When a person's digest is written: as they set it, else in the morning of the installation's clock."""
    found = DigestTime.objects.filter(person=person).first()
    return found or DigestTime(person=person, zone=settings.TIME_ZONE)


def last_moment(when: DigestTime, now: datetime) -> tuple[date, datetime]:
    """The day of the digest that came last, and its moment.

    Where the clocks leap over the hour it is when they have leapt; an hour that comes twice counts the first time.
    """
    zone = _zone(when.zone)
    day = now.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, of_day(when.hour), tzinfo=zone).astimezone(UTC)
        if moment <= now and not (when.days == DigestTime.Days.WEEKDAYS and day.weekday() >= SATURDAY):
            return day, moment
        day -= timedelta(days=1)


def next_moment(when: DigestTime, now: datetime) -> datetime:
    """When the next digest is written."""
    zone = _zone(when.zone)
    day = now.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, of_day(when.hour), tzinfo=zone).astimezone(UTC)
        if moment > now and not (when.days == DigestTime.Days.WEEKDAYS and day.weekday() >= SATURDAY):
            return moment.astimezone(zone)
        day += timedelta(days=1)


def gather(now: datetime) -> int:
    """Make the digests that are due into letters; how many. What was read in the meantime needs no mail."""
    Notification.objects.filter(mail=P.DIGEST, bell=True, read_at__isnull=False).update(mail=P.READ)
    until, made = time.monotonic() + SLICE, 0
    for person, day, moment in _due(now):
        made += _make(person, day, moment)
        if time.monotonic() > until:
            break
    return made


def _due(now: datetime) -> Iterator[tuple[int, date, datetime]]:
    """Who has something in a digest whose moment has come, and no letter for that day yet."""
    waiting = Notification.objects.filter(mail=P.DIGEST).order_by()
    first = dict(waiting.values_list("person").annotate(Min("at")))
    if not first:
        return
    chosen = DigestTime.objects.filter(person__in=waiting.values("person")).in_bulk(field_name="person_id")
    usual = DigestTime(zone=settings.TIME_ZONE)
    found = {pk: last_moment(chosen.get(pk, usual), now) for pk in first}
    due = {pk: when for pk, when in found.items() if first[pk] <= when[1]}
    days = {day for day, _moment in due.values()}
    have = set(Letter.objects.filter(day__in=days).values_list("person", "day"))
    for pk, (day, moment) in due.items():
        if (pk, day) not in have:
            yield pk, day, moment


def _make(person: int, day: date, moment: datetime) -> bool:
    """The digest of one person and day; False where another worker was faster."""
    with transaction.atomic():
        letter, new = Letter.objects.get_or_create(person_id=person, day=day)
        if not new:
            return False
        told = Notification.objects.filter(Q(at__lte=moment), person=person, mail=P.DIGEST)
        if not told.update(letter=letter, mail=P.GATHERED):  # read, or taken away, just now
            letter.delete()
            return False
    return True


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):
        return ZoneInfo("UTC")
