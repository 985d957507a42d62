"""A schedule as a value: what the document of a campaign says about its launches, read and sound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

ASAP, ONCE, DAILY, SEVERAL, WEEKLY, MONTHLY, SIGNAL = FREQUENCIES = (
    "asap",
    "once",
    "daily",
    "several",
    "weekly",
    "monthly",
    "signal",
)
REPEATING = (DAILY, SEVERAL, WEEKLY, MONTHLY)
EVERY, WEEKDAYS, SELECTED, PERIOD = DAYS = ("every", "weekdays", "selected", "period")
EVERY_DAY, LAST_DAY, DAY, NTH, THESE_DAYS = ON = ("every_day", "last_day", "day", "nth", "selected")
HOURS, PERIODIC = MODES = ("hours", "periodic")
MINUTES, IN_HOURS = UNITS = ("minutes", "hours")
SKIP, RUN_ONCE, QUEUE = "skip", "run_once", "queue"
MISSED = (SKIP, RUN_ONCE)
OVERLAP = (SKIP, QUEUE)
WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PLACES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}  # of a weekday within its month
END_OF_DAY = time(23, 59, 59)  # of the last day of a validity that names no time

MonthDay = tuple[int, int]


@dataclass(frozen=True)
class Schedule:
    """One schedule. Wall times have no zone: they are meant on the clocks of the campaign's.

    Only what belongs to the frequency is filled; weekdays are numbers from 0 (Monday), months from 1.
    """

    frequency: str = ASAP
    moment: datetime | None = None  # once; None there means at publication
    at: time = time(9)  # daily, weekly, monthly
    days: str = EVERY  # daily, several
    weekdays: tuple[int, ...] = ()
    first_day: MonthDay = (1, 1)  # of the period within a year; it may lie over New Year
    last_day: MonthDay = (12, 31)
    mode: str = HOURS  # several
    times: tuple[time, ...] = ()
    every: int = 1  # several, periodic: so many units; weekly: so many weeks
    unit: str = IN_HOURS
    begin: time | None = None  # periodic: the window of a day; None is the whole of it
    end: time | None = None
    start: date | None = None  # weekly: the week that is counted from, and no launch before
    on: str = DAY  # monthly
    day: int = 1
    nth: int = 1
    months: tuple[int, ...] = ()  # none: all of them
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    missed: str = RUN_ONCE
    overlap: str = SKIP

    @property
    def repeats(self) -> bool:
        return self.frequency in REPEATING

    @property
    def interval(self) -> timedelta:
        """The distance of periodic launches."""
        return timedelta(minutes=self.every * (1 if self.unit == MINUTES else 60))
