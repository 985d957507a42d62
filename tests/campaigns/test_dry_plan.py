"""The plan of a dry run is the plan of the live run: the same rows, the same reasons, the same fields."""

from __future__ import annotations

import hashlib

import pytest

from campaigns.models import Run
from orchcamp.datasets import engine
from orchcamp.messaging import consent
from orchcamp.messaging.models import Delivery
from tests.campaigns.builders import email, graph, make_campaign
from tests.campaigns.dry_stage import again, everybody, live_run, make_customers, planned

pytestmark = pytest.mark.django_db
SMS = ("sms", {"configuration": "sms", "text": "{{ name|default('') }} {{ city }}", "one_per_address": False})
MAIL = ("email", email())
PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}


def subset(code: str, **changes):
    return {"code": code, "label": code, "rule": None, "limit": None, "sort": None, "skip_empty": False, **changes}


def both():
    ways = {"transitions": [{"code": "one", "label": "1"}, {"code": "two", "label": "2"}]}
    return graph({"a": everybody(), "f": ("fork", ways), "m": MAIL, "s": SMS}, "a>f", "f.one>m", "f.two>s")


def in_a_row():
    return graph({"a": everybody(), "m": MAIL, "s": SMS, "end": ("end", {})}, "a>m", "m>s", "s>end")


def deduplicated():
    settings = {"fields": ["email"], "method": "random", "keep": 1, "complement": True}
    return graph({"a": everybody(), "d": ("deduplication", settings), "m": MAIL, "s": SMS}, "a>d", "d.out>m",
                 "d.complement>s")  # fmt: skip


def split():
    half = subset("half", limit={"type": "percent", "value": 50})
    settings = {"subsets": [subset("paris", rule=PARIS), half], "complement": True, "overlap": False}
    nodes = {
        "a": everybody(),
        "x": ("split", settings),
        "m": MAIL,
        "s": SMS,
        "t": ("email", email(category="transactional")),
    }
    return graph(nodes, "a>x", "x.paris>m", "x.half>s", "x.complement>t")


def other_dimension():
    mail = email(configuration="plain", subject="Hello {{ hid }}", body="<p>{{ hid }}</p>")
    nodes = {"a": everybody(PARIS), "c": ("change_dimension", {"dimension": "households"}), "m": ("email", mail)}
    return graph(nodes, "a>c", "c>m")


def over_a_link():
    mail = email(configuration="plain", address="household.email", body="<p>{{ household.email }} {{ city }}</p>",
                 subject="Hello")  # fmt: skip
    return graph({"a": everybody(), "m": ("email", mail)}, "a>m")


@pytest.mark.parametrize("canvas", [both, in_a_row, deduplicated, split, other_dimension, over_a_link])
def test_both_plans_are_one(canvas):
    make_customers(40)
    consent.say("email", "eve0@y.example", granted=False, source="test")
    campaign = make_campaign(canvas())
    type(campaign).objects.update(dimension="customers")
    dry = again(campaign)
    assert dry.status == Run.Status.SUCCEEDED, dry.error
    live = live_run(campaign)
    if not live.is_open:
        assert live.status == Run.Status.SUCCEEDED, live.error
    confirmed = finish(live)
    sealed = {plan.node_id: plan for plan in dry.sealed_plans.all()}
    deliveries = {delivery.reference.partition("-")[2]: delivery for delivery in Delivery.objects.all()}
    assert set(sealed) == set(deliveries) and sealed, confirmed
    for id, plan in sealed.items():
        delivery = deliveries[id]
        assert planned(plan) == planned(delivery)
        assert (plan.targeted, plan.prepared, plan.excluded) == (
            delivery.targeted, delivery.prepared, delivery.excluded,
        )  # fmt: skip
        assert plan.targeted == plan.left_out + plan.prepared == len(planned(plan))
        assert named(plan.path, f"{dry.pk}-{id}", plan.key) and named(delivery.plan, f"{live.pk}-{id}", plan.key)


def finish(live: Run) -> Run:
    """Let the run go on behind its channels without handing over a message: what waits is put down as done."""
    from campaigns import execution
    from campaigns.models import NodeRun

    for _turn in range(5):
        waiting = live.nodes.filter(status=NodeRun.Status.WAITING)
        if not waiting.update(status=NodeRun.Status.SUCCEEDED, waiting_for=""):
            break
        live = execution.run_to_end(live)
    return live


def named(path: str, reference: str, key: list[str]) -> bool:
    """Whether every message has the name that its run, its node and its key give it."""
    return all(
        row["message_id"] == hashlib.md5(f"{reference}:{chr(31).join(str(row[k]) for k in key)}".encode()).hexdigest()  # noqa: S324
        for row in engine.rows(engine.table(path))
    )
