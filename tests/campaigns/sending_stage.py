"""A node that is about to send, without the canvas around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from activities import catalogue
from campaigns import contexts, sending
from campaigns.models import Campaign, CampaignVersion, NodeRun, Run
from orchcamp.messaging.models import ChannelConfiguration, Delivery
from tests.builders import make_dataset

SETTINGS = {
    "configuration": "newsletter",
    "subject": "Hello {{ name }}",
    "format": "html",
    "body": '<p>Dear {{ name }}, <a href="https://shop.example/a?b=1&amp;c=2">look</a></p>',
    "category": "marketing",
    "track_opens": True,
    "track_clicks": True,
    "one_per_address": True,
}


def make_run(addresses: Sequence[str | None], *, port: int, throttle: int | None = None, **settings: Any) -> NodeRun:
    """A live run whose email node is sending to these addresses; nothing has been handed over yet."""
    rows = [{"id": n, "name": f"Person {n}", "email": address} for n, address in enumerate(addresses, 1)]
    make_dataset(
        "people", ["id"], {"id": "integer", "name": "string", "email": "string"}, rows, target={"email": "email"}
    )
    ChannelConfiguration.objects.create(
        slug="newsletter", label="Newsletter", sender_name="Shop", sender_address="news@shop.example",
        host="127.0.0.1", port=port, security="none", throttle=throttle,
    )  # fmt: skip
    campaign = Campaign.objects.create(slug="spring", name="Spring", dimension="people", status="live")
    given = SETTINGS | settings
    document = {"schema": 1, "nodes": {"n1": {"type": "email", "name": "Spring mail", "settings": given}}, "edges": []}
    now = timezone.now()
    version = CampaignVersion.objects.create(campaign=campaign, document=document, frozen_at=now)
    run = Run.objects.create(campaign=campaign, version=version, mode="live", scheduled_for=now, document=document)
    node = NodeRun.objects.create(run=run, node_id="n1", status=NodeRun.Status.SENDING)
    prepare(node)
    return node


def prepare(node: NodeRun) -> Delivery:
    ctx = contexts.context(node.run)
    activity = catalogue.build("email", node.run.document["nodes"]["n1"]["settings"])
    return sending.prepare(node, ctx.everyone("people"), activity, ctx)


def send_all(node: NodeRun) -> None:
    """What workers do, here and now, until nothing can be claimed."""
    while claimed := sending.claim_pending(node.run, at_most=10):
        for pk in claimed:
            sending.send_one(pk)
    sending.close_finished(node)


def balanced(delivery: Delivery) -> dict[str, Any]:
    """The books, after making sure that they add up."""
    books = sending.balance(delivery)
    known = (
        sum(books["excluded"].values()) + books["accepted"] + books["refused"] + books["in_doubt"] + books["pending"]
    )
    assert books["targeted"] == known, books
    return books
