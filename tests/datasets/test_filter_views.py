"""Predefined filters on the screen: made, changed, shared, starred, deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orchcamp.accounts.models import AuditEntry, User
from orchcamp.datasets import predefined, schema
from orchcamp.datasets.models import PredefinedFilter
from tests.builders import make_shop

PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}
DEAR = {
    "link": "purchases",
    "where": {"attribute": "amount", "operator": "greater_or_equal", "value": {"parameter": "least"}},
}
LEAST = {"least": {"type": "number", "default": 100}}


@pytest.fixture(autouse=True)
def shop(db) -> None:
    make_shop()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form(rule: dict[str, Any], *parameters: dict[str, str], **facts: Any) -> dict[str, Any]:
    sent = {"label": "Dear", "description": "", "rule": json.dumps(rule), **facts}
    sent |= {"parameter-TOTAL_FORMS": str(len(parameters)), "parameter-INITIAL_FORMS": "0"}
    for n, row in enumerate(parameters):
        sent |= {f"parameter-{n}-{name}": value for name, value in row.items()}
    return sent


def new(dataset: str = "people") -> str:
    return reverse("datasets:filter_create") + f"?dataset={dataset}"


def test_a_filter_is_made_private_with_what_its_rule_asks_for(mark):
    response = signed_in(mark).post(new(), form(DEAR))
    assert response.status_code == 302
    found = PredefinedFilter.objects.get()
    assert (found.slug, found.owner, found.shared) == ("dear", mark, False)
    assert predefined.revision(found).parameters == {"least": {"type": "number"}}
    assert AuditEntry.objects.filter(verb="created filter").exists()


def test_what_is_asked_has_a_type_a_default_and_words(mark):
    row = {"name": "least", "type": "number", "default": "99.5", "label": "Spent at least"}
    signed_in(mark).post(new(), form(DEAR, row))
    shape = schema.load().filter("dear")
    assert shape.parameters == {"least": {"type": "number", "default": 99.5, "label": "Spent at least"}}


def test_a_default_of_a_wrong_type_is_said_beside_it(mark):
    page = signed_in(mark).post(new(), form(DEAR, {"name": "least", "type": "number", "default": "many"}))
    assert "This is not a number" in page.content.decode()
    assert not PredefinedFilter.objects.exists()


def test_a_value_is_set_as_parameter_and_keeps_its_value_as_default(mark):
    client = signed_in(mark)
    page = client.post(new(), form(PARIS, ask="items/0/value")).content.decode()
    assert 'value="Paris"' in page
    assert 'name="parameter-0-name" value="city"' in page
    assert not PredefinedFilter.objects.exists()
    asked = {"attribute": "city", "operator": "equals", "value": {"parameter": "city"}}
    client.post(new(), form(asked, {"name": "city", "type": "text", "default": "Paris"}))
    assert schema.load().filter("dear").parameters == {"city": {"type": "text", "default": "Paris"}}


def test_values_that_can_be_asked_for_are_listed_with_their_conditions(mark):
    rule = {"group": "and", "items": [PARIS, {"link": "purchases", "where": {**DEAR["where"], "value": 5}}]}
    found = predefined.create(label="Both", dataset="people", rule=rule, by=mark)
    page = signed_in(mark).get(reverse("datasets:filter_edit", args=[found.slug])).content.decode()
    assert 'name="ask" value="items/0/value"' in page
    assert 'name="ask" value="items/1/where/items/0/value"' in page


def test_a_change_is_a_new_revision_and_a_stale_one_is_refused(mark):
    found = predefined.create(label="Dear", dataset="people", rule=DEAR, parameters=LEAST, by=mark)
    client, address = signed_in(mark), reverse("datasets:filter_edit", args=["dear"])
    sent = form(PARIS, {"name": "least", "type": "number", "default": "1", "DELETE": "on"}, revision="1")
    assert client.post(address, sent).status_code == 302
    found.refresh_from_db()
    assert (found.revision, schema.load().filter("dear").rule["items"]) == (2, [PARIS])
    page = client.post(address, form(DEAR, revision="1"))
    assert "Somebody else changed the filter meanwhile" in page.content.decode()
    assert schema.load().filter("dear").rule["items"] == [PARIS]


def test_a_filter_that_reaches_itself_is_refused_on_the_screen(mark):
    predefined.create(label="Dear", dataset="people", rule=PARIS, by=mark)
    page = signed_in(mark).post(reverse("datasets:filter_edit", args=["dear"]), form({"filter": "dear"}, revision="1"))
    assert "reaches itself" in page.content.decode()


def test_a_private_filter_is_seen_by_its_owner_and_administrators_only(mark, anna, ada):
    predefined.create(label="Secret one", dataset="people", rule=PARIS, by=mark)
    address = reverse("datasets:filter", args=["secret-one"])
    assert [signed_in(who).get(address).status_code for who in (mark, ada, anna)] == [200, 200, 404]
    assert "Secret one" not in signed_in(anna).get(reverse("datasets:filters")).content.decode()


def test_a_shared_filter_is_used_by_others_and_changed_by_its_owner(mark, anna):
    predefined.create(label="Open one", dataset="people", rule=PARIS, shared=True, by=mark)
    client = signed_in(anna)
    page = client.get(reverse("datasets:filter", args=["open-one"])).content.decode()
    assert "City is Paris" in page
    assert reverse("datasets:filter_edit", args=["open-one"]) not in page
    assert client.get(reverse("datasets:filter_edit", args=["open-one"])).status_code == 403


def test_favourites_stand_first_and_have_a_tab(mark):
    for label in ("Aaa", "Bbb"):
        predefined.create(label=label, dataset="people", rule=PARIS, by=mark)
    client = signed_in(mark)
    client.post(reverse("datasets:filter_favourite", args=["bbb"]), {"on": "1", "back": "list"})
    page = client.get(reverse("datasets:filters")).content.decode()
    assert page.index("Bbb") < page.index("Aaa")
    starred = client.get(reverse("datasets:filters") + "?tab=favourites").content.decode()
    assert "Bbb" in starred
    assert "Aaa" not in starred
    client.post(reverse("datasets:filter_favourite", args=["bbb"]), {"on": "0"})
    assert "No favourites yet" in client.get(reverse("datasets:filters") + "?tab=favourites").content.decode()


def test_who_uses_a_filter_is_shown_before_it_is_deleted(mark):
    predefined.create(label="Dear", dataset="people", rule=DEAR, parameters=LEAST, by=mark)
    predefined.create(label="Top", dataset="people", rule={"filter": "dear"}, by=mark)
    client, address = signed_in(mark), reverse("datasets:filter_delete", args=["dear"])
    assert "Top" in client.get(address).content.decode()
    assert "the filter is in use" in client.post(address, {}, follow=True).content.decode()
    assert PredefinedFilter.objects.filter(slug="dear").exists()
    assert client.post(address, {"typed": "Dear"}).status_code == 302
    assert not PredefinedFilter.objects.filter(slug="dear").exists()


def test_an_unused_filter_is_deleted_without_ado(mark):
    predefined.create(label="Dear", dataset="people", rule=PARIS, by=mark)
    signed_in(mark).post(reverse("datasets:filter_delete", args=["dear"]))
    assert not PredefinedFilter.objects.exists()


def test_a_new_filter_asks_for_its_dataset_first(mark):
    page = signed_in(mark).get(reverse("datasets:filter_create")).content.decode()
    assert '<option value="people">' in page


def test_a_private_filter_that_uses_another_is_not_named_to_others(mark, ada):
    predefined.create(label="Dear", dataset="people", rule=PARIS, shared=True, by=mark)
    predefined.create(label="Hush", dataset="people", rule={"filter": "dear"}, by=ada)
    address = reverse("datasets:filter", args=["dear"])
    page = signed_in(mark).get(address).content.decode()
    assert "Hush" not in page and "that you may not see" in page
    page = signed_in(mark).post(reverse("datasets:filter_delete", args=["dear"]), {}, follow=True).content.decode()
    assert "Hush" not in page and "in use" in page
    assert "Hush" in signed_in(ada).get(address).content.decode()
