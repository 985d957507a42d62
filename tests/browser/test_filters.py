"""A predefined filter made by clicks: a rule, one of its values asked for, shared."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from orchcamp.datasets import schema
from tests.builders import make_shop

PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_filter_is_made_by_clicks_and_asks_for_a_value(page, live_server, sign_in, mark, problems):
    make_shop()
    sign_in(mark)
    page.goto(f"{live_server.url}{reverse('datasets:filters')}")
    page.get_by_role("main").get_by_role("link", name="New filter").first.click()
    page.get_by_label("One row is one of").select_option("people")
    page.goto(f"{live_server.url}{reverse('datasets:filter_create')}?dataset=people&rule={json.dumps(PARIS)}")
    page.get_by_label("Name", exact=True).first.fill("Lives there")
    page.get_by_role("button", name="Set as parameter “city”").click()
    page.wait_for_selector("[name=parameter-0-name]")
    page.get_by_label("Asked as").fill("City")
    page.get_by_label("Shared").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Lives there").wait_for()
    shape = schema.load().filter("lives-there")
    assert shape.parameters == {"city": {"type": "text", "default": "Paris", "label": "City"}}
    assert "City is [City]" in page.get_by_role("main").inner_text()
    assert not problems
