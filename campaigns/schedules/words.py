"""A schedule in a sentence, in the reader's language: “Every Monday and Thursday at 09:00, Paris time”."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from . import value as v
from .value import Schedule

MANY = 4  # times of day that are named one by one
NTH = {
    1: gettext_lazy("first"),
    2: gettext_lazy("second"),
    3: gettext_lazy("third"),
    4: gettext_lazy("fourth"),
    -1: gettext_lazy("last"),
}


def sentence(schedule: Schedule, zone: ZoneInfo) -> str:
    """When the campaign launches."""
    parts = [_what(schedule)]
    if schedule.repeats or schedule.moment:
        parts.append(_("%(zone)s time") % {"zone": city(zone)})
    parts += _validity(schedule)
    return ", ".join(parts)


def city(zone: ZoneInfo) -> str:
    """What people call a zone: “Paris” for Europe/Paris."""
    return str(zone).rpartition("/")[2].replace("_", " ")


def offset(moment: datetime) -> str:
    """How far the clocks are from UTC at a moment: “UTC+02:00”."""
    return f"UTC{moment.isoformat()[-6:]}" if moment.utcoffset() else "UTC"


def _what(schedule: Schedule) -> str:
    if schedule.frequency == v.ONCE:
        return _once(schedule)
    if schedule.frequency == v.SIGNAL:
        return _("When a signal comes")
    if schedule.frequency == v.SEVERAL:
        return _several(schedule)
    if not schedule.repeats:
        return _("As soon as possible")
    days = {v.DAILY: _daily, v.WEEKLY: _weekly, v.MONTHLY: _monthly}[schedule.frequency](schedule)
    return _("%(days)s at %(time)s") % {"days": days, "time": clock(schedule.at)}


def _once(schedule: Schedule) -> str:
    if schedule.moment is None:
        return _("Once, as soon as possible")
    facts = {"date": formats.date_format(schedule.moment, "j M Y"), "time": clock(schedule.moment.time())}
    return _("Once on %(date)s at %(time)s") % facts


def _daily(schedule: Schedule) -> str:
    if schedule.days == v.WEEKDAYS:
        return _("Monday to Friday")
    if schedule.days == v.SELECTED:
        return _("Every %(days)s") % {"days": weekdays(schedule.weekdays)}
    if schedule.days == v.PERIOD:
        facts = {"first": _month_day(schedule.first_day), "last": _month_day(schedule.last_day)}
        return _("Every day from %(first)s to %(last)s of each year") % facts
    return _("Every day")


def _several(schedule: Schedule) -> str:
    days = _daily(schedule)
    if schedule.mode == v.HOURS:
        if len(schedule.times) <= MANY:
            return _("%(days)s at %(time)s") % {"days": days, "time": listed([clock(at) for at in schedule.times])}
        facts = {"n": len(schedule.times), "first": clock(schedule.times[0]), "last": clock(schedule.times[-1])}
        return _("%(days)s at %(n)s times between %(first)s and %(last)s") % {"days": days, **facts}
    if schedule.unit == v.MINUTES:
        every = ngettext("every minute", "every %(n)s minutes", schedule.every) % {"n": schedule.every}
    else:
        every = ngettext("every hour", "every %(n)s hours", schedule.every) % {"n": schedule.every}
    if schedule.begin and schedule.end:
        facts = {"first": clock(schedule.begin), "last": clock(schedule.end)}
        return _("%(days)s %(every)s from %(first)s to %(last)s") % {"days": days, "every": every, **facts}
    return _("%(days)s %(every)s") % {"days": days, "every": every}


def _weekly(schedule: Schedule) -> str:
    days = weekdays(schedule.weekdays)
    if schedule.every == 1:
        found = _("Every %(days)s") % {"days": days}
    else:
        found = _("Every %(n)s weeks on %(days)s") % {"n": schedule.every, "days": days}
    if schedule.start is None:
        return found
    return _("%(what)s from the week of %(date)s on") % {"what": found, "date": _date(schedule.start)}


def _monthly(schedule: Schedule) -> str:
    months = listed([str(MONTHS[month]) for month in schedule.months])
    facts = {"months": months, "n": schedule.day, "days": weekdays(schedule.weekdays)}
    if schedule.on == v.NTH:
        facts["nth"] = NTH[schedule.nth]
    every_month, chosen = {
        v.EVERY_DAY: (_("Every day"), _("Every day of %(months)s")),
        v.LAST_DAY: (_("On the last day of every month"), _("On the last day of %(months)s")),
        v.DAY: (_("On day %(n)s of every month"), _("On day %(n)s of %(months)s")),
        v.NTH: (_("On the %(nth)s %(days)s of every month"), _("On the %(nth)s %(days)s of %(months)s")),
        v.THESE_DAYS: (_("Every %(days)s"), _("Every %(days)s in %(months)s")),
    }[schedule.on]
    return (chosen if schedule.months else every_month) % facts


def _validity(schedule: Schedule) -> list[str]:
    found = []
    if schedule.valid_from:
        found.append(_("from %(moment)s") % {"moment": _limit(schedule.valid_from, time.min)})
    if schedule.valid_until:
        found.append(_("until %(moment)s") % {"moment": _limit(schedule.valid_until, v.END_OF_DAY)})
    return found


def _limit(moment: datetime, edge: time) -> str:
    """A day, with the time unless it is the edge of the day that is meant anyway."""
    day = _date(moment)
    return day if moment.time() == edge else f"{day}, {clock(moment.time())}"


def _date(day: date) -> str:
    return formats.date_format(day, "j M Y")


def day(moment: datetime) -> str:
    """The day of a moment, with its weekday, where the moment is."""
    return formats.date_format(moment, "D j M Y")


def _month_day(day: v.MonthDay) -> str:
    return formats.date_format(date(2000, *day), "j F")


def clock(at: time) -> str:
    """A time of day on a clock of 24 hours."""
    return f"{at:%H:%M}"


def weekdays(days: Sequence[int]) -> str:
    return listed([str(WEEKDAYS[day]) for day in days])


def listed(words: Sequence[str]) -> str:
    """“A, B and C”."""
    if len(words) < 2:
        return "".join(words)
    return _("%(words)s and %(last)s") % {"words": ", ".join(words[:-1]), "last": words[-1]}
