"""A rule in a node is counted on the rows that arrived there in the last run, as long as they are what would arrive."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse

from campaigns import canvas, execution
from campaigns.models import Run
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, targeting_graph


@pytest.fixture
def campaign(db, mark):
    make_shop()
    return make_campaign(targeting_graph(), owner=mark)


def counted(client, campaign) -> str:
    """The answer to Count in the split's panel."""
    address = reverse("campaigns:node", args=[campaign.slug, "split"])
    panel = html.unescape(client.get(address, headers={"HX-Request": "true"}).content.decode())
    name = re.search(r'data-rule data-name="([^"]+)"', panel)[1]
    scope = re.search(rf'name="{name}:scope" value="([^"]+)"', panel)[1]
    rule = re.search(rf'name="{name}" value="(.*?)">', panel)[1]
    sent = {"name": name, name: rule, f"{name}:scope": scope, "ticket": "t"}
    return html.unescape(client.post(reverse("datasets:rule_count"), sent).content.decode())


def test_a_split_is_counted_on_what_arrives_once_the_campaign_was_tested(client, mark, campaign):
    client.force_login(mark)
    assert "<strong>4</strong>" in counted(client, campaign)  # everyone who consents
    version = campaign.latest_version()
    execution.run_to_end(execution.start(version, mode=Run.Mode.TEST, by=mark))
    page = counted(client, campaign)
    assert "<strong>2</strong>" in page and "arrived here in the last run" in page  # of the Parisians
    canvas.configure_node(
        version,
        "paris",
        revision=version.revision,
        by=mark,
        settings={"dimension": "people", "rule": {}, "keep_empty": False},
    )
    assert "<strong>4</strong>" in counted(client, campaign)  # what arrived is not what would arrive now
