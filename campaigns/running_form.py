"""The form of how a campaign runs: the campaign's own settings, and a line for each node that differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.graph import Graph
from orchcamp.accounts.models import User

from .running_settings import (
    LONGEST_HISTORY,
    LONGEST_NODE,
    MOST_ERRORS,
    ON_ERROR,
    NodeSettings,
    RunningSettings,
)

SHORT = (("suspend", gettext_lazy("Suspend")), ("ignore", gettext_lazy("Ignore")), ("abort", gettext_lazy("Abort")))


class RunningForm(forms.Form):
    """What an error does, whom it is told to, how long a node may take, and what is kept."""

    on_error = forms.ChoiceField(
        label=gettext_lazy("When a node fails"),
        choices=ON_ERROR,
        help_text=gettext_lazy(
            "After an ignored error the marks of incremental queries do not move: the next run looks at the same rows again."
        ),
    )
    consecutive_errors = forms.IntegerField(
        label=gettext_lazy("Errors in a row that may be ignored"),
        min_value=0,
        max_value=MOST_ERRORS,
        required=False,
        help_text=gettext_lazy("The next one stops the campaign as failed. 0: it is never stopped by errors."),
    )
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("Supervisors: groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Their members are written to when a live run fails, stands still or misses its launch."
        ),
    )
    people = forms.MultipleChoiceField(
        label=gettext_lazy("Supervisors: people"), required=False, widget=forms.CheckboxSelectMultiple
    )
    max_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes that a node may take at most"),
        min_value=1,
        max_value=LONGEST_NODE,
        required=False,
        help_text=gettext_lazy("Then it fails. Empty: as long as it takes. A sending is never cut off, only told of."),
    )
    history_days = forms.IntegerField(
        label=gettext_lazy("History in days"),
        min_value=1,
        max_value=LONGEST_HISTORY,
        required=False,
        help_text=gettext_lazy("How long log, alerts and files of a run are kept. Empty: as the installation has it."),
    )
    keep_interim = forms.BooleanField(
        label=gettext_lazy("Keep interim results"),
        required=False,
        help_text=gettext_lazy(
            "Populations of earlier runs stay until their history goes: to look into them while you try things out. It "
            "takes much disk; switch it off in production."
        ),
    )

    def __init__(self, *args: Any, graph: Graph, current: RunningSettings, **kwargs: Any):
        super().__init__(*args, initial=_initial(current), **kwargs)
        self.graph, self.current = graph, current
        groups, people = Group.objects.order_by("name"), User.objects.filter(is_active=True).order_by("username")
        self.fields["groups"].choices = _with_absent([(group.name, group.name) for group in groups], current.groups)
        self.fields["people"].choices = _with_absent([(who.username, str(who)) for who in people], current.people)
        for id, node in graph.nodes.items():
            own = current.nodes.get(id, NodeSettings())
            policy = forms.ChoiceField(choices=[("", _("As the campaign")), *SHORT], required=False)
            policy.label = _("When “%(node)s” fails") % {"node": node.name}
            minutes = forms.IntegerField(min_value=1, max_value=LONGEST_NODE, required=False)
            minutes.label = _("Minutes for “%(node)s”") % {"node": node.name}
            self.fields[f"error-{id}"], self.fields[f"minutes-{id}"] = policy, minutes
            self.initial |= {f"error-{id}": own.on_error, f"minutes-{id}": own.max_minutes}

    def lines(self) -> Iterator[tuple[str, Any, Any]]:
        """The name and the two fields of each node."""
        for id in self.graph.order():
            yield self.graph.nodes[id].name, self[f"error-{id}"], self[f"minutes-{id}"]

    def own(self) -> list[Any]:
        """The fields of the campaign itself."""
        return [self[name] for name in self.base_fields]

    def settings(self) -> RunningSettings:
        """What the valid form says; nodes that the canvas no longer has are forgotten."""
        given = self.cleaned_data
        nodes = {id: NodeSettings(given[f"error-{id}"], given[f"minutes-{id}"]) for id in self.graph.nodes}
        return RunningSettings(
            on_error=given["on_error"],
            consecutive_errors=given["consecutive_errors"] or 0,
            groups=tuple(given["groups"]),
            people=tuple(given["people"]),
            keep_interim=given["keep_interim"],
            history_days=given["history_days"],
            max_minutes=given["max_minutes"],
            nodes=nodes,
        )


def _initial(current: RunningSettings) -> dict[str, Any]:
    return {**vars(current), "groups": list(current.groups), "people": list(current.people)}


def _with_absent(choices: list[tuple[str, str]], names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Names that came with a file and are not here stay until somebody takes them out."""
    known = dict(choices)
    return choices + [(name, _("%(name)s (not here)") % {"name": name}) for name in names if name not in known]
