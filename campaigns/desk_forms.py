"""The forms of approvals and tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from orchcamp.accounts import access
from orchcamp.accounts.models import User

from .models import Campaign, Task


class MessageForm(forms.Form):
    """A word to go with a request or an approval; may be empty."""

    message = forms.CharField(
        label=_("Message"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class SendBackForm(forms.Form):
    """Sending back without a reason helps nobody."""

    message = forms.CharField(
        label=_("What must change?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what must change, so that the author can mend it.")},
    )


class DelegateForm(forms.Form):
    """Who decides in one's place; ``people`` are those who could."""

    to = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Who decides in your place?"),
        empty_label=_("Choose a person"),
        error_messages={
            "required": _("Choose who decides in your place."),
            "invalid_choice": _("This person could not decide it; choose one of the list."),
        },
    )
    message = forms.CharField(
        label=_("Message"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, people: Sequence[User], *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = User.objects.filter(pk__in=[person.pk for person in people]).order_by("username")


class ReasonForm(forms.Form):
    """Why a version is published, for those who read the list of versions later."""

    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stands in the list of versions."),
    )


class TaskForm(forms.ModelForm):
    """A task on a campaign: its nodes and the people who may see it are what can be chosen."""

    node_id = forms.ChoiceField(
        label=_("Node"), required=False, help_text=_("What of the canvas it is about; the task leads there.")
    )

    class Meta:
        model = Task
        fields = ["title", "description", "assignee", "group", "due_on", "priority", "node_id"]
        widgets = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "assignee": _("One of those who may see the campaign."),
            "group": _("Instead of a person: it stands on the team's board, and a member takes it."),
            "due_on": _("The last day, where the campaign is; it is overdue from the next morning on."),
        }

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any):
        super().__init__(*args, **kwargs)
        people = access.who_may("view", campaign)
        if self.instance.pk and self.instance.assignee_id:
            people = people | User.objects.filter(pk=self.instance.assignee_id)
        self.fields["assignee"].queryset = people.distinct().order_by("first_name", "username")
        self.fields["group"].queryset = Group.objects.order_by("name")
        self.fields["assignee"].empty_label = self.fields["group"].empty_label = _("Nobody yet")
        graph = campaign.latest_version().graph
        nodes = [(id, graph.nodes[id].name) for id in graph.order()]
        gone = self.instance.node_id
        if gone and gone not in graph.nodes:
            nodes.append((gone, _("A node that was removed from the canvas")))
        self.fields["node_id"].choices = [("", _("The whole campaign")), *nodes]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("assignee") and data.get("group"):
            self.add_error("group", _("A task is for a person or for a team: choose “Nobody yet” for one of the two."))
        return data
