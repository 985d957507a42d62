"""A small campaign at each station of its way: asked for, approved, published, sent to a real server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from activities.graph import Graph
from campaigns import execution, lifecycle
from campaigns.approvals import policies
from campaigns.models import Approval, ApprovalPolicy, Campaign, NodeRun, Run
from orchcamp.accounts.models import User
from orchcamp.messaging.models import Delivery
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, simple_graph
from tests.messaging import smtp_server


def make_stage(owner: User, canvas: Graph | None = None, **settings: Any) -> Campaign:
    """Everyone of the shop (6) gets an email; two can: the others have no or no good address, or no consent."""
    make_shop()
    make_configuration(port=settings.pop("port", 2525))
    return make_campaign(canvas or simple_graph(**settings), owner=owner, name="Spring mail")


def ask(campaign: Campaign, by: User, message: str = "") -> Approval:
    return lifecycle.submit(campaign.latest_version(), by=by, message=message)


def policy(name: str, *stages: policies.Stage, **more: Any) -> ApprovalPolicy:
    """A policy that is active: what it asks, stage by stage."""
    made = policies.create(policies.Plan(name=name, stages=stages, **more), by=None)
    policies.activate(made, by=None)
    return made


def stage(*people: User, groups: Any = (), needed: int = 1, facets: Any = ("audience", "content", "schedule")) -> Any:
    """One stage of a policy."""
    return policies.Stage(groups=groups, people=people, needed=needed, facets=facets)


def publish(campaign: Campaign, *, author: User, approver: User) -> Run:
    """Asked for, approved and published; the run stands at its first step."""
    lifecycle.approve(ask(campaign, author), by=approver)
    campaign.refresh_from_db()
    return lifecycle.publish(campaign, by=approver)


def until_confirmation(campaign: Campaign, *, author: User, approver: User) -> NodeRun:
    """The email of the published campaign, prepared and waiting for a person."""
    run = execution.run_to_end(publish(campaign, author=author, approver=approver))
    return run.nodes.get(waiting_for=NodeRun.WaitingFor.CONFIRMATION)


def sent(campaign: Campaign, *, author: User, approver: User) -> Delivery:
    """Everything that can be sent is sent to the server at the configuration's port."""
    row = until_confirmation(campaign, author=author, approver=approver)
    execution.confirm(row, by=approver)
    execution.run_to_end(row.run)
    return Delivery.objects.get()


@contextmanager
def mail_server() -> Iterator[int]:
    """A real SMTP server at a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with smtp_server.running(port):
        yield port
