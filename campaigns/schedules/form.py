"""The form of a schedule: the fields that its choices ask for, and the document that comes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import moments, reading
from . import value as v
from .reading import BadSchedule
from .value import Schedule
from .words import NTH

FREQUENCIES = [
    (v.ASAP, gettext_lazy("As soon as possible")),
    (v.ONCE, gettext_lazy("Once")),
    (v.DAILY, gettext_lazy("Daily")),
    (v.SEVERAL, gettext_lazy("Several times a day")),
    (v.WEEKLY, gettext_lazy("Weekly")),
    (v.MONTHLY, gettext_lazy("Monthly")),
    (v.SIGNAL, gettext_lazy("When a signal comes")),
]
DAYS = [
    (v.EVERY, gettext_lazy("Every day")),
    (v.WEEKDAYS, gettext_lazy("Monday to Friday")),
    (v.SELECTED, gettext_lazy("On chosen weekdays")),
    (v.PERIOD, gettext_lazy("In a period of the year")),
]
MODES = [(v.HOURS, gettext_lazy("At chosen times")), (v.PERIODIC, gettext_lazy("At regular intervals"))]
UNITS = [(v.MINUTES, gettext_lazy("minutes")), (v.IN_HOURS, gettext_lazy("hours"))]
ON = [
    (v.DAY, gettext_lazy("On a day of the month")),
    (v.LAST_DAY, gettext_lazy("On the last day")),
    (v.NTH, gettext_lazy("On the first, second… weekday")),
    (v.THESE_DAYS, gettext_lazy("On chosen weekdays")),
    (v.EVERY_DAY, gettext_lazy("Every day")),
]
PLACES = [(name, NTH[place]) for name, place in v.PLACES.items()]
WEEK = [(name, WEEKDAYS[place]) for place, name in enumerate(v.WEEKDAY_NAMES)]
MISSED = [
    (v.RUN_ONCE, gettext_lazy("Launch once as soon as it can")),
    (v.SKIP, gettext_lazy("Leave it out")),
]
OVERLAP = [
    (v.SKIP, gettext_lazy("Leave the new launch out")),
    (v.QUEUE, gettext_lazy("Launch when the run has ended")),
]
DEFAULTS = {"at": "09:00", "times": "09:00", "every": 1, "unit": v.IN_HOURS, "day": 1}
CHOOSERS = {"frequency", "days", "mode", "on"}  # what decides which other fields there are
VALIDITY = ["valid_from", "valid_until"]
OPTIONAL = {"months", "start", "from", "to", *VALIDITY}
FIRST = {"days": v.EVERY, "mode": v.HOURS, "on": v.DAY, "unit": v.IN_HOURS, "nth": "first"}  # of a choice not made
FIRST |= {"missed": v.RUN_ONCE, "overlap": v.SKIP}
REDRAW = {"hx-post": "", "hx-vals": '{"part": "fields"}', "hx-target": "#schedule", "hx-swap": "outerHTML"}
MONTHLY = {v.DAY: ["day"], v.NTH: ["nth", "weekday"], v.THESE_DAYS: ["weekdays"]}
OF_DAYS = {v.SELECTED: ["weekdays"], v.PERIOD: ["first_day", "last_day"]}


class MonthDayWidget(forms.MultiWidget):
    """A day of any year: its month and its number."""

    def __init__(self) -> None:
        day = forms.NumberInput(attrs={"min": 1, "max": 31, "aria-label": gettext_lazy("Day")})
        month = forms.Select(choices=list(MONTHS.items()), attrs={"aria-label": gettext_lazy("Month")})
        super().__init__({"day": day, "month": month})

    def decompress(self, value: str | None) -> list[str]:
        month, _dash, day = (value or "").partition("-")
        return [day.lstrip("0"), month.lstrip("0")]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:  # type: ignore[override]
        day, month = super().value_from_datadict(data, files, name)
        return f"{month:0>2}-{day:0>2}" if day and month else ""


def _text(type: str, **attrs: Any) -> forms.TextInput:
    widget = forms.TextInput(attrs=attrs)
    widget.input_type = type
    return widget


def _field(name: str, frequency: str) -> forms.Field:
    """A field of the form; what is typed into it ``reading`` checks."""
    choice, many, text = forms.ChoiceField, forms.MultipleChoiceField, forms.CharField
    boxes = forms.CheckboxSelectMultiple
    stamp, clock = _text("datetime-local"), _text("time")
    of_weeks = frequency == v.WEEKLY
    made: dict[str, tuple[type[forms.Field], Any, dict[str, Any]]] = {
        "frequency": (choice, gettext_lazy("Frequency"), {"choices": FREQUENCIES}),
        "moment": (text, gettext_lazy("Date and time"), {"widget": stamp}),
        "days": (choice, gettext_lazy("Days"), {"choices": DAYS}),
        "weekdays": (many, gettext_lazy("Weekdays"), {"choices": WEEK, "widget": boxes}),
        "first_day": (text, gettext_lazy("First day"), {"widget": MonthDayWidget()}),
        "last_day": (
            text,
            gettext_lazy("Last day"),
            {
                "widget": MonthDayWidget(),
                "help_text": gettext_lazy("Both days are in; a period may lie over New Year."),
            },
        ),
        "at": (text, gettext_lazy("Time"), {"widget": clock}),
        "mode": (choice, gettext_lazy("How often"), {"choices": MODES}),
        "times": (
            text,
            gettext_lazy("Times"),
            {"help_text": gettext_lazy("One after the other: 09:00, 13:30, 18:00.")},
        ),
        "every": (
            text,
            gettext_lazy("Every … weeks") if of_weeks else gettext_lazy("Every"),
            {"widget": _text("number")},
        ),
        "unit": (choice, gettext_lazy("Unit"), {"choices": UNITS}),
        "from": (
            text,
            gettext_lazy("Not before"),
            {"widget": clock, "help_text": gettext_lazy("The first launch of the day; empty: midnight.")},
        ),
        "to": (text, gettext_lazy("Not after"), {"widget": _text("time")}),
        "start": (
            text,
            gettext_lazy("From the week of"),
            {
                "widget": _text("date"),
                "help_text": gettext_lazy("Needed for every second week and rarer: counts from here."),
            },
        ),
        "on": (choice, gettext_lazy("Day"), {"choices": ON}),
        "day": (
            text,
            gettext_lazy("Number of the day"),
            {
                "widget": _text("number", min=1, max=31),
                "help_text": gettext_lazy(
                    "Months that have no such day are left out; for their end choose the last day."
                ),
            },
        ),
        "nth": (choice, gettext_lazy("Which"), {"choices": PLACES}),
        "weekday": (choice, gettext_lazy("Weekday"), {"choices": WEEK}),
        "months": (
            many,
            gettext_lazy("Months"),
            {
                "choices": list(MONTHS.items()),
                "widget": boxes,
                "help_text": gettext_lazy("None chosen: every month."),
            },
        ),
        "valid_from": (text, gettext_lazy("Valid from"), {"widget": stamp}),
        "valid_until": (
            text,
            gettext_lazy("Valid until"),
            {
                "widget": _text("datetime-local"),
                "help_text": gettext_lazy(
                    "After it nothing is launched any more; without it the schedule is permanent."
                ),
            },
        ),
        "missed": (
            choice,
            gettext_lazy("A launch that was missed"),
            {
                "choices": MISSED,
                "help_text": gettext_lazy(
                    "While no worker was there. Of several that were missed, the last is launched."
                ),
            },
        ),
        "overlap": (
            choice,
            gettext_lazy("While a run is still on"),
            {"choices": OVERLAP, "help_text": gettext_lazy("One launch at most waits: a later one takes its place.")},
        ),
    }
    kind, label, more = made[name]
    return kind(label=label, required=name not in OPTIONAL, **more)


def shown(chosen: Mapping[str, Any]) -> list[str]:
    """The names of the fields that the choices ask for, in order."""
    frequency, days = chosen.get("frequency"), OF_DAYS.get(str(chosen.get("days")), [])
    if frequency == v.ONCE:
        return ["frequency", "moment", "missed"]
    if frequency == v.SIGNAL:
        return ["frequency", *VALIDITY]
    if frequency == v.DAILY:
        fields = ["days", *days, "at"]
    elif frequency == v.SEVERAL:
        periodic = chosen.get("mode") == v.PERIODIC
        fields = ["mode", *(["every", "unit", "from", "to"] if periodic else ["times"]), "days", *days]
    elif frequency == v.WEEKLY:
        fields = ["weekdays", "at", "every", "start"]
    elif frequency == v.MONTHLY:
        fields = ["on", *MONTHLY.get(str(chosen.get("on") or v.DAY), []), "months", "at"]
    else:
        return ["frequency"]
    return ["frequency", *fields, *VALIDITY, "missed", "overlap"]


def values(document: Any) -> dict[str, Any]:
    """What the fields show for a stored document, whatever it holds."""
    known = dict(document) if isinstance(document, Mapping) else {}
    frequency = str(known.get("frequency") or "").strip().lower()
    known["frequency"] = v.ASAP if frequency in reading.AT_ONCE else frequency
    if known["frequency"] == v.ONCE:
        known["moment"] = known.pop("at", "")
    if isinstance(known.get("times"), list):
        known["times"] = ", ".join(map(str, known["times"]))
    until = str(known.get("valid_until") or "")
    known["valid_until"] = f"{until}T23:59" if len(until) == len("2026-12-31") else until
    return known


def posted(data: Any) -> dict[str, Any]:
    """What was typed, for fields that are shown again without being checked."""
    frequency = str(data.get("frequency", ""))
    fields = {name: _field(name, frequency) for name in shown({name: data.get(name) for name in CHOOSERS})}
    typed = {name: field.widget.value_from_datadict(data, {}, name) for name, field in fields.items()}
    return {name: found for name, found in typed.items() if found not in (None, "")}


def document(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the fields, as the document of a schedule; it may be wrong."""
    found = {name: given for name, given in typed.items() if given not in (None, "", [])}
    if "moment" in found:
        found["at"] = found.pop("moment")
    elif found.get("frequency") == v.ONCE:
        found.pop("at", None)
    if str(found.get("valid_until", "")).endswith("T23:59"):
        found["valid_until"] = found["valid_until"].removesuffix("T23:59")  # the whole of that day
    if isinstance(found.get("times"), str):
        found["times"] = [part for part in re.split(r"[,;\s]+", found["times"]) if part]
    return found


class ScheduleForm(forms.Form):
    """The fields that the chosen frequency has; ``zone`` is where its times are meant."""

    use_required_attribute = False

    def __init__(self, data: Any = None, *, zone: ZoneInfo, now: datetime, initial: Mapping[str, Any] | None = None):
        if data is not None:
            data = data.copy()
            data.update({name: first for name, first in FIRST.items() if name not in data})
        super().__init__(data, initial=DEFAULTS | dict(initial or {}))
        self.zone, self.now = zone, now
        self.schedule: Schedule | None = None
        chosen = self.initial if data is None else data
        for name in shown({name: chosen.get(name) for name in CHOOSERS}):
            self.fields[name] = _field(name, str(chosen.get("frequency")))
        for name in CHOOSERS & set(self.fields):
            self.fields[name].widget.attrs |= REDRAW

    def typed(self) -> dict[str, Any]:
        """What stands in the fields, right or wrong."""
        return posted(self.data) if self.is_bound else dict(self.initial)

    def clean(self) -> dict[str, Any]:
        """Read the schedule; what ``reading`` says of a field is more telling than what the field says itself."""
        cleaned = super().clean() or self.cleaned_data
        try:
            self.schedule = reading.read(document(cleaned))
        except BadSchedule as bad:
            for name, sentence in bad.fields.items():
                place = "moment" if name == "at" and "moment" in self.fields else name
                self.errors.pop(place, None)
                if isinstance(getattr(self.fields.get(place), "widget", None), MonthDayWidget):
                    sentence = _("Choose a day that its month has.")
                self.add_error(place if place in self.fields else None, sentence)
            return cleaned
        if self.errors.keys() <= {"moment"}:
            self._demand_launches(self.schedule)
        return cleaned

    def _demand_launches(self, schedule: Schedule) -> None:
        """A schedule by which nothing would ever be launched is a slip."""
        if schedule.frequency == v.ONCE and schedule.moment is None:
            self.errors.pop("moment", None)
            self.add_error("moment", _("Choose the date and time of the launch."))
        elif schedule.frequency != v.ASAP and moments.over(schedule, self.zone, self.now):
            place = "moment" if schedule.frequency == v.ONCE else "valid_until"
            past = _("That has passed; choose a moment that is still to come.")
            self.add_error(place, past if place == "moment" else _("No launch would come before the validity ends."))
