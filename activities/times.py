"""Moments and durations as settings hold them: in the campaign's zone, daylight saving included."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .fields import MomentField, NumberField
from .forms import SettingsForm
from .populations import ActivityError

UNITS = ("seconds", "minutes", "hours", "days")
UNIT_CHOICES = [
    ("seconds", gettext_lazy("seconds")),
    ("minutes", gettext_lazy("minutes")),
    ("hours", gettext_lazy("hours")),
    ("days", gettext_lazy("days")),
]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_CHOICES = [(name, WEEKDAYS[place]) for place, name in enumerate(DAYS)]
LONGEST = timedelta(days=366)


def is_short(value: float, unit: str) -> bool:
    """Whether a duration is one that a run may wait."""
    return value * timedelta(**{unit: 1}).total_seconds() <= LONGEST.total_seconds()


def duration(value: Any, unit: Any) -> timedelta:
    """How long. Raises ActivityError for what is no duration."""
    if not isinstance(value, int | float) or unit not in UNITS or not is_short(value, unit):
        raise ActivityError(_("Write how long to wait."))
    return timedelta(**{unit: value})


def moment(text: Any, zone: str) -> datetime:
    """A moment as it is stored; without zone it is the campaign's. Raises ActivityError."""
    try:
        found = datetime.fromisoformat(text or "")
    except (TypeError, ValueError):
        raise ActivityError(_("Choose the date and time to go on.")) from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def next_weekday(day: str, hour: time, zone: str, after: datetime) -> datetime:
    """The next time, later than ``after``, that it is this hour of this weekday in the zone.

    An hour that the clocks leave out in spring comes as much later as they are put forward; one that comes twice in
    autumn is the first of both.
    """
    local = after.astimezone(ZoneInfo(zone))
    date = local.date() + timedelta(days=(DAYS.index(day) - local.weekday()) % 7)
    found = datetime.combine(date, hour, ZoneInfo(zone))
    is_over = found.astimezone(UTC) <= after.astimezone(UTC)  # moments, not what clocks show
    return datetime.combine(date + timedelta(days=7), hour, ZoneInfo(zone)) if is_over else found


def in_words(value: float, unit: str) -> str:
    """“3 days”, in the reader's language."""
    many = 1 if value == 1 else 2
    words = {
        "seconds": ngettext("{n} second", "{n} seconds", many),
        "minutes": ngettext("{n} minute", "{n} minutes", many),
        "hours": ngettext("{n} hour", "{n} hours", many),
        "days": ngettext("{n} day", "{n} days", many),
    }
    return words[unit].format(n=value)


def moment_in_words(text: Any) -> str:
    """A stored moment for readers; "" while it is none."""
    try:
        return date_format(datetime.fromisoformat(text or ""), "j F Y, H:i")
    except (TypeError, ValueError):
        return ""


class ExpiryForm(SettingsForm):
    """A time limit: what is not answered by then goes on through its own port."""

    shown_for: ClassVar[Mapping[str, str]] = {"value": "type=duration", "unit": "type=duration", "at": "type=fixed"}
    type = forms.ChoiceField(
        label=gettext_lazy("Time limit"),
        choices=[
            ("", gettext_lazy("None")),
            ("duration", gettext_lazy("After a while")),
            ("fixed", gettext_lazy("At a date and time")),
        ],
        help_text=gettext_lazy("What happens when nothing comes: the transition “Expired” is taken."),
        required=False,
    )
    value = NumberField(
        label=gettext_lazy("After"),
        initial=1,
        help_text=gettext_lazy("From the moment the rows arrive."),
        required=False,
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit"),
        choices=UNIT_CHOICES,
        initial="days",
        help_text=gettext_lazy("A day is 24 hours."),
        required=False,
    )
    at = MomentField(label=gettext_lazy("At"), help_text=gettext_lazy("In the campaign's time zone."), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["unit"] = cleaned.get("unit") or "days"
        value = cleaned.get("value")
        if cleaned.get("type") == "duration" and not self.draft:
            if value is None or value <= 0:
                self.add_error("value", _("Write how long to wait, more than 0."))
            elif not is_short(value, cleaned["unit"]):
                self.add_error("value", _("Wait at most {days} days.").format(days=LONGEST.days))
        if cleaned.get("type") == "fixed" and not self.draft and not cleaned.get("at") and "at" not in self.errors:
            self.add_error("at", _("Choose the date and time."))
        return cleaned


def expiry(limit: Mapping[str, Any] | None, zone: str, arrived: datetime) -> datetime | None:
    """When a time limit is over; None without one."""
    if not limit:
        return None
    if limit["type"] == "fixed":
        return moment(limit["at"], zone)
    return arrived + duration(limit["value"], limit["unit"])
