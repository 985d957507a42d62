"""One campaign through the commands, once on each engine: the same counts, rows and plan."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from campaigns import execution
from campaigns.models import Run
from campaigns.store import RunStore
from orchcamp.datasets import engine
from orchcamp.messaging import consent, plan
from orchcamp.messaging.models import Delivery, Suppression
from tests.builders import make_shop
from tests.campaigns.builders import EVERYONE, PARIS, audience, email, graph, make_campaign, make_configuration

from .compare import difference
from .conftest import SMALL

ADDRESSES = {"duckdb": "duckdb://", "spark": SMALL}
BUYERS = {"link": "purchases", "aggregate": "sum", "attribute": "amount", "operator": "greater_than", "value": 10}
CANVAS = graph(
    {
        "all": ("build_audience", audience()),
        "paris": ("build_audience", audience(PARIS)),
        "buyers": ("build_audience", audience(BUYERS, keep_empty=True)),
        "some": ("combine", {"operation": "exclusion", "primary": {"node": "all", "port": "out"}, "complement": True}),
        "unique": ("deduplication", {"fields": ["email"], "complement": True}),
        "split": (
            "split",
            {"subsets": [{"code": "half", "limit": {"type": "percent", "value": 50, "of": "inbound"}}], "complement": True},
        ),
        "wait": ("wait", {"type": "duration", "value": 1, "unit": "days"}),
        "fork": ("fork", {"transitions": [{"code": "left"}, {"code": "right"}]}),
        "joined": ("combine", {"operation": "union"}),
        "end": ("end", {}),
    },
    "all>some", "buyers>some", "all>unique", "unique>split", "split.half>wait", "wait>fork", "fork.left>joined",
    "paris>joined", "joined>end",
)  # fmt: skip


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()
    make_configuration(consent_column="consent")


def on(name: str, settings) -> None:
    settings.ENGINE = ADDRESSES[name]
    assert engine.name() == name


def test_a_test_run_gives_the_same_counts_and_rows(settings, capsys):
    make_campaign(CANVAS)
    told, stores = {}, {}
    for name in ADDRESSES:
        on(name, settings)
        capsys.readouterr()
        call_command("run_campaign", "spring", "--test", "--json")
        told[name] = json.loads(capsys.readouterr().out)
        stores[name] = RunStore(Run.objects.get(pk=told[name].pop("run")))
    assert told["spark"] == told["duckdb"]
    assert told["spark"]["status"] == "succeeded"
    assert told["spark"]["nodes"]["fork"]["outputs"]["left"]["rows"] > 0
    for id, node in stores["spark"].nodes.items():
        for port in node.outputs:
            near, far = (engine.arrow(stores[name].population(id, port).table) for name in ADDRESSES)
            assert not difference(near, far), f"{id}.{port}"


def test_a_pass_through_costs_no_copy_on_spark(settings):
    on("spark", settings)
    run = execution.run_to_end(execution.start(make_campaign(CANVAS).draft(), mode=Run.Mode.TEST))
    store = RunStore(run)
    places = [engine.root() / store.path(*port) for port in (("wait", "out"), ("fork", "left"), ("fork", "right"))]
    assert len({file.stat().st_ino for place in places for file in place.iterdir()}) == 1


def test_a_plan_has_the_same_rows(settings, anna, mark):
    consent.say("email", "ann@example.org", granted=False, source="test")
    Suppression.objects.create(address="@example.net")
    canvas = graph({"people": ("build_audience", audience(EVERYONE)), "mail": ("email", email())}, "people>mail")
    plans = {}
    for name in ADDRESSES:
        on(name, settings)
        campaign = make_campaign(canvas, slug=f"spring-{name}", owner=mark)
        call_command("approve_campaign", campaign.slug, "--by", "anna")
        call_command("publish_campaign", campaign.slug, "--by", "anna")
        call_command("run_campaign", campaign.slug, "--live", "--json")
        delivery = Delivery.objects.get(campaign=campaign.slug)
        plans[name] = (delivery, plan.summary(delivery.plan), plan.batch(delivery.plan, 0))
        assert plans[name][2] and plan.find(delivery.plan, plans[name][2][0]["message_id"])
    assert plans["spark"][1] == plans["duckdb"][1]
    near, far = (engine.arrow(engine.table(plans[name][0].plan).drop("message_id")) for name in ADDRESSES)
    assert not difference(near, far)
