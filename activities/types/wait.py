"""Wait: the population goes on later, unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities.base import ActivityError, Context, Finding, Gate, Inputs, Population
from activities.catalogue import register
from activities.forms import MomentField, NumberField, Scope, SettingsForm

UNITS = ("seconds", "minutes", "hours", "days")
LONGEST = timedelta(days=366)


class WaitForm(SettingsForm):
    needs_audience = False
    type = forms.ChoiceField(
        label=gettext_lazy("How long"),
        choices=[("duration", gettext_lazy("For a while")), ("fixed", gettext_lazy("Until a date and time"))],
        initial="duration",
        help_text=gettext_lazy("A test run does not wait."),
    )
    value = NumberField(
        label=gettext_lazy("For"), initial=1, help_text=gettext_lazy("From the moment the rows arrive."), required=False
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit"),
        choices=[
            ("seconds", gettext_lazy("seconds")),
            ("minutes", gettext_lazy("minutes")),
            ("hours", gettext_lazy("hours")),
            ("days", gettext_lazy("days")),
        ],
        initial="days",
        help_text=gettext_lazy("A day is 24 hours."),
        required=False,
    )
    at = MomentField(
        label=gettext_lazy("Until"),
        help_text=gettext_lazy("In the campaign's time zone; a moment that is past does not wait."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["type"], cleaned["unit"] = cleaned.get("type") or "duration", cleaned.get("unit") or "days"
        value = cleaned.get("value")
        if cleaned["type"] == "duration" and (value is not None or not self.draft):
            if value is None or value <= 0:
                self.add_error("value", _("Write how long to wait, more than 0."))
            elif not _short(value, cleaned["unit"]):
                self.add_error("value", _("Wait at most {days} days.").format(days=LONGEST.days))
        if cleaned["type"] == "fixed" and not self.draft and not cleaned.get("at") and "at" not in self.errors:
            self.add_error("at", _("Choose the date and time to go on."))
        return cleaned


def _short(value: float, unit: str) -> bool:
    return value * timedelta(**{unit: 1}).total_seconds() <= LONGEST.total_seconds()


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


@register
class Wait(Gate):
    key = "wait"
    label = gettext_lazy("Wait")
    group = "flow"
    position = 30
    icon = "hourglass_empty"
    help = gettext_lazy("Holds the population for a while, or until a date and time.")
    form_class = WaitForm

    def summary(self, ctx: Context | None = None) -> str:
        value, unit, at = (self.settings.get(name) for name in ("value", "unit", "at"))
        if self.settings.get("type") == "fixed":
            try:
                moment = datetime.fromisoformat(at or "")
            except (TypeError, ValueError):
                return _("No date yet")
            return _("Until {moment}").format(moment=date_format(moment, "j F Y, H:i"))
        if isinstance(value, int | float) and unit in UNITS:
            return in_words(value, unit)
        return _("No time yet")

    def findings(self, scope: Scope) -> Iterable[Finding]:
        if self.settings["type"] == "fixed" and self._moment(scope.timezone) <= scope.now:
            yield Finding("warning", _("That date is past, so nothing waits here; choose a later one if not meant."))

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        return {"out": inputs.one()}

    def opens_at(self, ctx: Context, arrived: datetime) -> datetime | None:
        if self.settings.get("type") == "fixed":
            return self._moment(ctx.timezone)
        value, unit = self.settings.get("value", 1), self.settings.get("unit", "days")
        if not isinstance(value, int | float) or unit not in UNITS or not _short(value, unit):
            raise ActivityError(_("Write how long to wait."))
        return arrived + timedelta(**{unit: value})

    def _moment(self, timezone: str) -> datetime:
        try:
            moment = datetime.fromisoformat(self.settings.get("at") or "")
        except (TypeError, ValueError):
            raise ActivityError(_("Choose the date and time to go on.")) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
