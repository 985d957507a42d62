"""Two runs side by side: counts and their differences, steps of one version only, deliveries, what is set otherwise."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import comparing, execution, steering
from campaigns.models import Campaign, CampaignVersion, Run
from tests.builders import make_shop
from tests.campaigns.builders import EVERYONE, audience, email, graph, make_campaign, make_configuration

pytestmark = pytest.mark.django_db
PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}


@pytest.fixture
def campaign(db) -> Campaign:
    make_shop()
    make_configuration()
    nodes = {
        "a": ("build_audience", audience(PARIS)),
        "old": ("deduplication", {}),
        "m": ("email", email()),
        "z": ("end", {}),
    }
    return make_campaign(graph({id: nodes[id] for id in "amz"}, "a>m", "m>z"), status="live")


def live(campaign: Campaign, canvas=None) -> Run:
    """A live run of the latest or of a new version, prepared and then stopped."""
    now = timezone.now()
    published = {"frozen_at": now, "approved_at": now, "published_at": now}
    if canvas is not None:
        number = campaign.latest_version().number + 1
        CampaignVersion.objects.create(campaign=campaign, number=number, document=canvas.to_json(), **published)
    else:
        campaign.versions.update(**published)
    Campaign.objects.update(status="live")
    run = execution.run_to_end(execution.start(campaign.latest_version(), mode=Run.Mode.LIVE))
    steering.stop(run, by=None)
    return run


@pytest.fixture
def pair(campaign) -> tuple[Run, Run]:
    before = live(campaign)
    nodes = {
        "a": ("build_audience", audience(EVERYONE)),
        "c": ("combine", {"operation": "union"}),
        "m": ("email", email(subject="Another")),
    }
    return before, live(campaign, graph(nodes, "a>c", "c>m"))


def lines(pair, order=comparing.CANVAS) -> dict[str, comparing.Line]:
    return {line.node.id: line for line in comparing.compare(*pair, order).lines}


def test_counts_stand_beside_each_other_with_their_difference(pair):
    (figure,) = lines(pair)["a"].ports
    assert (figure.a, figure.b, figure.difference, figure.rate, figure.tone) == (3, 6, 3, 1.0, "more")


def test_a_step_of_one_version_alone_is_marked(pair):
    found = lines(pair)
    assert found["c"].a is None and found["c"].b is not None
    assert found["z"].b is None and found["z"].a is not None
    assert found["c"].ports[0].rate is None


def test_what_is_set_otherwise_is_named_by_its_field(pair):
    found = lines(pair)
    (subject,), (rule,) = found["m"].changed, found["a"].changed
    assert subject == "subject “Hello {{ name }}” → Another"
    assert rule.casefold().startswith("who is in it")


def test_the_same_run_differs_in_nothing(pair):
    same = comparing.compare(pair[0], pair[0])
    assert same.differing == 0


def test_messages_are_compared_by_reason(pair):
    (delivered,) = comparing.compare(*pair).delivered
    found = {figure.label: (figure.a, figure.b) for figure in delivered.figures}
    assert found["Targeted"] == (3, 6)
    assert found["Accepted"] == (0, 0)
    assert "– Stopped before it was sent" in found


def test_differences_come_first_or_the_order_of_the_canvas_or_of_names(pair):
    assert [line.node.id for line in comparing.compare(*pair).lines][:2] in (["z", "c"], ["c", "z"])
    assert list(lines(pair)) == ["a", "c", "m", "z"]
    assert list(lines(pair, comparing.NAME)) == ["a", "c", "m", "z"]


def test_by_default_the_last_two_of_a_mode_are_compared(campaign, pair):
    assert comparing.chosen(campaign, None, None) == pair
    assert comparing.chosen(campaign, str(pair[1].pk), str(pair[0].pk)) == (pair[1], pair[0])
    assert comparing.chosen(campaign, "999", "x") == pair
    live(campaign)
    assert comparing.chosen(campaign, None, None) != pair


@pytest.fixture
def reader(client, vera):
    client.force_login(vera)
    return client


def test_the_page_shows_them_and_ticked_runs_have_an_address_of_their_own(campaign, pair, reader):
    address = reverse("campaigns:compare", args=["spring"])
    page = reader.get(address).content.decode()
    assert "+100.0 %" in page and "only in the second" in page and "Set otherwise:" in page
    ticked = reader.get(address, {"run": [pair[1].pk, pair[0].pk]})
    assert ticked["Location"].endswith(f"?a={pair[0].pk}&b={pair[1].pk}")
    assert "Compare the ticked runs" in reader.get(reverse("campaigns:runs", args=["spring"])).content.decode()


def test_with_one_run_the_page_says_what_it_is_for(campaign, reader):
    live(campaign)
    page = reader.get(reverse("campaigns:compare", args=["spring"])).content.decode()
    assert "There are not two runs yet" in page


def test_where_no_mode_has_two_the_last_two_runs_are_compared(campaign):
    tried = execution.run_to_end(execution.start(campaign.latest_version(), mode=Run.Mode.TEST, by=None))
    sent = live(campaign)
    assert comparing.chosen(campaign, None, None) == (tried, sent)


def test_runs_of_other_campaigns_are_not_compared(campaign, pair, reader):
    other = live(
        make_campaign(graph({"a": ("build_audience", audience()), "m": ("email", email())}, "a>m"), slug="summer")
    )
    page = reader.get(reverse("campaigns:compare", args=["spring"]), {"a": other.pk, "b": pair[0].pk})
    assert f"/spring/runs/{other.pk}/" not in page.content.decode()
