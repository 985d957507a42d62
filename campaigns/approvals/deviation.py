"""How far what a launch targets is from what was approved, and when that is too far to go on without being asked."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from campaigns.models import Approval, NodeRun

MOST_SHOWN = 1_000  # percent; beyond, a number says nothing


def of(node: NodeRun, targeted: int) -> str:
    """Why the sending of a live run is held: it targets another number of people than was approved, by more than the
    strictest policy allows. Empty where it may go on."""
    approval = approved(node)
    if approval is None or approval.deviation is None:
        return ""
    before = approval.targeted.get(node.node_id, 0)  # the dry run did not come so far: nobody was approved
    if not exceeds(before, targeted, approval.deviation):
        return ""
    return _(
        "%(now)s are targeted, but %(before)s were approved; that differs by %(differs)s, and the approval allows "
        "%(allowed)s%%. It is held until a person confirms it."
    ) % {
        "now": f"{targeted:,}",
        "before": f"{before:,}",
        "differs": in_words(before, targeted),
        "allowed": approval.deviation,
    }


def approved(node: NodeRun) -> Approval | None:
    """The approval of the version that a run carries out."""
    found = Approval.objects.filter(version=node.run.version_id, status=Approval.Status.APPROVED)
    return found.order_by("-pk").first()


def exceeds(before: int, now: int, percent: int | None) -> bool:
    """Whether two counts differ by more than so many percent of the first; of nobody, anybody is more."""
    if percent is None:
        return False
    return abs(now - before) * 100 > percent * before


def between(before: Mapping[str, int], now: Mapping[str, int], percent: int | None) -> bool:
    """Whether any channel's count differs too much, or one has no counterpart."""
    if percent is None:
        return False
    return before.keys() != now.keys() or any(exceeds(before[id], now[id], percent) for id in before)


def in_words(before: int, now: int) -> str:
    """By how much, in percent of the first."""
    if before == 0:
        return _("everybody")
    percent = abs(now - before) * 100 / before
    return f"{percent:,.1f}%" if percent <= MOST_SHOWN else _("more than ten times")
