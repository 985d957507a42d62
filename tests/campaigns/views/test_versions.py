"""The pages of versions and of a campaign's verbs, as people meet them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from campaigns import canvas, execution, lifecycle
from campaigns.models import Campaign, Run
from campaigns.versions import drafting
from tests.builders import make_shop
from tests.campaigns.builders import audience, email, make_configuration, simple_graph
from tests.campaigns.lifecycle_stage import campaign_in, live_run

pytestmark = pytest.mark.django_db
S = Campaign.Status


@pytest.fixture
def live(mark) -> Campaign:
    make_shop()
    make_configuration()
    return campaign_in(S.LIVE, author=mark, canvas=simple_graph(), schedule={"frequency": "signal"})


def page(client, user, name: str, *args, **query) -> str:
    client.force_login(user)
    response = client.get(reverse(f"campaigns:{name}", args=args), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_a_live_campaign_is_edited_as_its_next_version(live, mark, client):
    assert "Edit as version 2" in page(client, mark, "canvas", "spring")
    client.post(reverse("campaigns:begin_version", args=["spring"]))
    shown = page(client, mark, "canvas", "spring")
    assert "Request approval" in shown
    assert "see version 1 (In force)" in shown
    assert Campaign.objects.get().status == "live"


def test_the_version_in_force_can_be_looked_at_beside_its_next_draft(live, mark, client):
    draft = drafting.begin_next(live, by=mark)
    canvas.configure_node(draft, "people", revision=0, by=mark, name="Everybody new")
    assert "Everybody new" in page(client, mark, "canvas", "spring")
    former = page(client, mark, "canvas", "spring", version="1")
    assert "Everybody new" not in former
    assert "see version 2 (Draft)" in former
    assert "workspace-editable" not in former
    assert "?node=people&amp;version=1" in former
    panel = page(client, mark, "canvas", "spring", version="1", node="people")
    assert "This version is frozen" in panel


def test_the_list_of_versions_offers_the_next_to_whoever_may_change(live, mark, vera, client):
    assert "Edit as version 2" in page(client, mark, "versions", "spring")
    refused = page(client, vera, "versions", "spring")
    assert 'aria-disabled="true"' in refused
    assert reverse("campaigns:begin_version", args=["spring"]) not in refused


def test_an_earlier_version_is_restored_from_the_list(live, mark, client):
    drafting.begin_next(live, by=mark)
    assert reverse("campaigns:restore_version", args=["spring", 1]) in page(client, mark, "versions", "spring")
    response = client.post(reverse("campaigns:restore_version", args=["spring", 1]), follow=True)
    assert "Version 1 is a draft again, as version 2." in response.content.decode()


def test_two_versions_beside_each_other_in_words_pictures_and_counts(live, mark, client):
    execution.run_to_end(execution.start(live.published_version(), mode=Run.Mode.TEST))
    draft = drafting.begin_next(live, by=mark)
    rule = {"attribute": "city", "operator": "equals", "value": "Paris"}
    canvas.configure_node(draft, "people", revision=0, by=mark, settings=audience(rule))
    canvas.configure_node(draft, "mail", revision=1, by=mark, settings=email(subject="Hi {{ name }}"))
    canvas.add_node(draft, "build_audience", revision=2, by=mark, settings=audience())
    lifecycle.change_properties(live, by=mark, timezone="Asia/Tokyo")
    execution.run_to_end(execution.start(live.draft(), mode=Run.Mode.TEST))
    shown = page(client, mark, "compare_versions", "spring", a="1", b="2")
    assert "<strong>People</strong>: who is in it every row → City is Paris" in shown
    assert "Time zone: UTC → Asia/Tokyo" in shown
    assert "<del>Hello</del>" in shown
    assert "<ins>Hi</ins>" in shown
    assert "overlay-changed" in shown
    assert "overlay-added" in shown
    assert "−3" in shown


def test_a_version_against_itself_differs_in_nothing(live, mark, client):
    shown = page(client, mark, "compare_versions", "spring", a="1", b="1")
    assert "The two versions are the same." in shown


@pytest.mark.parametrize("query", [{}, {"a": "9", "b": "x"}, {"a": "99999999999999999999"}])
def test_where_there_are_not_two_versions_the_page_says_so(live, mark, client, query):
    assert "There are not two versions yet" in page(client, mark, "compare_versions", "spring", **query)


def test_two_ticked_versions_are_compared(live, mark, client):
    drafting.begin_next(live, by=mark)
    client.force_login(mark)
    response = client.get(reverse("campaigns:compare_versions", args=["spring"]), {"version": ["2", "1"]})
    assert response["Location"].endswith("?a=1&b=2")


# --- The verbs --------------------------------------------------------------------------------------------------


def test_the_menu_offers_what_the_status_allows_and_says_why_not(live, anna, mark, client):
    menu = page(client, anna, "canvas", "spring")
    for verb in ("pause", "close", "stop"):
        assert reverse("campaigns:govern", args=["spring", verb]) in menu
    assert "Only a paused campaign can be resumed." in menu
    assert reverse("campaigns:edit_again", args=["spring"]) in menu
    live_run(live, Run.Status.RUNNING)
    busy = page(client, anna, "canvas", "spring")
    assert "A run is open: stop it, or wait until it has ended." in busy
    assert "You need the right “publish campaigns”" in page(client, mark, "canvas", "spring")


def test_a_verb_says_what_it_does_before_it_is_done(live, anna, client):
    run = live_run(live, Run.Status.RUNNING)
    asked = page(client, anna, "govern", "spring", "stop")
    assert "Stop “Spring”?" in asked
    assert "what has not been sent is not sent" in asked
    assert f"It meets run {run.pk}, which is running." in asked
    assert Campaign.objects.get().status == "live"
    response = client.post(reverse("campaigns:govern", args=["spring", "stop"]), follow=True)
    assert "is stopped: nothing more is sent" in response.content.decode()
    assert "Take up again" in response.content.decode()


def test_a_verb_that_is_not_possible_now_is_refused_in_a_sentence(live, anna, client):
    client.force_login(anna)
    for ask in (client.get, client.post):
        response = ask(reverse("campaigns:govern", args=["spring", "resume"]), follow=True)
        assert "Only a paused campaign can be resumed" in response.content.decode()
    assert client.get(reverse("campaigns:govern", args=["spring", "launch"])).status_code == 404


def test_back_to_draft_asks_first(live, mark, client):
    assert "Take “Spring” back to draft?" in page(client, mark, "edit_again", "spring")
    client.post(reverse("campaigns:edit_again", args=["spring"]))
    assert Campaign.objects.get().status == "draft"


def test_an_archived_campaign_is_restored_from_its_canvas(mark, client):
    make_shop()
    campaign_in(S.ARCHIVED, author=mark)
    assert reverse("campaigns:restore", args=["spring"]) in page(client, mark, "canvas", "spring")


def test_the_properties_page_is_about_the_next_version_while_one_is_open(live, mark, client):
    client.force_login(mark)
    address = reverse("campaigns:properties", args=["spring"])
    values = {"name": "Spring", "dimension": "people", "timezone": "Asia/Tokyo", "tags": ""}
    client.post(address, values)
    assert "edit its next version" in client.get(address).content.decode()
    drafting.begin_next(live, by=mark)
    client.post(address, values)
    assert Campaign.objects.get().timezone == "UTC"
    shown = client.get(address).content.decode()
    assert "take effect once it is published" in shown
    assert '<option value="Asia/Tokyo" selected>' in shown
    assert lifecycle.duplicate(live, by=mark).timezone == "Asia/Tokyo"  # a copy is one of what is shown
