"""Alert: tells people something while the flow goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import wording
from activities.base import Finding, Raised, Work, Writer, Written
from activities.catalogue import register
from activities.fields import BodyField, TextField
from activities.forms import Scope, SettingsForm
from activities.populations import Context, Inputs, Population

MAX_TITLE = 200


class AlertForm(SettingsForm):
    needs_audience = False
    title = TextField(
        label=gettext_lazy("Title"),
        max_length=MAX_TITLE,
        help_text=gettext_lazy("One line; may hold {{ variables.name }}, {{ campaign }}, {{ date }} and {{ rows }}."),
        error_messages={"required": gettext_lazy("Write a title.")},
    )
    message = BodyField(
        rows=4,
        label=gettext_lazy("Message"),
        max_length=4000,
        help_text=gettext_lazy("What people should know; {{ rows }} is how many rows came here."),
        error_messages={"required": gettext_lazy("Write what people should know.")},
    )
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"),
        choices=[
            ("info", gettext_lazy("Information")),
            ("warning", gettext_lazy("Warning")),
            ("error", gettext_lazy("Error")),
        ],
        initial="info",
        help_text=gettext_lazy("Its colour on the first page, the run and the log."),
        required=False,
    )

    def clean(self) -> dict[str, str]:
        cleaned = super().clean()
        cleaned["severity"] = cleaned.get("severity") or "info"
        return cleaned


@register
class Alert(Writer):
    key = "alert"
    label = gettext_lazy("Alert")
    group = "flow"
    position = 60
    icon = "notifications"
    help = gettext_lazy("Tells those who may see the campaign something; the population goes on.")
    form_class = AlertForm
    holds_back = False

    def summary(self, ctx: Context | None = None) -> str:
        title = self.settings.get("title")
        return title if isinstance(title, str) and title.strip() else _("No title yet")

    def findings(self, scope: Scope) -> Iterable[Finding]:
        for name in ("title", "message"):
            label = self.form_class.base_fields[name].label
            yield from (Finding("error", f"{label}: {found}") for found in wording.problems(self.settings[name], scope))

    @property
    def left_out(self) -> str:
        return _("No alert is raised in a test.")

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        return {"out": inputs.one()}

    def write(self, work: Work) -> Written:
        raised = self._raised(work)
        return Written(_("Alert: %(title)s") % {"title": raised.title}, alerts=(raised,))

    def rehearse(self, work: Work) -> Written:
        return Written(_("Would raise the alert “{title}”.").format(title=self._raised(work).title))

    def _raised(self, work: Work) -> Raised:
        title = wording.render(self.settings["title"], work.ctx, rows=work.rows).strip()[:MAX_TITLE]
        message = wording.render(self.settings["message"], work.ctx, rows=work.rows)
        return Raised(title or _("Alert"), message, self.settings["severity"])
