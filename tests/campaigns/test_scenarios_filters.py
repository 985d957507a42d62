"""Predefined filters in campaigns: asked for their values only, pinned by runs, and found by who uses them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import counts, execution
from campaigns.models import Campaign, Run
from orchcamp.datasets import predefined
from tests.builders import make_shop
from tests.campaigns.builders import audience, graph, make_campaign

RECENT = {
    "link": "purchases",
    "where": {
        "attribute": "bought_at",
        "operator": "in_period",
        "value": {"period": "last_days", "n": {"parameter": "days"}},
    },
}
DAYS = {"days": {"type": "number", "default": 30, "label": "Days"}}
EVER = 36_000


@pytest.fixture(autouse=True)
def shop(db) -> None:
    make_shop()


def campaign_with(slug: str, rule: dict[str, Any], owner: Any) -> Campaign:
    nodes = {"who": ("build_audience", audience(rule, keep_empty=True)), "end": ("end", {})}
    return make_campaign(graph(nodes, "who>end"), owner=owner, slug=slug)


def dry_run(campaign: Campaign) -> Run:
    run = execution.start(campaign.draft(), mode="test")
    execution.run_to_end(run)
    run.refresh_from_db()
    return run


def rows(run: Run) -> int:
    return run.nodes.get(node_id="who").outputs["out"]["rows"]


def test_a19_a_filter_with_a_parameter_is_used_in_two_campaigns_and_only_the_parameter_is_editable(mark):
    predefined.create(label="Bought lately", dataset="people", rule=RECENT, parameters=DAYS, shared=True, by=mark)
    lately = campaign_with("lately", {"filter": "bought-lately"}, mark)
    ever = campaign_with("ever", {"filter": "bought-lately", "parameters": {"days": EVER}}, mark)
    assert (rows(dry_run(lately)), rows(dry_run(ever))) == (0, 3)
    client = Client()
    client.force_login(mark)
    for campaign, shown in ((lately, "30"), (ever, str(EVER))):
        address = reverse("campaigns:node", kwargs={"slug": campaign.slug, "node_id": "who"})
        panel = client.get(address, headers={"HX-Request": "true"})
        page = panel.content.decode()
        assert "Bought lately" in page
        assert "parameter-days" in page
        assert shown in page
        assert "bought_at" not in page
    used = predefined.used_by("bought-lately")
    assert sorted((str(use), use.places) for use in used) == [("Ever", ("Who",)), ("Lately", ("Who",))]


def test_a_changed_filter_makes_the_counts_of_a_test_stale(mark):
    found = predefined.create(label="Bought lately", dataset="people", rule=RECENT, parameters=DAYS, by=mark)
    campaign = campaign_with("lately", {"filter": "bought-lately"}, mark)
    dry_run(campaign)
    assert not counts.transition_counts(campaign.draft())["who", "out"].stale
    predefined.change(found, rule={}, parameters={}, by=mark)
    assert counts.transition_counts(campaign.draft())["who", "out"].stale


def test_a_run_that_has_begun_keeps_the_revision_it_began_with(mark):
    found = predefined.create(label="Parisians", dataset="people", rule={}, by=mark)
    campaign = campaign_with("paris", {"filter": "parisians"}, mark)
    run = execution.start(campaign.draft(), mode="test")
    nobody = {"attribute": "city", "operator": "equals", "value": "Atlantis"}
    predefined.change(found, rule=nobody, parameters={}, by=mark)
    execution.run_to_end(run)
    assert rows(run) == 6
    assert rows(dry_run(campaign)) == 0


def test_a_campaign_uses_a_filter_through_another_one(mark):
    predefined.create(label="Inner", dataset="people", rule={}, by=mark)
    predefined.create(label="Outer", dataset="people", rule={"filter": "inner"}, by=mark)
    campaign_with("deep", {"group": "or", "items": [{"filter": "outer"}]}, mark)
    assert {str(use) for use in predefined.used_by("inner")} == {"Outer", "Deep"}
