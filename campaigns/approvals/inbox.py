"""The queue of requests: what a person may decide, what they asked, all they may see, and what was decided."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from campaigns import finding, review, worklist
from campaigns.models import Approval, Campaign, Requirement, SearchEntry
from orchcamp.accounts import access
from orchcamp.accounts.models import NAMES, User

MINE, ASKED, ALL, DECIDED = "mine", "asked", "all", "decided"
SHOWN = {MINE: _("Mine to decide"), ASKED: _("Asked by me"), ALL: _("All that wait"), DECIDED: _("Decided")}
SORTS = {
    "due": (_("Due first"), [F("due_at").asc(nulls_last=True), "requested_at", "pk"]),
    "oldest": (_("Longest waiting first"), ["requested_at", "pk"]),
    "newest": (_("Newest first"), ["-requested_at", "-pk"]),
}
DECIDED_LAST = ["-decided_at", "-pk"]


@dataclass(frozen=True)
class Tab:
    value: str
    label: Any
    count: int | None


@dataclass(frozen=True)
class Filters:
    """What of the queue is shown."""

    show: str
    sort: str
    words: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str], *, decides: bool, asks: bool) -> Filters:
        """What is asked for; what is not known becomes what most concerns the person."""
        show, sort = asked.get("show", ""), asked.get("sort", "")
        usual = MINE if decides else ASKED if asks else ALL
        words = asked.get("q", "").strip()[:120]
        return cls(show if show in SHOWN else usual, sort if sort in SORTS else "due", words)

    def apply(self, user: User) -> QuerySet[Approval]:
        order = DECIDED_LAST if self.show == DECIDED else SORTS[self.sort][1]
        return with_progress(among(user, self.show).filter(self._named())).order_by(*order)

    def _named(self) -> Q:
        """Each word begins one of the campaign's name or ID (as everywhere, without accents), or is in who asks."""
        found, words = Q(), finding.words(self.words)
        if words:
            finding.refresh()
        for word in words:
            named = SearchEntry.objects.filter(finding.matching("folded", [word]), node_id="").values("campaign")
            asks = (Q(**{f"requested_by__{field}__icontains": word}) for field in NAMES)
            found &= functools.reduce(Q.__or__, asks, Q(version__campaign__in=named))
        return found if words or not self.words else Q(pk__in=[])


def visible(user: User) -> QuerySet[Approval]:
    """Every request about a campaign that the person may see."""
    return Approval.objects.filter(access.reached(user, "view", Campaign, "version__campaign")).select_related(
        "version__campaign", "requested_by", "decided_by", "test_run"
    )


def among(user: User, show: str) -> QuerySet[Approval]:
    """The requests of one tab."""
    if show == MINE:
        return worklist.approvals(user)
    waiting = visible(user).filter(status=Approval.Status.WAITING)
    if show == ASKED:
        return waiting.filter(pk__in=review.own_of(user, waiting).values("pk"))
    return waiting if show == ALL else visible(user).exclude(status=Approval.Status.WAITING)


def with_progress(approvals: QuerySet[Approval]) -> QuerySet[Approval]:
    """With how many stages there are (``stages``), and how many are signed (``signed``); counted for those shown only."""
    asked = Requirement.objects.filter(approval=OuterRef("pk")).order_by()
    signed = asked.filter(status=Requirement.Status.SATISFIED)
    return approvals.annotate(stages=_number(asked), signed=_number(signed))


def _number(rows: QuerySet) -> Coalesce:
    return Coalesce(Subquery(rows.values("approval").annotate(number=Count("pk")).values("number")), 0)


def tabs(user: User) -> list[Tab]:
    """Each tab with how much is in it; what was decided is not counted, it only grows."""
    return [Tab(show, label, None if show == DECIDED else among(user, show).count()) for show, label in SHOWN.items()]
