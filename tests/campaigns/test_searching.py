"""Search: what is found by which words, and that nobody finds what they may not see."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import canvas, finding, lifecycle, searching
from campaigns.models import Campaign, SearchEntry, Task
from orchcamp.accounts import access
from orchcamp.datasets import predefined
from tests.builders import make_shop
from tests.campaigns.builders import graph, make_campaign, make_configuration, targeting_graph
from tests.campaigns.desk_stage import ask

SEARCH = reverse("campaigns:search")
HTMX = {"HX-Request": "true"}


def found(user, text: str) -> dict[str, list[str]]:
    return {str(group.label): [hit.title for hit in group.hits] for group in searching.search(user, text)}


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_words_are_folded_and_each_begins_a_word():
    assert finding.fold("Été à Nîmes_2026, straße") == " ete a nimes 2026 strasse"
    assert finding.fits("Été à Nîmes", finding.words("NIM éte"))
    assert not finding.fits("Été à Nîmes", finding.words("imes"))
    assert finding.words("%_' \\") == []


@pytest.mark.parametrize("words", ["ete", "ÉTÉ nim", "nimes e", "summer-in"])
def test_a_campaign_is_found_by_beginnings_of_words_without_accents(mark, words):
    make_campaign(owner=mark, slug="summer-in-nimes", name="Été à Nîmes")
    make_campaign(owner=mark, slug="winter", name="Hiver")
    assert found(mark, words)["Campaigns"] == ["Été à Nîmes"]


def test_a_campaign_is_found_by_its_tag_and_its_nodes_by_their_names(mark):
    make_campaign(targeting_graph(), owner=mark, tags=["Loyalty"], name="Spring")
    assert found(mark, "loyal")["Campaigns"] == ["Spring"]
    hit = next(group for group in searching.search(mark, "paris") if str(group.label) == "In campaigns").hits[0]
    assert (hit.title, hit.note, hit.address) == ("Paris", "Spring", "/campaigns/spring/?node=paris")


def test_what_changes_is_found_as_it_is_now(mark):
    campaign = make_campaign(graph({"a": ("build_audience", {})}), owner=mark)
    assert "In campaigns" not in found(mark, "renamed")
    canvas.configure_node(campaign.draft(), "a", revision=0, by=mark, name="Renamed")
    assert found(mark, "renamed")["In campaigns"] == ["Renamed"]
    assert "In campaigns" not in found(mark, "a b c")
    lifecycle.change_properties(campaign, by=mark, name="Another name")
    assert found(mark, "another")["Campaigns"] == ["Another name"] and "Campaigns" not in found(mark, "spring sale")
    lifecycle.delete(campaign, by=mark)
    assert "Campaigns" not in found(mark, "another") and not SearchEntry.objects.exists()


def test_the_index_is_made_once_for_what_has_not_changed(mark, django_assert_num_queries):
    for number in range(3):
        make_campaign(targeting_graph(), owner=mark, slug=f"c{number}")
    assert finding.refresh() == 3
    with django_assert_num_queries(1):
        assert finding.refresh() == 0
    Campaign.objects.filter(slug="c1").update(modified_at=timezone.now())
    assert finding.refresh() == 1 and SearchEntry.objects.count() == 15


def test_audiences_filters_data_tasks_and_requests_are_found(mark, anna):
    make_shop()
    make_configuration()
    campaign = make_campaign(owner=mark, name="Gold rush")
    predefined.create(label="Gold members", dataset="people", rule={}, shared=True, by=mark)
    Task.objects.create(campaign=campaign, title="Write the golden text")
    ask(campaign, mark)
    assert found(anna, "gold") == {
        "Campaigns": ["Gold rush"],
        "Approvals": ["Request for Gold rush"],
        "Tasks": ["Write the golden text"],
        "Filters": ["Gold members"],
    }
    assert found(anna, "purch")["Data"] == ["Purchases"]


def test_pages_and_actions_are_those_of_the_person(mark, vera, mallory, ada):
    assert found(mark, "cal")["Go to"] == ["Calendar"]
    assert "New campaign" in found(mark, "new")["Go to"]
    assert "Go to" not in found(vera, "new camp")
    assert found(mallory, "") == {"Go to": ["Home", "Your account"]}
    assert found(ada, "vera")["People"] == ["Vera"] and "People" not in found(mark, "vera")


def test_nobody_finds_what_is_not_shared_with_them(mark, mallory):
    shared = make_campaign(targeting_graph(), owner=mark, slug="shared", name="Secret shared")
    make_campaign(targeting_graph(), owner=mark, slug="hidden", name="Secret hidden", tags=["secret"])
    make_shop()
    predefined.create(label="Secret of mark", dataset="people", rule={}, shared=False, by=mark)
    group = mark.groups.get()
    type(group.profile).objects.update(everywhere=False)
    mallory.groups.add(group)
    access.grant(mallory, ["view"], shared)
    assert found(mallory, "secret") == {"Campaigns": ["Secret shared"]}
    assert {hit.note for group in searching.search(mallory, "paris") for hit in group.hits} == {"Secret shared"}


def test_the_palette_gets_options_and_a_browser_without_script_a_page(mark):
    make_campaign(owner=mark, name="<b>Bold</b> & co")
    options = as_(mark).get(SEARCH, {"q": "bold"}, headers=HTMX).content.decode()
    assert 'role="option"' in options and "<html" not in options
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; co" in options and "<b>Bold" not in options
    page = as_(mark).get(SEARCH, {"q": "bold"}).content.decode()
    assert "<html" in page and 'href="/campaigns/spring/"' in page
    assert "Nothing found" in as_(mark).get(SEARCH, {"q": "<script>alert(1)</script>"}).content.decode()


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "\\", "a" * 500, "é" * 200, "a " * 100, "\u202e", "²"])
def test_any_text_is_answered(mark, text):
    make_campaign(owner=mark)
    assert as_(mark).get(SEARCH, {"q": text}).status_code == 200


def test_each_option_has_an_id_of_its_own(mark):
    for number in range(4):
        make_campaign(owner=mark, slug=f"spring-{number}")
    options = as_(mark).get(SEARCH, {"q": "spring"}, headers=HTMX).content.decode()
    ids = re.findall(r'id="(hit-[\d-]+)"', options)
    assert len(ids) == len(set(ids)) == 4
