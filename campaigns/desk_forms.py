"""The forms of approvals and tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.graph import Graph
from orchcamp.accounts.models import User

from .models import Task


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
    """A task on a campaign; ``graph`` lends the nodes it may be about."""

    node_id = forms.ChoiceField(label=_("Node"), required=False)

    class Meta:
        model = Task
        fields = ["title", "description", "assignee", "due_on", "node_id"]
        widgets = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, graph: Graph, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = User.objects.filter(is_active=True).order_by("first_name", "username")
        self.fields["assignee"].empty_label = _("Nobody yet")
        nodes = [(id, graph.nodes[id].name) for id in graph.order()]
        self.fields["node_id"].choices = [("", _("The whole campaign")), *nodes]
