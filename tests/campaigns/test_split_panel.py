"""Beside each subset of a split: the rows that it took in the last run, or would take."""

from __future__ import annotations

import html

import pytest

from campaigns import canvas, execution
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, targeting_graph

pytestmark = pytest.mark.django_db


def test_a_subset_shows_what_it_took_and_then_what_its_percentage_gives(client, mark):
    make_shop()
    campaign = make_campaign(targeting_graph(), owner=mark)
    client.force_login(mark)

    def panel() -> str:
        return html.unescape(
            client.get(f"/campaigns/{campaign.slug}/nodes/split/", headers={"HX-Request": "true"}).content.decode()
        )

    assert "settings-projected" not in panel()
    version = campaign.latest_version()
    run = execution.run_to_end(execution.start(version, mode="test", by=mark))
    took = run.nodes.get(node_id="split").outputs["yes"]["rows"]
    assert f"Took {took} rows in the last run." in panel()

    settings = dict(version.graph.nodes["split"].settings)
    limit = {"type": "percent", "value": 40, "of": "inbound"}
    settings["subsets"] = [{**settings["subsets"][0], "limit": limit}]
    canvas.configure_node(version, "split", revision=version.revision, by=mark, settings=settings)
    assert "Projected: at most 1 of 3 rows." in panel()
