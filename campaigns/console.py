"""What the commands share: campaigns and people by name, rights, and a run as JSON."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from orchcamp.accounts.access import may
from orchcamp.accounts.models import User
from orchcamp.messaging.models import Delivery

from . import sending
from .errors import CampaignError, NotAllowed
from .models import Campaign, Run


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
        }
        for id in run.graph.order()
        if id in rows
    }
    references = {f"{run.pk}-{id}": id for id in rows}
    found = Delivery.objects.filter(reference__in=references).order_by("pk")
    deliveries = [_delivery_as_json(references[delivery.reference], delivery) for delivery in found]
    return {"run": run.pk, "status": run.status, "nodes": nodes, "deliveries": deliveries}


def _delivery_as_json(node_id: str, delivery: Delivery) -> dict[str, Any]:
    books = sending.balance(delivery)
    return {
        "node": node_id,
        "targeted": delivery.targeted,
        "prepared": delivery.prepared,
        "excluded": delivery.excluded,
        **{name: books[name] for name in ("accepted", "refused", "in_doubt", "pending") if name in books},
    }
