"""The document of a schedule into its value and back; what is wrong with it is told field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from . import value as v
from .value import Schedule

AT_ONCE = ("", "asap", "immediate", "immediately", "manual")  # frequencies that name no moment
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?")
YEARS = range(1970, 3000)
MOST_TIMES = 96  # of one day
LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

T = TypeVar("T")


class BadSchedule(Refused):
    """A schedule that cannot be; ``fields`` holds one sentence for each field of the document that is wrong."""

    def __init__(self, fields: Mapping[str, str]):
        self.fields = dict(fields)
        super().__init__(" ".join(self.fields.values()))


def read(document: object) -> Schedule:
    """The schedule that a document means. Raises BadSchedule."""
    if not isinstance(document, Mapping):
        raise BadSchedule({"frequency": _("The schedule must be an object with “frequency”.")})
    given = document.get("frequency")
    frequency = "" if given is None else str(given).strip().lower()
    if frequency in AT_ONCE:
        return Schedule()
    if frequency not in v.FREQUENCIES:
        sentence = _("The schedule “%(frequency)s” is not known here; choose one of %(known)s.")
        raise BadSchedule({"frequency": sentence % {"frequency": frequency[:40], "known": ", ".join(v.FREQUENCIES)}})
    fields = _Fields(document)
    parts: dict[str, Any] = READERS[frequency](fields) | _common(fields, frequency)
    if fields.errors:
        raise BadSchedule(fields.errors)
    return Schedule(frequency=frequency, **parts)


class _Fields:
    """The fields of one document, read one after the other; a sentence is kept for each that is wrong."""

    def __init__(self, document: Mapping[str, Any]):
        self.document = document
        self.errors: dict[str, str] = {}

    def refuse(self, name: str, sentence: str) -> None:
        self.errors.setdefault(name, sentence)

    def _filled(self, name: str) -> Any:
        found = self.document.get(name)
        return None if found in ("", [], None) else found

    def choice(self, name: str, known: Collection[str], default: str) -> str:
        found = self._filled(name)
        if found is None:
            return default
        if isinstance(found, str) and found in known:
            return found
        sentence = _("“%(name)s” of the schedule is one of %(known)s.")
        self.refuse(name, sentence % {"name": name, "known": ", ".join(known)})
        return default

    def number(self, name: str, low: int, high: int, default: int | None = None) -> int:
        found = self._filled(name)
        if found is None and default is not None:
            return default
        if isinstance(found, str) and found.strip().isascii() and found.strip().isdigit():
            found = int(found[:9])
        if isinstance(found, int) and not isinstance(found, bool) and low <= found <= high:
            return found
        sentence = _("“%(name)s” of the schedule is a whole number from %(low)s to %(high)s.")
        self.refuse(name, sentence % {"name": name, "low": low, "high": high})
        return low

    def clock(self, name: str) -> time | None:
        """A time of day; None, and a sentence, where there is none."""
        found = _clock(self.document.get(name))
        if found is None:
            self.refuse(name, _("Write a time of day such as 09:00."))
        return found

    def clocks(self, name: str) -> tuple[time, ...]:
        given = self.document.get(name)
        found = [_clock(item) for item in given] if isinstance(given, list | tuple) else []
        times = {item for item in found if item is not None}
        if not times or None in found:
            self.refuse(name, _("Write the times of day one after the other, such as 09:00, 13:30."))
        elif len(times) > MOST_TIMES:
            self.refuse(name, _("Write at most %(most)s times of day.") % {"most": MOST_TIMES})
        return tuple(sorted(times))

    def weekdays(self, name: str = "weekdays") -> tuple[int, ...]:
        given = self.document.get(name)
        found = given if isinstance(given, list | tuple) else [given]
        if not found or not all(isinstance(day, str) and day in v.WEEKDAY_NAMES for day in found):
            self.refuse(name, _("Choose at least one weekday: monday to sunday."))
            return ()
        return tuple(sorted({v.WEEKDAY_NAMES.index(day) for day in found}))

    def months(self) -> tuple[int, ...]:
        given = self._filled("months")
        found = given if isinstance(given, list | tuple) else [] if given is None else [given]
        numbers = {int(month) for month in found if re.fullmatch(r"[1-9]|1[0-2]", str(month))}
        if len(numbers) < len({str(month) for month in found}):
            self.refuse("months", _("The months are numbers from 1 to 12."))
        return tuple(sorted(numbers)) if len(numbers) < 12 else ()

    def month_day(self, name: str) -> v.MonthDay:
        """A day of any year, written MM-DD."""
        try:
            found = datetime.strptime(f"2000-{self.document.get(name)}", "%Y-%m-%d")
        except ValueError:
            self.refuse(name, _("Write a day of the year as month and day, such as 12-20."))
            return 1, 1
        return found.month, found.day

    def moment(self, name: str, *, at_end: bool = False) -> datetime | None:
        """A date with or without a time; a day alone is its midnight, or its last second ``at_end``."""
        return self._dated(name, lambda text: _moment(text, at_end=at_end), _("a date and time like 2026-12-01T09:00"))

    def day(self, name: str) -> date | None:
        return self._dated(name, date.fromisoformat, _("a date like 2026-12-01"))

    def _dated(self, name: str, parse: Callable[[str], T], example: str) -> T | None:
        given = self._filled(name)
        if given is None:
            return None
        try:
            found = parse(given)
            if getattr(found, "year", 0) in YEARS:
                return found
        except (TypeError, ValueError):
            pass
        sentence = _("“%(given)s” is not %(example)s in a year from %(first)s to %(last)s.")
        facts = {"given": str(given)[:40], "example": example, "first": YEARS[0], "last": YEARS[-1]}
        self.refuse(name, sentence % facts)
        return None


def _clock(given: object) -> time | None:
    found = CLOCK.fullmatch(given.strip()) if isinstance(given, str) else None
    return time(int(found[1]), int(found[2])) if found else None


def _moment(text: str, *, at_end: bool) -> datetime:
    found = datetime.fromisoformat(text)
    return datetime.combine(found, v.END_OF_DAY) if at_end and len(text) <= 10 else found


# --- By frequency ----------------------------------------------------------------------------------


def _once(fields: _Fields) -> dict[str, Any]:
    return {"moment": fields.moment("at")}


def _days(fields: _Fields) -> dict[str, Any]:
    days = fields.choice("days", v.DAYS, v.EVERY)
    if days == v.SELECTED:
        return {"days": days, "weekdays": fields.weekdays()}
    if days == v.PERIOD:
        return {"days": days, "first_day": fields.month_day("first_day"), "last_day": fields.month_day("last_day")}
    return {"days": days}


def _daily(fields: _Fields) -> dict[str, Any]:
    return {**_days(fields), "at": fields.clock("at")}


def _several(fields: _Fields) -> dict[str, Any]:
    mode = fields.choice("mode", v.MODES, v.HOURS)
    if mode == v.HOURS:
        return {**_days(fields), "mode": mode, "times": fields.clocks("times")}
    unit = fields.choice("unit", v.UNITS, v.IN_HOURS)
    every = fields.number("every", 1, 24 if unit == v.IN_HOURS else 24 * 60)
    windowed = any(fields.document.get(name) not in (None, "") for name in ("from", "to"))
    begin, end = (fields.clock("from"), fields.clock("to")) if windowed else (None, None)
    if begin and end and begin > end:
        fields.refuse("to", _("The time range must end after it begins, on the same day."))
    return {**_days(fields), "mode": mode, "every": every, "unit": unit, "begin": begin, "end": end}


def _weekly(fields: _Fields) -> dict[str, Any]:
    every, start = fields.number("every", 1, 52, default=1), fields.day("start")
    if every > 1 and start is None:
        fields.refuse("start", _("Choose the date that the weeks are counted from."))
    return {"every": every, "start": start, "weekdays": fields.weekdays(), "at": fields.clock("at")}


def _monthly(fields: _Fields) -> dict[str, Any]:
    on, months = fields.choice("on", v.ON, v.DAY), fields.months()
    parts: dict[str, Any] = {"on": on, "months": months, "at": fields.clock("at")}
    if on == v.DAY:
        parts["day"] = fields.number("day", 1, 31)
        if all(LONGEST_MONTH[month - 1] < parts["day"] for month in months or range(1, 13)):
            fields.refuse("day", _("None of the chosen months has a day %(day)s.") % {"day": parts["day"]})
    elif on == v.NTH:
        parts["nth"] = v.PLACES[fields.choice("nth", v.PLACES, "first")]
        parts["weekdays"] = fields.weekdays("weekday")[:1]
    elif on == v.THESE_DAYS:
        parts["weekdays"] = fields.weekdays()
    return parts


READERS: dict[str, Callable[[_Fields], dict[str, Any]]] = {
    v.ASAP: lambda fields: {},
    v.ONCE: _once,
    v.DAILY: _daily,
    v.SEVERAL: _several,
    v.WEEKLY: _weekly,
    v.MONTHLY: _monthly,
    v.SIGNAL: lambda fields: {},
}


def _common(fields: _Fields, frequency: str) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if frequency != v.SIGNAL:
        parts["missed"] = fields.choice("missed", v.MISSED, v.RUN_ONCE)
    if frequency == v.ONCE:
        return parts
    start, end = fields.moment("valid_from"), fields.moment("valid_until", at_end=True)
    if start and end and start.replace(tzinfo=None) >= end.replace(tzinfo=None):
        fields.refuse("valid_until", _("The validity must end after it begins."))
    parts |= {"valid_from": start, "valid_until": end}
    return parts | ({"overlap": fields.choice("overlap", v.OVERLAP, v.SKIP)} if frequency != v.SIGNAL else {})


# --- Back --------------------------------------------------------------------------------------------


def written(schedule: Schedule) -> dict[str, Any]:
    """The document that ``read`` makes the same schedule of: with what its frequency has, and no more."""
    found: dict[str, Any] = {"frequency": schedule.frequency} | WRITERS.get(schedule.frequency, lambda _: {})(schedule)
    if schedule.valid_from:
        found["valid_from"] = _stamp(schedule.valid_from)
    if schedule.valid_until:
        until = schedule.valid_until
        found["valid_until"] = until.date().isoformat() if until.timetz() == v.END_OF_DAY else _stamp(until)
    if schedule.repeats or schedule.moment:
        found["missed"] = schedule.missed
    if schedule.repeats:
        found["overlap"] = schedule.overlap
    return found


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="auto" if moment.second or moment.microsecond else "minutes")


def _shown(at: time | None) -> str:
    return at.isoformat(timespec="minutes") if at else ""


def _named(days: Collection[int]) -> list[str]:
    return [v.WEEKDAY_NAMES[day] for day in days]


def _write_days(schedule: Schedule) -> dict[str, Any]:
    if schedule.days == v.SELECTED:
        return {"days": schedule.days, "weekdays": _named(schedule.weekdays)}
    if schedule.days == v.PERIOD:
        (m, d), (n, e) = schedule.first_day, schedule.last_day
        return {"days": schedule.days, "first_day": f"{m:02}-{d:02}", "last_day": f"{n:02}-{e:02}"}
    return {"days": schedule.days}


def _write_several(schedule: Schedule) -> dict[str, Any]:
    found: dict[str, Any] = {**_write_days(schedule), "mode": schedule.mode}
    if schedule.mode == v.HOURS:
        return found | {"times": [_shown(at) for at in schedule.times]}
    found |= {"every": schedule.every, "unit": schedule.unit}
    return found | ({"from": _shown(schedule.begin), "to": _shown(schedule.end)} if schedule.begin else {})


def _write_weekly(schedule: Schedule) -> dict[str, Any]:
    found = {"every": schedule.every, "weekdays": _named(schedule.weekdays), "at": _shown(schedule.at)}
    return found | ({"start": schedule.start.isoformat()} if schedule.start else {})


def _write_monthly(schedule: Schedule) -> dict[str, Any]:
    found: dict[str, Any] = {"on": schedule.on, "months": list(schedule.months), "at": _shown(schedule.at)}
    if schedule.on == v.DAY:
        found["day"] = schedule.day
    elif schedule.on == v.NTH:
        found["nth"] = next(name for name, place in v.PLACES.items() if place == schedule.nth)
        found["weekday"] = v.WEEKDAY_NAMES[schedule.weekdays[0]]
    elif schedule.on == v.THESE_DAYS:
        found["weekdays"] = _named(schedule.weekdays)
    return found


WRITERS: dict[str, Callable[[Schedule], dict[str, Any]]] = {
    v.ONCE: lambda schedule: {"at": _stamp(schedule.moment)} if schedule.moment else {},
    v.DAILY: lambda schedule: {**_write_days(schedule), "at": _shown(schedule.at)},
    v.SEVERAL: _write_several,
    v.WEEKLY: _write_weekly,
    v.MONTHLY: _write_monthly,
}
