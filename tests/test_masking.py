"""Whoever may not see personal data finds none: on no page, in no fragment, in no file; a manager does on those named."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from campaigns import execution
from campaigns.models import Run
from orchcamp.accounts import roles
from orchcamp.accounts.models import ProductProfile
from orchcamp.datasets.models import Dataset
from tests import access_stage
from tests.builders import PEOPLE
from tests.campaigns.builders import make_campaign, simple_graph
from tests.conftest import person
from tests.test_access import TABLE, address_of, ask, data_dir, people, stage, things  # noqa: F401 - fixtures

SECRETS = [str(row["email"]) for row in PEOPLE if row["email"]]
OUT = {"slug": "rows", "node_id": "people", "port": "out"}
MAIL = {"slug": "rows", "node_id": "mail"}
CSV = {"format": "csv", "columns": ["id", "name", "email"]}
QUOKKAS = {"slug": "quokkas"}
# Every place that shows rows of customers: method, address, its arguments, the query, what is posted.
PLACES = [
    ("get", "campaigns:transition", OUT, {"part": "rows"}, {}),
    ("get", "campaigns:transition", OUT, {"part": "rows", "columns": "email"}, {}),
    ("get", "campaigns:transition", OUT, {"part": "distribution", "column": "email"}, {}),
    ("get", "campaigns:transition", OUT, {"part": "changes"}, {}),
    ("post", "campaigns:export_rows", OUT, {}, CSV),
    ("get", "campaigns:message", MAIL, {}, {}),
    ("get", "campaigns:message_body", MAIL, {}, {}),
    ("post", "campaigns:explain", {"slug": "rows"}, {}, {"q": "1"}),
    ("get", "campaigns:explain", {"slug": "rows"}, {"q": "1"}, {}),
    ("get", "datasets:audience_members", QUOKKAS, {}, {}),
    ("post", "datasets:audience_export", QUOKKAS, {}, {"format": "csv"}),
    ("get", "datasets:detail", {"slug": "people"}, {}, {}),
    ("get", "datasets:column", {"slug": "people", "name": "email"}, {}, {}),
    ("get", "datasets:rule_values", {}, {"dataset": "people", "column": "email"}, {}),
]
SHOWN = {  # where a manager reads some of it
    "campaigns:transition?part=rows",
    "campaigns:export_rows",
    "datasets:audience_members",
    "datasets:audience_export",
    "datasets:rule_values?dataset=people&column=email",
}


@pytest.fixture
def rows(things, people, settings):  # noqa: F811
    """A campaign that was tested, so that its transitions hold rows; and pages that show a sample of them."""
    settings.DEMO = True
    campaign = make_campaign(simple_graph(subject="Hello {{ name }}"), owner=people["mark"], slug="rows", name="Rows")
    run = execution.start(campaign.latest_version(), mode=Run.Mode.TEST, by=people["mark"])
    assert execution.run_to_end(run).status == Run.Status.SUCCEEDED
    assert Dataset.objects.get(slug="people").columns.filter(personal=True).count() == 2
    return campaign


@pytest.fixture
def blind(rows):
    """A manager in all but that they may not see personal data, beside the viewer, who sees even fewer pages."""
    profile = ProductProfile(label="Blind")
    roles.define(profile, roles.codes("manager") - {"datasets.view_personal"})
    user = person("blind", None)
    user.groups.add(profile.group)
    return access_stage.sign_in(user)


def found_in(user, method: str, address: str, data) -> list[str]:
    """The personal values in the page and in the fragment of an address."""
    texts = []
    for headers in ({}, {"HTTP_HX_REQUEST": "true"}):
        response, _written = ask(user, method, address, data, **headers)
        assert response.status_code < 500, address
        texts.append(response.text_of_page)
    return [secret for secret in SECRETS if any(secret in text for text in texts)]


def test_personal_data_are_masked_wherever_rows_are_shown(rows, blind, people):  # noqa: F811
    read = set()
    for method, name, args, query, data in PLACES:
        address = reverse(name, kwargs=args) + (f"?{urlencode(query)}" if query else "")
        for who in (people["vera"], blind):
            assert not found_in(who, method, address, data), f"{who} at {address}"
        if found_in(people["mark"], method, address, data):
            read.add(name + (f"?{urlencode(query)}" if query else ""))
    assert read >= SHOWN


@pytest.mark.slow
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_address_at_all_shows_them(method, rows, blind, things, people):  # noqa: F811
    for name, route in TABLE.items():
        if getattr(route, method) in {"-", "token", "public"}:
            continue
        for who in (people["vera"], blind):
            assert not found_in(who, method, address_of(name, things), route.data), f"{who} at {name}"
