"""What the commands share: campaigns and people by name, rights, and a run as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from orchcamp.accounts.access import may
from orchcamp.accounts.models import User
from orchcamp.messaging.models import Delivery

from . import proofreading, sending
from .errors import CampaignError, NotAllowed
from .models import Campaign, NodeRun, Run, SealedPlan

WAITING = "waiting"  # said of a run that goes on only when a person answers or a signal comes
ANSWERED = {NodeRun.WaitingFor.ANSWER, NodeRun.WaitingFor.SIGNAL}


def campaign_named(slug: str) -> Campaign:
    """The campaign. Raises CampaignError that names the ones there are."""
    try:
        return Campaign.objects.get(slug=slug)
    except Campaign.DoesNotExist:
        known = ", ".join(Campaign.objects.order_by("slug").values_list("slug", flat=True)[:20]) or _("none")
        raise CampaignError(
            _("There is no campaign “%(slug)s”; there are: %(known)s.") % {"slug": slug, "known": known}
        ) from None


def person_named(username: str) -> User:
    """The person. Raises CampaignError when there is no such user, or they may not sign in."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CampaignError(_("There is no active user “%(name)s”.") % {"name": username})
    return user


def person_with(username: str, action: str, campaign: Campaign) -> User:
    """The person, if they may do this to the campaign. Raises NotAllowed."""
    user = person_named(username)
    if not may(user, action, campaign):
        raise NotAllowed(
            _("“%(user)s” may not do this to “%(name)s”: the right “%(right)s” is missing; ask an administrator.")
            % {"user": username, "name": campaign.slug, "right": f"campaigns.{action}_campaign"}
        )
    return user


def run_as_json(run: Run) -> dict[str, Any]:
    """What ``run_campaign --json`` prints."""
    rows = {node.node_id: node for node in run.nodes.all()}
    nodes = {
        id: {
            "status": rows[id].status,
            "outputs": {port: {"rows": kept["rows"]} for port, kept in rows[id].outputs.items()},
            "error": rows[id].error,
            "lost": rows[id].lost,
            **({"waiting_for": rows[id].waiting_for} if rows[id].waiting_for else {}),
        }
        for id in run.graph.order()
        if id in rows
    }
    if run.mode == Run.Mode.DRY:
        deliveries = [_sealed_as_json(sealed) for sealed in run.sealed_plans.all()]
        more: dict[str, Any] = run.foresight
    else:
        references = {f"{run.pk}-{id}": id for id in rows}
        found = Delivery.objects.filter(reference__in=references).order_by("pk")
        deliveries, more = [_delivery_as_json(references[one.reference], one) for one in found], {}
    return {"run": run.pk, "status": status_of(run, rows.values()), "nodes": nodes, "deliveries": deliveries, **more}


def status_of(run: Run, rows: Iterable[NodeRun] | None = None) -> str:
    """The status of a run as programs read it; ``rows`` are its nodes, where they are at hand."""
    waits = run.is_open and any(row.waiting_for in ANSWERED for row in (run.nodes.all() if rows is None else rows))
    return WAITING if waits else run.status


def _sealed_as_json(sealed: SealedPlan) -> dict[str, Any]:
    """What a dry run would have sent of one node; an error's example is the key of one of its rows."""
    keys = proofreading.keys(sealed, [fault["example"] for fault in sealed.faults])
    return {
        "node": sealed.node_id,
        "targeted": sealed.targeted,
        "prepared": sealed.prepared,
        "excluded": sealed.excluded,
        "rendered": sealed.rendered,
        "render_errors": [{**fault, "example": keys.get(fault["example"], {})} for fault in sealed.faults],
    }


def _delivery_as_json(node_id: str, delivery: Delivery) -> dict[str, Any]:
    books = sending.balance(delivery)
    return {
        "node": node_id,
        "targeted": delivery.targeted,
        "prepared": delivery.prepared,
        "excluded": delivery.excluded,
        **{name: books[name] for name in ("accepted", "refused", "in_doubt", "pending") if name in books},
    }


def assignments(pairs: list[str], example: str) -> dict[str, str]:
    """What was given as NAME=VALUE on the command line. Raises CampaignError."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise CampaignError(
                _("“%(pair)s” is not written as NAME=VALUE; write for example %(example)s.")
                % {"pair": pair, "example": example}
            )
        found[name] = value
    return found
