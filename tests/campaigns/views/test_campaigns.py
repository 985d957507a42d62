"""The list of campaigns, and a campaign's birth, properties, copy and end."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from activities.graph import Node
from campaigns import execution
from campaigns.models import Campaign, Folder
from orchcamp.accounts import access
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, simple_graph, targeting_graph

LIST = reverse("campaigns:list")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def shop(db):
    make_shop()
    make_configuration()


@pytest.fixture
def manager(client, mark):
    client.force_login(mark)
    return client


def names(response) -> list[str]:
    return re.findall(r'class="cell-name"><a [^>]*>([^<]*)<', response.content.decode())


def tabs(response) -> dict[str, str]:
    return dict(re.findall(r'id="tab-(\w+)"[^>]*>[^<]*<small>([^<]*)</small>', response.content.decode()))


# --- The list --------------------------------------------------------------------------------


def test_tabs_count_statuses_and_hide_what_is_archived(manager, shop, mark):
    for slug, status in [("a", "draft"), ("b", "draft"), ("c", "live"), ("d", "archived")]:
        make_campaign(owner=mark, slug=slug, status=status)
    everything = manager.get(LIST)
    assert tabs(everything) == {"all": "3", "draft": "2", "live": "1", "archived": "1"}
    assert sorted(names(everything)) == ["A", "B", "C"]
    assert names(manager.get(LIST, {"status": "archived"})) == ["D"]


def test_search_and_filters_narrow_the_list_and_the_tabs(manager, shop, mark, anna):
    folder = Folder.objects.create(name="Seasonal")
    make_campaign(owner=mark, slug="spring-sale", folder=folder)
    make_campaign(owner=anna, slug="summer-sale")
    make_campaign(owner=anna, slug="welcome")
    assert names(manager.get(LIST, {"q": "SALE", "sort": "name"})) == ["Spring-Sale", "Summer-Sale"]
    assert names(manager.get(LIST, {"owner": anna.pk, "sort": "-name"})) == ["Welcome", "Summer-Sale"]
    found = manager.get(LIST, {"folder": folder.pk})
    assert names(found) == ["Spring-Sale"] and tabs(found)["all"] == "1"
    assert "Nothing matches" in manager.get(LIST, {"q": "winter"}).content.decode()


@pytest.mark.parametrize("query", ["status=nonsense", "folder=x", "owner=²", "page=999", "sort=password", "q=%00"])
def test_nonsense_in_the_address_asks_for_nothing(manager, shop, mark, query):
    make_campaign(owner=mark)
    assert manager.get(f"{LIST}?{query}").status_code == 200


def test_a_row_tells_the_audience_of_the_last_run(manager, shop, mark):
    campaign = make_campaign(targeting_graph(), owner=mark)
    assert re.search(r'data-label="Audience"[^>]*>–<', manager.get(LIST).text)
    execution.run_to_end(execution.start(campaign.latest_version(), mode="test", by=mark))
    page = manager.get(LIST).content.decode()
    assert re.search(r'data-label="Audience"[^>]*>3<', page)


def test_a_row_shows_the_channels_of_the_canvas(manager, shop, mark):
    make_campaign(simple_graph(), owner=mark)
    assert '<span title="Email">' in manager.get(LIST).content.decode()


def test_long_lists_are_paged(manager, shop, mark):
    for number in range(30):
        make_campaign(owner=mark, slug=f"c{number:02}")
    first, second = manager.get(LIST, {"sort": "name"}), manager.get(LIST, {"sort": "name", "page": 2})
    assert len(names(first)) == 25 and names(second) == [f"C{number}" for number in range(25, 30)]
    assert "sort=name&amp;page=2" in first.content.decode() or "page=2" in first.content.decode()


def test_the_queries_of_the_list_do_not_grow(manager, shop, mark, django_assert_max_num_queries):
    campaigns = [make_campaign(targeting_graph(), owner=mark, slug=f"c{number}") for number in range(2)]
    for campaign in campaigns:
        execution.run_to_end(execution.start(campaign.latest_version(), mode="test", by=mark))
    manager.get(LIST)
    with django_assert_max_num_queries(
        15
    ) as few:  # of which two are about who asks, one about the menu, one about workers
        manager.get(LIST)
    for number in range(2, 12):
        campaign = make_campaign(targeting_graph(), owner=mark, slug=f"c{number}")
        execution.run_to_end(execution.start(campaign.latest_version(), mode="test", by=mark))
    with django_assert_max_num_queries(len(few)):
        manager.get(LIST)


def test_htmx_gets_the_rows_alone(manager, shop, mark):
    make_campaign(owner=mark)
    assert "<html" not in manager.get(LIST, headers=HTMX).content.decode()


def test_only_what_is_shared_is_listed_for_those_who_do_not_reach_everywhere(client, shop, mark, mallory):
    make_campaign(owner=mark, slug="secret")
    shared = make_campaign(owner=mark, slug="shared")
    group = mark.groups.get()
    type(group.profile).objects.filter(pk=group.profile.pk).update(everywhere=False)
    mallory.groups.add(group)
    access.grant(mallory, ["view"], shared)
    client.force_login(mallory)
    page = client.get(LIST)
    assert names(page) == ["Shared"]
    assert "/campaigns/shared/properties" not in page.content.decode()


def test_an_empty_list_offers_the_first_step_to_those_who_may(client, shop, mark, vera):
    client.force_login(mark)
    assert "Create the first campaign" in client.get(LIST).content.decode()
    client.force_login(vera)
    page = client.get(LIST).content.decode()
    assert "Create the first campaign" not in page and "create campaigns" in page


# --- Birth, properties, copy, end --------------------------------------------------------------


def fields(**changes) -> dict[str, str]:
    return {"name": "Spring sale", "dimension": "people", "timezone": "Europe/Paris", "tags": "a, B ,a", **changes}


def test_creating_makes_a_slug_of_the_name_and_opens_the_canvas(manager, shop, mark):
    response = manager.post(reverse("campaigns:create"), fields())
    assert response.headers["Location"] == "/campaigns/spring-sale/"
    campaign = Campaign.objects.get()
    assert (campaign.owner, campaign.dimension, campaign.tags) == (mark, "people", ["a", "B"])
    manager.post(reverse("campaigns:create"), fields())
    assert set(Campaign.objects.values_list("slug", flat=True)) == {"spring-sale", "spring-sale-2"}


def test_whoever_creates_a_campaign_reaches_it_whatever_their_profile_reaches(client, shop, mark):
    type(mark.groups.get().profile).objects.update(everywhere=False)
    client.force_login(mark)
    response = client.post(reverse("campaigns:create"), fields(), follow=True)
    assert response.status_code == 200 and "This canvas is empty" in response.content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"dimension": "purchases"}, "dimension"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"tags": "x" * 41}, "tags"),
    ],
)
def test_a_wrong_field_is_said_beside_it_and_nothing_is_created(manager, shop, changes, field):
    response = manager.post(reverse("campaigns:create"), fields(**changes))
    assert response.status_code == 200 and f'id="id_{field}_error"' in response.content.decode()
    assert not Campaign.objects.exists()


def test_a_viewer_creates_nothing(client, shop, vera):
    client.force_login(vera)
    assert client.post(reverse("campaigns:create"), fields()).status_code == 403
    assert not Campaign.objects.exists()


def test_properties_of_a_draft_are_changed(manager, shop, mark):
    make_campaign(owner=mark)
    manager.post(reverse("campaigns:properties", args=["spring"]), fields(name="Other"))
    campaign = Campaign.objects.get()
    assert (campaign.slug, campaign.name, campaign.timezone) == ("spring", "Other", "Europe/Paris")


def sent(campaign, *rows, **more):
    """The properties as a browser sends them, with rows of variables."""
    facts = {"name": campaign.name, "dimension": campaign.dimension, "timezone": campaign.timezone}
    cells = [
        (n, name, value)
        for n, row in enumerate(rows)
        for name, value in zip(("name", "type", "value"), row, strict=True)
    ]
    return facts | {f"variables-{n}-{name}": value for n, name, value in cells} | more


def variables_address(campaign):
    return reverse("campaigns:properties", args=[campaign.slug])


def test_variables_are_typed_and_kept_in_their_order(manager, shop, mark):
    campaign = make_campaign(owner=mark, variables={"old": 1})
    rows = [("z", "text", "12"), ("least", "number", "2.50"), ("day", "date", "2026-12-01"), ("towns", "list", "a, b")]
    assert manager.post(variables_address(campaign), sent(campaign, *rows)).status_code == 302
    campaign.refresh_from_db()
    assert campaign.variables == {"z": "12", "least": 2.5, "day": "2026-12-01", "towns": ["a", "b"]}
    page = manager.get(variables_address(campaign)).content.decode()
    assert 'value="a, b"' in page and 'value="2.5"' in page


def test_rows_of_variables_are_added_and_removed_without_saving(manager, shop, mark):
    campaign = make_campaign(owner=mark, variables={"town": "Paris"})
    row = ("town", "text", "Lyon")
    page = manager.post(variables_address(campaign), sent(campaign, row, **{"variables-edit": "add"})).content.decode()
    assert 'name="variables-1-name"' in page and 'value="Lyon"' in page
    gone = manager.post(variables_address(campaign), sent(campaign, row, **{"variables-edit": "remove:0"}))
    assert 'name="variables-0-name"' not in gone.content.decode()
    campaign.refresh_from_db()
    assert campaign.variables == {"town": "Paris"}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("least", "number", "many")], "“many” is no number"),
        ([("day", "date", "soon")], "“soon” is no date"),
        ([("a b", "text", "x")], "“a b” does not fit"),
        ([("population", "text", "x")], "“population” is reserved"),
        ([("", "text", "x")], "Variable 1: "),
        ([("town", "text", "a"), ("town", "text", "b")], "“town” is used more than once"),
    ],
)
def test_a_wrong_variable_is_said_and_nothing_is_saved(manager, shop, mark, rows, sentence):
    campaign = make_campaign(owner=mark, variables={"town": "Paris"})
    answer = manager.post(variables_address(campaign), sent(campaign, *rows, name="Other"))
    assert sentence in answer.content.decode()
    campaign.refresh_from_db()
    assert (campaign.variables, campaign.name) == ({"town": "Paris"}, "Spring")


def test_removing_a_variable_that_is_used_names_the_nodes(manager, shop, mark):
    canvas = simple_graph().with_node(
        Node("note", "alert", "Tell them", {"title": "{{ variables.town }}", "message": "x"})
    )
    campaign = make_campaign(canvas, owner=mark, variables={"town": "Paris", "more": 1})
    answer = manager.post(variables_address(campaign), sent(campaign, ("more", "number", "1")), follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert "The variable “town” is gone, and these still use it: Tell them." in said


def test_properties_of_what_was_approved_are_not(manager, shop, mark):
    make_campaign(owner=mark, status="approved")
    page = manager.get(reverse("campaigns:properties", args=["spring"])).content.decode()
    assert "<fieldset disabled" in page
    response = manager.post(reverse("campaigns:properties", args=["spring"]), fields(name="Other"))
    assert "Only a draft can be changed" in response.content.decode()
    assert Campaign.objects.get().name == "Spring"


def test_a_copy_is_a_draft_with_the_same_canvas(manager, shop, mark):
    make_campaign(targeting_graph(), owner=mark, status="completed", tags=["x"])
    response = manager.post(reverse("campaigns:duplicate", args=["spring"]), {"name": "Autumn"})
    copy = Campaign.objects.get(slug="autumn")
    assert response.headers["Location"] == "/campaigns/autumn/"
    assert (copy.status, copy.tags) == ("draft", ["x"])
    assert copy.latest_version().graph == Campaign.objects.get(slug="spring").latest_version().graph


def test_deleting_needs_the_name(manager, shop, mark):
    make_campaign(owner=mark)
    address = reverse("campaigns:delete", args=["spring"])
    assert "nothing was deleted" in manager.post(address, {"typed": "spring"}).content.decode()
    assert Campaign.objects.exists()
    assert manager.post(address, {"typed": "Spring"}).headers["Location"] == LIST
    assert not Campaign.objects.exists()


def test_only_drafts_are_deleted(manager, shop, mark):
    make_campaign(owner=mark, status="completed")
    page = manager.post(reverse("campaigns:delete", args=["spring"]), {"typed": "Spring"}).content.decode()
    assert "Only a draft can be deleted" in page and Campaign.objects.exists()


def test_archiving_takes_a_campaign_out_of_the_list(manager, shop, mark):
    make_campaign(owner=mark, status="completed")
    address = reverse("campaigns:archive", args=["spring"])
    assert "leaves the list" in manager.get(address).content.decode()
    manager.post(address)
    assert Campaign.objects.get().status == "archived" and names(manager.get(LIST)) == []


def test_what_is_in_review_is_not_archived(manager, shop, mark):
    make_campaign(owner=mark, status="in_review")
    page = manager.post(reverse("campaigns:archive", args=["spring"]), follow=True).content.decode()
    assert "cannot be archived now" in page and Campaign.objects.get().status == "in_review"
