"""The list of campaigns: what is searched and filtered, and the tabs. The queries do not grow with the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from orchcamp.accounts import access
from orchcamp.accounts.models import NAMES, User, name_of
from orchcamp.web.numbers import whole

from . import columns, finding, tagging
from .folders import NONE, Branch
from .models import Campaign, CampaignVersion, Run, SearchEntry

Status = Campaign.Status
NEWEST = "-modified"


@dataclass(frozen=True)
class Filters:
    """What the address asks for; nonsense asks for nothing."""

    words: str = ""
    status: str = ""
    folder: int | None = None
    owner: int | None = None
    tag: str = ""
    channel: str = ""
    dimension: str = ""
    since: date | None = None
    until: date | None = None
    failed: bool = False
    starred: bool = False
    sort: str = NEWEST

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Filters:
        status, sort = data.get("status", ""), data.get("sort", "")
        return cls(
            words=data.get("q", "").strip()[:120],
            status=status if status in Status.values else "",
            folder=whole(data.get("folder")),
            owner=whole(data.get("owner")),
            tag=data.get("tag", "").strip()[:40],
            channel=data.get("channel", "").strip()[:60],
            dimension=data.get("dimension", "").strip()[:60],
            since=_day(data.get("since")),
            until=_day(data.get("until")),
            failed=data.get("failed") == "1",
            starred=data.get("starred") == "1",
            sort=sort if columns.is_sort(sort) else NEWEST,
        )

    @property
    def more(self) -> int:
        """How many of the filters that are folded away are on."""
        asked = (self.owner, self.channel, self.dimension, self.since, self.until, self.failed, self.starred)
        return sum(value not in (None, "", False) for value in asked)

    @property
    def narrowed(self) -> bool:
        return bool(self.words or self.tag or self.folder is not None or self.more)

    def apply(self, campaigns: Any, user: User, *, tree: list[Branch], texts: tagging.Texts) -> Any:
        """Everything but the status; ``tree`` and ``texts`` are the folders and tags that the person sees."""
        found = campaigns.filter(self._words(texts), self._folder(tree), self._days())
        if self.owner:
            found = found.filter(owner=self.owner)
        if self.tag:
            found = found.filter(tagging.bearing(tagging.spelled(texts, self.tag)))
        if self.dimension:
            found = found.filter(dimension=self.dimension)
        if self.channel:
            finding.refresh()
            found = found.filter(Exists(SearchEntry.objects.filter(campaign=OuterRef("pk"), kind=self.channel)))
        if self.starred:
            found = found.filter(favourite_of=user)
        return found.annotate(last_status=last_run("status")).filter(last_status="failed") if self.failed else found

    def _words(self, texts: tagging.Texts) -> Q:
        if not self.words:
            return Q()
        named = [Q(**{f"{field}__icontains": self.words}) for field in ("name", "slug", "description")]
        borne = tagging.with_part(texts, self.words)
        return named[0] | named[1] | named[2] | (tagging.bearing(borne) if borne else Q(pk__in=[]))

    def _folder(self, tree: list[Branch]) -> Q:
        if self.folder is None:
            return Q()
        if self.folder == NONE:
            return Q(folder=None)
        return Q(folder__in=next((branch.within for branch in tree if branch.folder.pk == self.folder), ()))

    def _days(self) -> Q:
        found = Q()
        if self.since:
            found &= Q(modified_at__gte=_midnight(self.since))
        if self.until and self.until < date.max:
            found &= Q(modified_at__lt=_midnight(self.until + timedelta(days=1)))
        return found

    def of_status(self, campaigns: Any) -> Any:
        """Those of the tab; what is archived shows only on its own."""
        return campaigns.filter(status=self.status) if self.status else campaigns.active()


def _day(text: str | None) -> date | None:
    try:
        return parse_date(text or "")
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@dataclass(frozen=True)
class Tab:
    value: str
    label: str
    count: int


def tabs(campaigns: Any) -> list[Tab]:
    """All, and every status that something is in, with how many."""
    counts = dict(campaigns.order_by().values_list("status").annotate(Count("pk")))
    active = sum(count for status, count in counts.items() if status != Status.ARCHIVED)
    named = [Tab(value, str(label), counts.get(value, 0)) for value, label in Status.choices]
    return [Tab("", _("All"), active), *named]


def last_run(field: str) -> Subquery:
    """A field of the run that began last."""
    runs = Run.objects.filter(campaign=OuterRef("pk")).order_by("-started_at", "-pk")
    return Subquery(runs.values(field)[:1])


def listed(campaigns: Any, filters: Filters) -> Any:
    """The campaigns of the tab in their order."""
    return _ordered(filters.of_status(campaigns), filters)


def _ordered(campaigns: Any, filters: Filters) -> Any:
    if filters.sort.removeprefix("-") == "last_run":
        campaigns = campaigns.annotate(last_started=last_run("started_at"))
    return campaigns.order_by(columns.sort_field(filters.sort), "-pk")


def detailed(page: Any, filters: Filters, user: User) -> Any:
    """A slice of these with everything that its rows show, asked for those rows alone.

    ``canvas`` is the document of the newest version, ``run_id`` the run that began last, ``starred`` and the others
    are about this person.
    """
    newest = CampaignVersion.objects.filter(campaign=OuterRef("pk")).order_by("-number").values("document")[:1]
    starred = Campaign.favourite_of.through.objects.filter(campaign=OuterRef("pk"), user=user)
    found = _ordered(Campaign.objects.filter(pk__in=page.values("pk")), filters)
    return found.select_related("owner", "folder").annotate(
        canvas=Subquery(newest),
        run_id=last_run("pk"),
        starred=Exists(starred),
        **access.marks(user, Campaign, may_change="change"),
    )


@dataclass(frozen=True)
class Facets:
    """What the filters may offer: the owners of what can be seen, and whom it is about."""

    owners: list[tuple[int, str]]
    dimensions: list[str]


def facets(campaigns: Any) -> Facets:
    """The owners and dimensions of some campaigns, in one query."""
    person = [f"owner__{name}" for name in NAMES]
    found = list(campaigns.order_by().values_list("dimension", "owner", *person).distinct())
    names = {owner: name_of(*called) for _dimension, owner, *called in found if owner}
    owners = sorted(names.items(), key=lambda item: item[1].casefold())
    return Facets(owners, sorted({dimension for dimension, *_person in found}))
