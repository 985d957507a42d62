"""Build audience: rows of one dimension that satisfy a rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.base import Activity, Finding, Port
from activities.cases import Case
from activities.catalogue import register
from activities.columns import is_everyone, rule_context
from activities.fields import DimensionField
from activities.forms import Scope, SettingsForm
from activities.populations import ActivityError, Context, Inputs, Population
from orchcamp.datasets import rules
from orchcamp.datasets.rules.explaining import everyone, explain
from orchcamp.datasets.rules.forms import RuleField
from orchcamp.datasets.rules.verdicts import Verdict


class BuildAudienceForm(SettingsForm):
    needs_audience = False
    dimension = DimensionField(
        label=gettext_lazy("Targeting dimension"),
        help_text=gettext_lazy("What one row of the audience stands for."),
        error_messages={"required": gettext_lazy("Choose the targeting dimension.")},
    )
    rule = RuleField(
        dimension_field="dimension",
        label=gettext_lazy("Who is in it"),
        help_text=gettext_lazy("Without a condition everyone is."),
        required=False,
    )
    keep_empty = forms.BooleanField(
        label=gettext_lazy("Go on when nobody is found"),
        help_text=gettext_lazy("Otherwise an empty audience ends its path here."),
        required=False,
    )


@register
class BuildAudience(Activity):
    key = "build_audience"
    label = gettext_lazy("Build audience")
    group = "data"
    position = 10
    icon = "group_add"
    help = gettext_lazy(
        "Finds the rows of a dimension that satisfy a rule; what arrives before it only gives the order."
    )
    form_class = BuildAudienceForm
    inputs = (Port("in", required=False),)

    def summary(self, ctx: Context | None = None) -> str:
        slug, rule = self.settings.get("dimension"), self.settings.get("rule")
        if not isinstance(slug, str) or not slug:
            return _("No targeting dimension yet")
        known = ctx is not None and slug in ctx.model.datasets
        label = ctx.model.datasets[slug].label if ctx and known else slug.replace("_", " ").capitalize()
        if is_everyone(rule):
            return _("{dimension}: everyone").format(dimension=label)
        if not ctx or not known:
            return _("{dimension} by a rule").format(dimension=label)
        try:
            words = rules.phrase(rule, slug, rule_context(ctx))
        except rules.RuleError:
            return _("{dimension} by a rule that needs mending").format(dimension=label)
        return _("{dimension} where {rule}").format(dimension=label, rule=words)

    def findings(self, scope: Scope) -> Iterable[Finding]:
        if is_everyone(self.settings["rule"]):
            yield Finding(
                "warning", _("The rule is empty, so everyone is in the audience; add a condition if not meant.")
            )

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        slug, rule = self.settings.get("dimension"), self.settings.get("rule")
        if not slug:
            raise ActivityError(_("Choose the targeting dimension."))
        everyone = ctx.everyone(slug)
        if is_everyone(rule):
            return {"out": everyone}
        kept = rules.keep(ctx.model.table(slug), rule, slug, rule_context(ctx))
        return {"out": everyone.with_table(kept.select(*everyone.key))}

    def explain(self, case: Case) -> Iterable[Verdict]:
        slug, rule = self.settings["dimension"], self.settings["rule"]
        if is_everyone(rule):
            return [everyone()]
        verdict = explain(case.ctx.model.table(slug), rule, slug, rule_context(case.ctx), case.mine)
        return [verdict] if verdict else []

    def follows(self, rows: Mapping[str, int], ctx: Context | None = None) -> Collection[str]:
        return list(rows) if self.settings.get("keep_empty") else [port for port, count in rows.items() if count]
