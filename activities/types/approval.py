"""Approval: a person decides which way the run goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import times, wording
from activities.base import Asked, Finding, Gate, Port
from activities.catalogue import register
from activities.fields import BodyField, CodeField, NumberField, OfferedField, TextField
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import PartField, RowsField

MAX_TITLE = 200


class AnswerForm(SettingsForm):
    needs_audience = False
    label = TextField(
        label=gettext_lazy("Label"),
        max_length=60,
        help_text=gettext_lazy("What stands on the button and on the transition; the code does if this is empty."),
        required=False,
    )
    code = CodeField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("Names this way out. With another code, what follows here has to be connected again."),
    )

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        free = next(n for n in range(1, 1000) if f"answer_{n}" not in codes)
        return {"code": f"answer_{free}", "label": _("Answer {n}").format(n=free)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("code") == Gate.expiry:
            self.add_error("code", _("“{code}” is reserved; choose another.").format(code=Gate.expiry))
        cleaned["label"] = cleaned.get("label") or cleaned.get("code", "")
        return cleaned


def yes_and_no() -> list[dict[str, str]]:
    """The answers of a new approval."""
    return [{"code": "yes", "label": _("Yes")}, {"code": "no", "label": _("No")}]


class ReminderForm(SettingsForm):
    needs_audience = False
    value = NumberField(
        label=gettext_lazy("Remind after"),
        min_value=0,
        help_text=gettext_lazy("Marked as overdue for those who answer, and noted in the log. Empty: never."),
        required=False,
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit"),
        choices=times.UNIT_CHOICES,
        initial="hours",
        help_text=gettext_lazy("A day is 24 hours."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["unit"] = cleaned.get("unit") or "hours"
        value = cleaned.get("value")
        if value is not None and not times.is_short(value, cleaned["unit"]):
            self.add_error("value", _("Remind within {days} days.").format(days=times.LONGEST.days))
        return cleaned


class ApprovalForm(SettingsForm):
    shown_for: ClassVar[Mapping[str, str]] = {
        "group": "assign_to=group",
        "person": "assign_to=person",
        "several": "assign_to=group",
    }
    needs_audience = False
    title = TextField(
        label=gettext_lazy("Title"),
        max_length=MAX_TITLE,
        help_text=gettext_lazy("The question in one line; may hold {{ rows }}, {{ date }} and {{ variables.name }}."),
        error_messages={"required": gettext_lazy("Write the question.")},
    )
    message = BodyField(
        rows=4,
        label=gettext_lazy("Message"),
        max_length=4000,
        help_text=gettext_lazy("What those who answer should know; {{ rows }} is how many rows wait."),
        required=False,
    )
    assign_to = forms.ChoiceField(
        label=gettext_lazy("Who answers"),
        choices=[("group", gettext_lazy("A group")), ("person", gettext_lazy("A person"))],
        initial="group",
        help_text=gettext_lazy("They must be able to see the campaign. Administrators can always answer."),
        required=False,
    )
    group = OfferedField(
        "groups", label=gettext_lazy("Group"), help_text=gettext_lazy("Anybody of this group."), required=False
    )
    person = OfferedField(
        "people", label=gettext_lazy("Person"), help_text=gettext_lazy("By user name."), required=False
    )
    several = forms.BooleanField(
        label=gettext_lazy("Everybody answers"),
        help_text=gettext_lazy(
            "Waits for all of the group; the most frequent answer wins, of equals the one that stands lower in the list. "
            "Otherwise the first answer decides."
        ),
        required=False,
    )
    answers = RowsField(
        AnswerForm,
        row=gettext_lazy("Answer"),
        at_least=1,
        most=12,
        initial=yes_and_no,
        label=gettext_lazy("Answers"),
        help_text=gettext_lazy("One transition each; only the one that was answered is taken."),
    )
    expiry = PartField(
        times.ExpiryForm,
        switch="type",
        label=gettext_lazy("Time limit"),
        help_text=gettext_lazy("Without one the run waits until somebody answers or stops it."),
        required=False,
    )
    reminder = PartField(
        ReminderForm,
        switch="value",
        label=gettext_lazy("Reminder"),
        help_text=gettext_lazy("For when an answer takes too long."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["assign_to"] = to = cleaned.get("assign_to") or "group"
        if not self.draft and not cleaned.get(to) and to not in self.errors:
            self.add_error(to, _("Choose who answers."))
        return cleaned


@register
class Approval(Gate):
    key = "approval"
    label = gettext_lazy("Approval")
    group = "flow"
    position = 50
    icon = "how_to_reg"
    help = gettext_lazy("Asks a person or a group; each answer is a way to go on.")
    form_class = ApprovalForm
    waits_for = "answer"

    def __init__(self, settings: Mapping[str, Any]):
        super().__init__({"answers": yes_and_no(), **settings})

    def outputs(self) -> tuple[Port, ...]:
        late = (Port(self.expiry, _("Expired")),) if self._limit else ()
        return (*self.codes("answers"), *late)

    @property
    def _limit(self) -> Mapping[str, Any] | None:
        limit = self.settings.get("expiry")
        return limit if isinstance(limit, Mapping) and limit.get("type") else None

    @property
    def watches_clock(self) -> bool:
        return self._limit is not None

    def summary(self, ctx: Context | None = None) -> str:
        who = self.settings.get("person" if self.settings.get("assign_to") == "person" else "group")
        title = self.settings.get("title")
        if not isinstance(title, str) or not title.strip():
            return _("No question yet")
        return _("{title} ({who})").format(title=title, who=who) if who else title

    def findings(self, scope: Scope) -> Iterable[Finding]:
        for name in ("title", "message"):
            label = self.form_class.base_fields[name].label
            yield from (Finding("error", f"{label}: {said}") for said in wording.problems(self.settings[name], scope))
        limit = self._limit
        if limit and limit["type"] == "fixed" and times.moment(limit["at"], scope.timezone) <= scope.now:
            yield Finding("warning", _("The time limit is past, so nobody can answer in time; choose a later one."))

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        if not self.outputs():
            raise ActivityError(_("Add at least one answer."))
        return {port.name: inputs.one() for port in self.outputs()}

    def follows(self, rows: Mapping[str, int], ctx: Context | None = None) -> Collection[str]:
        codes = [port.name for port in self.outputs()]
        given = ctx.answer if ctx else ""
        return [given] if given in codes else codes[:1]

    def opens_at(self, ctx: Context, arrived: datetime) -> datetime | None:
        return times.expiry(self._limit, ctx.timezone, arrived)

    def asks(self, rows: int, ctx: Context, arrived: datetime) -> Asked:
        settings, remind = self.settings, self.settings["reminder"]
        to_person = settings["assign_to"] == "person"
        return Asked(
            title=wording.render(settings["title"], ctx, rows=rows).strip()[:MAX_TITLE],
            message=wording.render(settings["message"], ctx, rows=rows),
            answers=tuple((row["code"], row["label"]) for row in settings["answers"]),
            group="" if to_person else settings["group"],
            person=settings["person"] if to_person else "",
            several=settings["several"] and not to_person,
            remind_at=arrived + times.duration(remind["value"], remind["unit"]) if remind else None,
        )

    def assumed(self, ctx: Context) -> str:
        labels = {port.name: port.label for port in self.outputs()}
        taken = next(iter(self.follows({}, ctx)), "")
        if taken == self.expiry:
            return _("Assumed: nobody answers in time.")
        return _("Assumed: the answer is “{label}”.").format(label=labels.get(taken, taken))

    def tried(self) -> str:
        first = next(iter(self.outputs()), None)
        return _("A test asks nobody and takes the first answer, “{label}”.").format(label=first.label if first else "")
