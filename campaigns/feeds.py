"""The calendar as other programs read it: a secret address for each person, and RFC 5545 text."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from orchcamp.accounts.models import User
from orchcamp.web.numbers import whole

from . import calendars
from .calendars import Launch
from .models import CalendarFeed, Campaign

BEHIND, AHEAD = timedelta(days=92), timedelta(days=400)
LONGEST = 75  # octets of a line, its end not counted
LASTS = timedelta(hours=1)  # what a launch takes in the calendar of others until it has ended
STATUS = {
    "scheduled": "CONFIRMED",
    "live": "CONFIRMED",
    "approved": "CONFIRMED",
    "draft": "TENTATIVE",
    "in_review": "TENTATIVE",
}


# --- The secret --------------------------------------------------------------------------------------


def renew(user: User) -> str:
    """Give the person an address, or another one: the old leads nowhere from then on."""
    CalendarFeed.objects.update_or_create(user=user, defaults={"secret": secrets.token_hex(32)})
    return token(user)


def revoke(user: User) -> None:
    CalendarFeed.objects.filter(user=user).delete()


def token(user: User) -> str:
    """The token of the person's address; empty when they have none. Not to be made from the database alone."""
    feed = CalendarFeed.objects.filter(user=user).first()
    return _token(feed) if feed else ""


def _token(feed: CalendarFeed) -> str:
    return f"{feed.user_id}-{salted_hmac('campaigns.feeds', feed.secret, algorithm='sha256').hexdigest()}"


def owner(given: str) -> User | None:
    """Whose token it is, as long as it is good and the person may still sign in."""
    number = whole(given.partition("-")[0])
    feed = CalendarFeed.objects.filter(user=number, user__is_active=True).select_related("user").first()
    return feed.user if feed and constant_time_compare(_token(feed), given) else None


def address(user: User) -> str:
    """The whole address for other programs; empty when the person has none."""
    found = token(user)
    return f"{settings.BASE_URL}{reverse('campaigns:feed')}?token={found}" if found else ""


# --- The text ----------------------------------------------------------------------------------------


def text(user: User) -> str:
    """The launches that the person sees, of three months back and a year ahead."""
    now = timezone.now()
    seen = Campaign.objects.for_user(user).active()
    found = calendars.between(seen, now - BEHIND, now + AHEAD)
    more = {pk: About(*rest) for pk, *rest in seen.values_list("pk", *About._fields)}
    return written([launch for launch in found if launch.campaign.pk in more], more)  # else it went in between


class About(NamedTuple):
    """What an event tells of a campaign besides what the calendar shows."""

    description: str
    tags: list[str]
    modified_at: datetime


def written(found: Iterable[Launch], more: dict[int, About]) -> str:
    """The launches as a calendar; ``more`` is about each of their campaigns, by its key."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Orchcamp//Calendar of campaigns//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:Orchcamp",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        *(line for launch in found for line in _event(launch, more[launch.campaign.pk])),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}\r\n" for line in lines)


def _event(launch: Launch, more: About) -> list[str]:
    campaign, run = launch.campaign, launch.run
    end = run.finished_at if run and run.finished_at else launch.at + LASTS
    about = [launch.label, f"{campaign.dimension} · {campaign.timezone}", more.description]
    page = (
        reverse("campaigns:run", args=[campaign.slug, run.pk])
        if run
        else reverse("campaigns:canvas", args=[campaign.slug])
    )
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_uid(launch)}@{_host()}",
        f"DTSTAMP:{stamp(more.modified_at)}",
        f"LAST-MODIFIED:{stamp(more.modified_at)}",
        f"DTSTART:{stamp(launch.at)}",
        f"DTEND:{stamp(max(end, launch.at + timedelta(minutes=1)))}",
        f"SUMMARY:{escaped(f'{campaign.name} ({launch.label})')}",
        f"DESCRIPTION:{escaped(chr(10).join(filter(None, about)))}",
        f"URL:{settings.BASE_URL}{page}",
        f"STATUS:{_status(launch)}",
        "TRANSP:TRANSPARENT",
    ]
    if more.tags:
        lines.append(f"CATEGORIES:{','.join(escaped(tag) for tag in more.tags)}")
    return [*lines, "END:VEVENT"]


def _uid(launch: Launch) -> str:
    """The same for the same launch each time: one that is moved keeps it, one of many has its own."""
    if launch.run is not None:
        return f"run-{launch.run.pk}"
    return f"campaign-{launch.campaign.pk}" + (f"-{stamp(launch.at)}" if launch.repeats else "")


def _status(launch: Launch) -> str:
    if launch.run is not None:
        return "CANCELLED" if launch.state == "stopped" else "CONFIRMED"
    return STATUS.get(launch.campaign.status, "TENTATIVE")


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "orchcamp"


def stamp(moment: datetime) -> str:
    """A moment in UTC, as the format writes it."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def escaped(value: str) -> str:
    """A text value: what would end it is written otherwise, and control characters are left out."""
    value = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", value.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"([\\;,])", r"\\\1", value).replace("\n", "\\n")


def folded(line: str) -> str:
    """A line in pieces of at most 75 octets, none of which cuts a character in two."""
    pieces, size = [""], 0
    for character in line:
        width = len(character.encode())
        if size + width > LONGEST:
            pieces.append(" ")
            size = 1
        pieces[-1] += character
        size += width
    return "\r\n".join(pieces)
