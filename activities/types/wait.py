"""Wait: the population goes on later, unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import times
from activities.base import Finding, Gate
from activities.catalogue import register
from activities.fields import MomentField, NumberField, TextField
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population


class HourField(TextField):
    """An hour and minute of the day, as text."""

    widget = forms.TimeInput(attrs={"type": "time"})

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        try:
            return time.fromisoformat(text).strftime("%H:%M") if text else ""
        except ValueError:
            raise forms.ValidationError(_("Write an hour, such as 09:00."), code="invalid") from None


class WaitForm(SettingsForm):
    shown_for: ClassVar[Mapping[str, str]] = {
        "value": "type=duration",
        "unit": "type=duration",
        "at": "type=fixed",
        "weekday": "type=weekday",
        "hour": "type=weekday",
    }
    needs_audience = False
    type = forms.ChoiceField(
        label=gettext_lazy("How long"),
        choices=[
            ("duration", gettext_lazy("For a while")),
            ("fixed", gettext_lazy("Until a date and time")),
            ("weekday", gettext_lazy("Until a weekday and hour")),
        ],
        initial="duration",
        help_text=gettext_lazy("A test run does not wait."),
    )
    value = NumberField(
        label=gettext_lazy("For"), initial=1, help_text=gettext_lazy("From the moment the rows arrive."), required=False
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit"),
        choices=times.UNIT_CHOICES,
        initial="days",
        help_text=gettext_lazy("A day is 24 hours."),
        required=False,
    )
    at = MomentField(
        label=gettext_lazy("Until"),
        help_text=gettext_lazy("In the campaign's time zone; a moment that is past does not wait."),
        required=False,
    )
    weekday = forms.ChoiceField(
        label=gettext_lazy("Weekday"),
        choices=times.DAY_CHOICES,
        initial="monday",
        help_text=gettext_lazy("The next one after the rows arrive; today counts while the hour is still to come."),
        required=False,
    )
    hour = HourField(
        label=gettext_lazy("Hour"),
        initial="09:00",
        help_text=gettext_lazy("On the clocks of the campaign's time zone, summer time included."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["type"], cleaned["unit"] = cleaned.get("type") or "duration", cleaned.get("unit") or "days"
        cleaned["weekday"] = cleaned.get("weekday") or "monday"
        value = cleaned.get("value")
        if cleaned["type"] == "duration" and (value is not None or not self.draft):
            if value is None or value <= 0:
                self.add_error("value", _("Write how long to wait, more than 0."))
            elif not times.is_short(value, cleaned["unit"]):
                self.add_error("value", _("Wait at most {days} days.").format(days=times.LONGEST.days))
        if cleaned["type"] == "fixed" and not self.draft and not cleaned.get("at") and "at" not in self.errors:
            self.add_error("at", _("Choose the date and time to go on."))
        if cleaned["type"] == "weekday" and not self.draft and not cleaned.get("hour") and "hour" not in self.errors:
            self.add_error("hour", _("Write the hour to go on at."))
        return cleaned


@register
class Wait(Gate):
    key = "wait"
    label = gettext_lazy("Wait")
    group = "flow"
    position = 30
    icon = "hourglass_empty"
    help = gettext_lazy("Holds the population for a while, until a date and time, or until a weekday and hour.")
    form_class = WaitForm

    def summary(self, ctx: Context | None = None) -> str:
        value, unit, at = (self.settings.get(name) for name in ("value", "unit", "at"))
        if self.settings.get("type") == "fixed":
            moment = times.moment_in_words(at)
            return _("Until {moment}").format(moment=moment) if moment else _("No date yet")
        if self.settings.get("type") == "weekday":
            day, hour = self.settings.get("weekday"), self.settings.get("hour")
            if day not in times.DAYS or not isinstance(hour, str) or not hour:
                return _("No hour yet")
            return _("Until {day}, {hour}").format(day=dict(times.DAY_CHOICES)[day], hour=hour)
        if isinstance(value, int | float) and unit in times.UNITS:
            return times.in_words(value, unit)
        return _("No time yet")

    @property
    def watches_clock(self) -> bool:
        return self.settings.get("type") == "fixed"

    def findings(self, scope: Scope) -> Iterable[Finding]:
        if self.settings["type"] == "fixed" and times.moment(self.settings["at"], scope.timezone) <= scope.now:
            sentence = _("That date is past, so nothing waits here and the rows go on at once; choose a later one.")
            yield Finding("warning", sentence)

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        return {"out": inputs.one()}

    def opens_at(self, ctx: Context, arrived: datetime) -> datetime | None:
        if self.settings.get("type") == "fixed":
            return times.moment(self.settings.get("at"), ctx.timezone)
        if self.settings.get("type") == "weekday":
            return times.next_weekday(self.settings["weekday"], self._hour(), ctx.timezone, arrived)
        return arrived + times.duration(self.settings.get("value", 1), self.settings.get("unit", "days"))

    def assumed(self, ctx: Context) -> str:
        return _("A dry run does not wait here: {time}.").format(time=self.summary())

    def _hour(self) -> time:
        try:
            return time.fromisoformat(self.settings.get("hour") or "")
        except ValueError:
            raise ActivityError(_("Write the hour to go on at.")) from None
