"""A large canvas asks no more of the database than a small one, and looks the same drawn again."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activities.shapes import forget
from campaigns.models import CampaignVersion
from tests.builders import make_shop

from .builders import make_campaign, make_configuration
from .large_canvas import chain_graph, large_graph

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(client, mark):
    make_shop()
    make_configuration()
    client.force_login(mark)


def fragment(client, campaign) -> str:
    return client.get(reverse("campaigns:canvas_fragment", args=[campaign.slug])).content.decode()


def queries(client, campaign) -> int:
    with CaptureQueriesContext(connection) as caught:
        fragment(client, campaign)
    return len(caught)


def test_the_number_of_queries_does_not_grow_with_the_canvas(client):
    small, large = make_campaign(large_graph(10), slug="small"), make_campaign(large_graph(100), slug="large")
    fragment(client, small)  # what is read once
    assert queries(client, small) == queries(client, large)


def test_pieces_that_are_kept_look_as_if_they_were_drawn_for_the_first_time(client, mark):
    campaign = make_campaign(large_graph(14), owner=mark)
    version = campaign.draft()
    graphs = [version.graph]
    first = next(iter(version.graph.nodes.values()))
    graphs.append(graphs[-1].with_node(replace(first, name="Somebody <else> & more")))
    graphs.append(graphs[-1].without_node("once0"))
    graphs.append(graphs[-1].with_node(replace(graphs[-1].nodes["split0"], disabled=True)))
    graphs += reversed(graphs)
    from campaigns.templatetags import canvas

    for graph in graphs:
        CampaignVersion.objects.filter(pk=version.pk).update(document=graph.to_json())
        kept = fragment(client, campaign)
        canvas.forget()
        forget()
        assert plain(kept) == plain(fragment(client, campaign))
        assert "\0" not in kept
        assert all(f'id="node-{id}"' in kept and f'id="outline-{id}"' in kept for id in graph.nodes)


def plain(text: str) -> str:
    """Without what differs from request to request."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)


def test_a_chain_of_three_hundred_is_checked_through_to_its_end(client):
    graph = chain_graph(300)
    broken = graph.with_node(replace(graph.nodes["n150"], settings={"subsets": []}))
    text = fragment(client, make_campaign(broken))
    assert text.count('class="node-flag flag-error"') == 2  # once on the canvas, once in the outline


def test_the_canvas_flows_as_its_reader_wants_it(client):
    campaign = make_campaign(large_graph(5))
    page = reverse("campaigns:canvas", args=[campaign.slug])
    assert 'data-flow="right"' in fragment(client, campaign)
    shown = client.get(page, {"flow": "down"}).content.decode()
    assert 'data-flow="down"' in shown and "Draw from left to right" in shown
    assert 'data-flow="down"' in fragment(client, campaign)
    assert 'data-flow="down"' in client.get(page, {"flow": "sideways"}).content.decode()
    assert 'data-flow="right"' in client.get(page, {"flow": "right"}).content.decode()
