"""Search over everything a person may see: each kind of thing in a group, the best first, a few of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, F, IntegerField, Q, Value, When
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import catalogue
from orchcamp.accounts import access, menu
from orchcamp.accounts.models import NAMES, User, name_of
from orchcamp.datasets import predefined
from orchcamp.datasets.models import Audience, Dataset

from . import finding, tagging
from .models import Approval, Campaign, SearchEntry, Task

MOST = 6  # of a kind in the palette; the page shows more
MOST_ON_PAGE = 50
SHOWN = ("slug", "name", "status")  # of a campaign
SMALL = 3000  # kinds of which there are few are compared here, so that accents do not count


@dataclass(frozen=True)
class Hit:
    icon: str
    title: str
    address: str
    note: str = ""


@dataclass(frozen=True)
class Group:
    label: str | Promise
    hits: list[Hit]


@dataclass(frozen=True)
class _Asked:
    user: User
    text: str
    words: list[str]
    most: int

    @cached_property
    def shelves(self) -> dict[str, list[tuple[str, ...]]]:
        return _shelves(self)

    @property
    def seen(self) -> Any:
        return Campaign.objects.for_user(self.user)

    def reached(self, name: str) -> Q:
        """The condition that the campaign which a field names is one that the person sees."""
        return access.reached(self.user, "view", Campaign, name)


def search(user: User, text: str, *, most: int = MOST) -> list[Group]:
    """What fits the words, each of which may be the beginning of one; without words, where one may go from here."""
    words = finding.words(text)
    asked = _Asked(user, text.strip(), words, most)
    if not words:
        found = [Group(_("Your campaigns"), _own(asked)), Group(_("Go to"), _pages(asked))]
        return [group for group in found if group.hits]
    finding.refresh()
    groups = (Group(label, kind(asked)) for label, kind in KINDS)
    return [group for group in groups if group.hits]


def count(groups: Iterable[Group]) -> int:
    return sum(len(group.hits) for group in groups)


# --- Campaigns and what is in them -------------------------------------------------------------------


def _campaign(campaign: Campaign) -> Hit:
    return Hit("campaign", campaign.name, _canvas(campaign), campaign.get_status_display())


def _canvas(campaign: Campaign) -> str:
    return reverse("campaigns:canvas", args=[campaign.slug])


def _own(asked: _Asked) -> list[Hit]:
    """The favourites, else what was changed last."""
    seen = asked.seen.active().only(*SHOWN)
    starred = list(seen.filter(favourite_of=asked.user)[: asked.most])
    return [_campaign(campaign) for campaign in starred or seen[: asked.most]]


def _best(asked: _Asked, entries: Any) -> Any:
    """Those that begin with the first word before the others, those of late before older ones."""
    begins = Case(
        When(folded__startswith=f" {asked.words[0]}", then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    found = entries.filter(finding.matching("folded", asked.words), asked.reached("campaign"))
    shown = found.select_related("campaign").only("kind", "name", "node_id", *(f"campaign__{name}" for name in SHOWN))
    return shown.order_by(begins, "-campaign__modified_at", "pk")


def _campaigns(asked: _Asked) -> list[Hit]:
    named = list(_best(asked, SearchEntry.objects.filter(node_id=""))[: asked.most])
    found = {entry.campaign.pk: entry.campaign for entry in named}
    if len(found) < asked.most:
        borne = tagging.with_part(tagging.texts(asked.seen), asked.text)
        tagged = asked.seen.filter(tagging.bearing(borne)) if borne else asked.seen.none()
        found |= {
            campaign.pk: campaign for campaign in tagged.exclude(pk__in=found).only(*SHOWN)[: asked.most - len(found)]
        }
    return [_campaign(campaign) for campaign in found.values()]


def _nodes(asked: _Asked) -> list[Hit]:
    entries = SearchEntry.objects.exclude(node_id="").exclude(campaign__status=Campaign.Status.ARCHIVED)
    icons = {cls.key: cls.icon for cls in catalogue.all_types()}
    return [
        Hit(
            icons.get(entry.kind, "help"),
            entry.name,
            f"{_canvas(entry.campaign)}?node={entry.node_id}",
            entry.campaign.name,
        )
        for entry in _best(asked, entries)[: asked.most]
    ]


def _tasks(asked: _Asked) -> list[Hit]:
    tasks = Task.objects.filter(asked.reached("campaign"), status__in=Task.ACTIVE)
    rows = tasks.order_by("-pk").values_list("pk", "title", "campaign__name")
    found = _fitting(asked, rows, lambda row: row[1])
    return [Hit("task_alt", title, reverse("campaigns:task", args=[pk]), campaign) for pk, title, campaign in found]


def _approvals(asked: _Asked) -> list[Hit]:
    waiting = Approval.objects.filter(asked.reached("version__campaign"), status=Approval.Status.WAITING)
    of_campaign = ("version__campaign__name", "version__campaign__slug")
    person = [f"requested_by__{name}" for name in NAMES]
    rows = waiting.order_by("-pk").values_list("pk", *of_campaign, *person)
    return [
        Hit(
            "approval",
            _("Request for %(name)s") % {"name": name},
            reverse("campaigns:approval", args=[pk]),
            name_of(*person),
        )
        for pk, name, _slug, *person in _fitting(asked, rows, lambda row: f"{row[1]} {row[2]}")
    ]


# --- Data and people ---------------------------------------------------------------------------------


def _fitting(asked: _Asked, rows: Any, text: Callable[[Any], str]) -> list[Any]:
    return [row for row in rows[:SMALL] if finding.fits(text(row), asked.words)][: asked.most]


def _shelves(asked: _Asked) -> dict[str, list[tuple[str, ...]]]:
    """The audiences, filters and datasets that fit, as (kind, label, slug, note): one query for the three."""
    none = Value("", CharField())
    parts = [
        _part("audience", Audience.objects.for_user(asked.user), none),
        _part("filter", predefined.visible_to(asked.user).select_related(None), F("dataset__label")),
        _part("dataset", Dataset.objects.for_user(asked.user), none),
    ]
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in parts[0].union(*parts[1:], all=True):
        found.setdefault(row[0], []).append(row)
    return {
        kind: _fitting(asked, sorted(rows, key=_label), lambda row: f"{row[1]} {row[2]}")
        for kind, rows in found.items()
    }


def _part(kind: str, rows: Any, note: Any) -> Any:
    return rows.order_by().values_list(Value(kind, CharField()), "label", "slug", note)


def _label(row: tuple[str, ...]) -> str:
    return row[1]


def _audiences(asked: _Asked) -> list[Hit]:
    rows = asked.shelves.get("audience", [])
    return [Hit("groups", label, reverse("datasets:audience", args=[slug])) for _kind, label, slug, _note in rows]


def _filters(asked: _Asked) -> list[Hit]:
    rows = asked.shelves.get("filter", [])
    return [
        Hit("filter_alt", label, reverse("datasets:filter", args=[slug]), note) for _kind, label, slug, note in rows
    ]


def _datasets(asked: _Asked) -> list[Hit]:
    rows = asked.shelves.get("dataset", [])
    return [Hit("database", label, reverse("datasets:detail", args=[slug])) for _kind, label, slug, _note in rows]


def _people(asked: _Asked) -> list[Hit]:
    """For administrators, who have a page for each."""
    if not access.administers(asked.user):
        return []
    start = Q(username__icontains=asked.words[0]) | Q(email__icontains=asked.words[0])
    people = User.objects.filter(Q(is_active=True) | start).order_by("username")
    rows = people.values_list("pk", "email", *NAMES)
    found = _fitting(asked, rows, lambda row: " ".join(row[1:]))
    return [
        Hit("person", name_of(*names), reverse("admin:accounts_user_change", args=[pk]), email)
        for pk, email, *names in found
    ]


# --- Pages and actions -------------------------------------------------------------------------------

ACTIONS: tuple[tuple[str, Any, str, str], ...] = (  # icon, label, view, right
    ("add", gettext_lazy("New campaign"), "campaigns:create", "campaigns.add_campaign"),
    ("group_add", gettext_lazy("New audience"), "datasets:audience_create", "datasets.add_audience"),
    ("filter_alt", gettext_lazy("New filter"), "datasets:filter_create", "datasets.add_predefinedfilter"),
    ("upload", gettext_lazy("Load data"), "datasets:upload", "datasets.add_dataset"),
    ("folder", gettext_lazy("Folders and tags"), "campaigns:folders", "campaigns.view_folder"),
    ("account_circle", gettext_lazy("Your account"), "accounts:account", ""),
)


def _pages(asked: _Asked) -> list[Hit]:
    """The entries of the menu and what can be begun from anywhere, as far as the person may."""
    entries = [entry for group in menu.menu(asked.user) for entry in group.entries]
    found = [Hit(entry.icon, str(entry.label), entry.address, _("Page")) for entry in entries]
    found += [
        Hit(icon, str(label), reverse(view))
        for icon, label, view, right in ACTIONS
        if not right or access.holds(asked.user, right)
    ]
    wanted = [hit for hit in found if finding.fits(f"{hit.title} {_('Go to')}", asked.words)]
    return wanted[: max(asked.most, 20)] if asked.words else found


KINDS: tuple[tuple[Any, Callable[[_Asked], list[Hit]]], ...] = (
    (gettext_lazy("Campaigns"), _campaigns),
    (gettext_lazy("In campaigns"), _nodes),
    (gettext_lazy("Approvals"), _approvals),
    (gettext_lazy("Tasks"), _tasks),
    (gettext_lazy("Audiences"), _audiences),
    (gettext_lazy("Filters"), _filters),
    (gettext_lazy("Data"), _datasets),
    (gettext_lazy("People"), _people),
    (gettext_lazy("Go to"), _pages),
)
