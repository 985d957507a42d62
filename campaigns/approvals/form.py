"""The form of a policy: conditions in groups of rows, stages in rows, and the plan that comes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.base import Channel
from activities.catalogue import all_types
from activities.fields import OfferedField, TextField
from activities.forms import NOWHERE, Scope, SettingsForm
from activities.rows import RowsField
from campaigns.models import Campaign, Folder
from campaigns.models.policy import EACH, FACET_LABELS, FACETS, LONGEST
from orchcamp.accounts import access
from orchcamp.accounts.models import User
from orchcamp.datasets.models import Dataset

from . import conditions as c
from .policies import MOST_STAGES, Plan, Stage

IS_OR_NOT = [(c.IS, c.OPERATORS[c.IS]), (c.IS_NOT, c.OPERATORS[c.IS_NOT])]
SIZES = [(c.AT_LEAST, c.OPERATORS[c.AT_LEAST]), (c.AT_MOST, c.OPERATORS[c.AT_MOST])]
NAMES = [(name, c.OPERATORS[name]) for name in (c.EQUALS, c.CONTAINS, c.BEGINS)]
JOINS = [(c.ALL, gettext_lazy("all of them hold")), (c.ANY, gettext_lazy("any of them holds"))]
PLAIN = "field=channel field=tag field=dimension field=folder field=requester field=group"


class AskingForm(SettingsForm):
    """A form whose fields are asked for also where the form itself, or a row that is only just added, lets them be empty."""

    needs_audience = False
    optional: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        bound: Any
        for name, bound in self.fields.items():
            bound.asked = name not in self.optional


class ConditionForm(AskingForm):
    """One condition: what is asked, how, and the value it is held against."""

    shown_for: ClassVar[Mapping[str, str]] = {
        "is_or_not": PLAIN,
        "compares": "field=size",
        "reads": "field=name",
        **{
            name: f"field={name}"
            for name in ("channel", "size", "tag", "dimension", "folder", "name", "requester", "group")
        },
    }
    field = forms.ChoiceField(label=gettext_lazy("What"), choices=[(name, one.label) for name, one in c.FIELDS.items()])
    is_or_not = forms.ChoiceField(label=gettext_lazy("Comparison"), choices=IS_OR_NOT, required=False)
    compares = forms.ChoiceField(label=gettext_lazy("Comparison"), choices=SIZES, required=False)
    reads = forms.ChoiceField(label=gettext_lazy("Comparison"), choices=NAMES, required=False)
    channel = OfferedField("channel", label=gettext_lazy("Channel"), required=False)
    size = forms.IntegerField(
        label=gettext_lazy("Messages, by the dry run"), min_value=0, max_value=2**53 - 1, required=False
    )
    tag = TextField(label=gettext_lazy("Tag"), max_length=40, required=False)
    dimension = OfferedField("dimension", label=gettext_lazy("Targeting dimension"), required=False)
    folder = OfferedField("folder", label=gettext_lazy("Folder"), required=False)
    name = TextField(label=gettext_lazy("Text"), max_length=200, required=False)
    requester = TextField(label=gettext_lazy("User name"), max_length=150, required=False)
    group = OfferedField("group", label=gettext_lazy("Group"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        asked = cleaned.get("field")
        if asked and not self.draft and cleaned.get(asked) in (None, "") and asked not in self.errors:
            self.add_error(asked, _("Say what it is held against."))
        if asked == "requester" and cleaned.get("requester") and not self.draft:
            person = User.objects.filter(username=cleaned["requester"]).first()
            if person is None:
                self.add_error("requester", _("There is nobody with this user name."))
            else:
                cleaned["person"] = person.pk
        return cleaned

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"field": "channel", "is_or_not": c.IS, "compares": c.AT_LEAST, "reads": c.CONTAINS}


class GroupForm(AskingForm):
    """Some conditions together."""

    join = forms.ChoiceField(label=gettext_lazy("This group holds when"), choices=JOINS)
    rows = RowsField(ConditionForm, row=gettext_lazy("Condition"), label="", at_least=1, most=20)

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        return {"join": c.ALL, "rows-0-field": "channel"}


class StageForm(AskingForm):
    """Who signs what, in one step."""

    optional = frozenset({"groups", "people"})
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("Groups"), required=False, widget=forms.CheckboxSelectMultiple
    )
    people = forms.MultipleChoiceField(
        label=gettext_lazy("People who may approve"), required=False, widget=forms.CheckboxSelectMultiple
    )
    how = forms.ChoiceField(
        label=gettext_lazy("How many sign"),
        choices=[
            ("any", gettext_lazy("so many of them, whoever they are")),
            ("each", gettext_lazy("each person, and somebody of each group")),
        ],
    )
    needed = forms.IntegerField(label=gettext_lazy("Number of people"), min_value=1, max_value=100, required=False)
    facets = forms.MultipleChoiceField(
        label=gettext_lazy("What they sign"),
        choices=list(FACET_LABELS.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("A later change of something else does not undo their signature."),
    )
    shown_for: ClassVar[Mapping[str, str]] = {"needed": "how=any"}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in ("groups", "people"):
            self.fields[name].choices = self.scope.choices.get(name, [])  # type: ignore[attr-defined]

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, Any]:
        return {"how": "any", "needed": "1", "facets": list(FACETS)}


class PolicyForm(AskingForm):
    """Everything that a policy says."""

    optional = frozenset({"description", "groups", "deviation", "due_hours", "remind_hours", "open_hours"})
    name = TextField(label=gettext_lazy("Name"), max_length=120)
    description = TextField(label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    join = forms.ChoiceField(
        label=gettext_lazy("It holds for a campaign when"),
        choices=[
            (c.ALL, gettext_lazy("all groups of conditions hold")),
            (c.ANY, gettext_lazy("any group of them holds")),
        ],
    )
    groups = RowsField(
        GroupForm,
        row=gettext_lazy("Group of conditions"),
        label=gettext_lazy("Conditions"),
        at_least=0,
        most=10,
        required=False,
        help_text=gettext_lazy("Without any, the policy holds for every campaign."),
    )
    stages = RowsField(
        StageForm,
        row=gettext_lazy("Stage"),
        label=gettext_lazy("Who has to approve"),
        at_least=0,
        most=MOST_STAGES,
        required=False,
        help_text=gettext_lazy(
            "A stage is asked when the one before it is signed. What no policy has signed, one person with the right to approve signs."
        ),
    )
    deviation = forms.IntegerField(
        label=gettext_lazy("Deviation in percent"),
        min_value=0,
        max_value=1000,
        required=False,
        help_text=gettext_lazy(
            "A sending that targets more or fewer than were approved, by more than this, is held until somebody confirms it. Empty: by any number."
        ),
    )
    due_hours = forms.IntegerField(
        label=gettext_lazy("Due after, in hours"), min_value=1, max_value=LONGEST, required=False
    )
    remind_hours = forms.IntegerField(
        label=gettext_lazy("Reminder before that, in hours"), min_value=1, max_value=LONGEST, required=False
    )
    open_hours = forms.IntegerField(
        label=gettext_lazy("Closed after, in hours"),
        min_value=1,
        max_value=LONGEST,
        required=False,
        help_text=gettext_lazy("A request that nobody decided by then is closed, and its campaign is a draft again."),
    )
    bulk = forms.BooleanField(label=gettext_lazy("May be decided together with others"), required=False, initial=True)

    def plan(self) -> Plan:
        """What was filled in. Raises CampaignError from the services that take it."""
        found = self.cleaned_data
        simple = {name: found[name] for name in ("deviation", "due_hours", "remind_hours", "open_hours", "bulk")}
        groups = [{row["join"]: [_leaf(leaf) for leaf in row["rows"]]} for row in found["groups"]]
        return Plan(
            name=found["name"],
            description=found["description"],
            conditions={found["join"]: groups} if groups else {},
            stages=[_stage(row) for row in found["stages"]],
            **simple,
        )


def _leaf(row: Mapping[str, Any]) -> dict[str, Any]:
    asked = row["field"]
    operator = {"size": row["compares"] or c.AT_LEAST, "name": row["reads"] or c.CONTAINS}.get(
        asked, row["is_or_not"] or c.IS
    )
    value = row["person"] if asked == "requester" else row[asked]
    return {"field": asked, "operator": operator, "value": int(value) if asked in ("folder", "group") else value}


def _stage(row: Mapping[str, Any]) -> Stage:
    return Stage(
        groups=list(Group.objects.filter(pk__in=row["groups"])),
        people=list(User.objects.filter(pk__in=row["people"])),
        needed=EACH if row["how"] == "each" else row["needed"] or 1,
        facets=tuple(row["facets"]),
    )


# --- From what is stored ------------------------------------------------------------------------------


def initial(plan: Plan) -> dict[str, Any]:
    """The form's values for what a policy says."""
    tree = plan.conditions
    join = next((name for name in (c.ALL, c.ANY) if name in tree), c.ALL)
    simple = ("name", "description", "deviation", "due_hours", "remind_hours", "open_hours", "bulk")
    people = _usernames(tree)
    return {
        **{name: getattr(plan, name) for name in simple},
        "join": join,
        "groups": [_group(item, people) for item in _items(tree, join)],
        "stages": [
            {
                "groups": [str(group.pk) for group in stage.groups],
                "people": [str(user.pk) for user in stage.people],
                "how": "each" if stage.needed == EACH else "any",
                "needed": stage.needed or 1,
                "facets": list(stage.facets),
            }
            for stage in plan.stages
        ],
    }


def _items(tree: Mapping[str, Any], join: str) -> list[Any]:
    if not tree:
        return []
    return list(tree[join]) if join in tree else [tree]


def _group(item: Mapping[str, Any], people: Mapping[int, str]) -> dict[str, Any]:
    join = next((name for name in (c.ALL, c.ANY) if name in item), c.ALL)
    return {"join": join, "rows": [_row(leaf, people) for leaf in c.leaves(item)]}


def _row(leaf: Mapping[str, Any], people: Mapping[int, str]) -> dict[str, Any]:
    asked, value = leaf["field"], leaf["value"]
    shown = people.get(value, "") if asked == "requester" else str(value)
    which = {"size": "compares", "name": "reads"}.get(asked, "is_or_not")
    return {**ConditionForm.new_row([]), "field": asked, which: leaf["operator"], asked: shown}


def _usernames(tree: Any) -> dict[int, str]:
    asked = [leaf["value"] for leaf in c.leaves(tree) if leaf["field"] == "requester"]
    return dict(User.objects.filter(pk__in=asked).values_list("pk", "username")) if asked else {}


def scope() -> Scope:
    """What the form may offer: every choice that an administrator sees, by label."""
    channels = [(cls.key, str(cls.label)) for cls in all_types() if issubclass(cls, Channel)]
    offered: dict[str, list[tuple[Any, Any]]] = {
        "channel": channels,
        "dimension": [(one.slug, one.label) for one in Dataset.objects.all() if one.is_dimension],
        "folder": [(str(pk), name) for pk, name in Folder.objects.values_list("pk", "name")],
        "group": [(str(pk), name) for pk, name in Group.objects.order_by("name").values_list("pk", "name")],
        "people": [(str(one.pk), f"{one} ({one.username})") for one in access.who_holds("approve", Campaign)],
    }
    return replace(NOWHERE, choices=offered | {"groups": offered["group"]})
