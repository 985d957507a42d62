"""The page of a campaign's signals, and the calls that are copied from it."""

from __future__ import annotations

import json
import shlex

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import copying, execution, signals
from campaigns.models import Campaign, Run
from orchcamp.accounts import tokens
from tests.campaigns.builders import audience, graph, make_campaign
from tests.campaigns.runs_stage import publish, shop  # noqa: F401
from tests.campaigns.test_flow import CITY, held, listening

pytestmark = pytest.mark.django_db
QUOTED = {"name": "town", "type": "text", "value": 'L\'Haÿ-les-Roses $HOME "`x`"'}


def page(client, person, slug="second") -> str:
    client.force_login(person)
    return client.get(reverse("campaigns:signals", args=[slug])).content.decode()


def carried_out(command: str, secret: str):
    """The answer to a cURL command, as a shell and curl would read it."""
    words = shlex.split(command.replace(copying.PLACEHOLDER, secret))
    options = {flag: [words[at + 1] for at, word in enumerate(words) if word == flag] for flag in ("-H", "--data-raw")}
    headers = dict(header.split(": ", 1) for header in options["-H"])
    assert words[:3] == ["curl", "-X", "POST"] and words[3].startswith("http://127.0.0.1:8000/api/v1/")
    place = words[3].removeprefix("http://127.0.0.1:8000")
    kind = headers.pop("Content-Type")
    return Client().post(place, options["--data-raw"][0], content_type=kind, headers=headers)


def test_the_page_shows_what_a_signal_brings_and_how_it_is_sent(client, mark, anna, vera):
    listening(mark, anna)
    for person in (vera, mark, anna):
        seen = page(client, person)
        assert "town" in seen and "Copy as cURL" in seen and copying.PLACEHOLDER in seen
    assert "at least 1 h 00 min" in seen
    assert "None yet." in seen
    assert (
        f'href="{reverse("campaigns:signals", args=["second"])}"' in client.get("/campaigns/second/").content.decode()
    )


def test_the_cURL_command_on_the_page_begins_a_run(mark, anna):
    campaign = listening(mark, anna)
    (call,) = copying.calls(campaign)
    assert [(row.name, row.type, row.value) for row in call.parameters] == [("town", "Text", "Paris")]
    answer = carried_out(call.curl, tokens.make(anna, "Till")[1])
    assert (answer.status_code, Run.objects.live().get().variables) == (202, {"town": "Paris"})


def test_values_that_a_shell_would_read_otherwise_arrive_as_they_are(mark, anna):
    run = execution.run_to_end(publish(held(parameters=[QUOTED]), owner=mark))
    (call,) = copying.calls(run.campaign)
    assert "“S”" in call.title
    assert carried_out(call.curl, tokens.make(anna, "Till")[1]).status_code == 202
    assert Run.objects.get().variables == {"town": QUOTED["value"]}


def test_the_http_text_is_the_same_request(mark, anna):
    campaign = listening(mark, anna)
    (call,) = copying.calls(campaign)
    head, _blank, body = call.http.partition("\n\n")
    lines = head.split("\n")
    assert lines[0] == "POST /api/v1/campaigns/second/signal HTTP/1.1"
    assert "Host: 127.0.0.1:8000" in lines and f"Content-Length: {len(body.encode())}" in lines
    assert json.loads(body) == {"parameters": {"town": "Paris"}}


def test_the_last_signals_are_listed_with_what_became_of_them(client, mark, anna):
    campaign = listening(mark, anna)
    run = signals.send(campaign, {"town": "Lyon"}, key="1", source="Anna · Till", by=anna).run
    with pytest.raises(signals.SignalError):
        signals.send(campaign, {"town": "<b>"}, key="2", source="the other till")
    seen = page(client, anna)
    assert "Anna · Till" in seen and f"began run {run.pk}" in seen
    assert "the other till" in seen and "does not wait for a signal now" in seen and "&lt;b&gt;" in seen
    assert "The next may come in" in seen


def test_a_draft_s_parameters_are_declared_on_the_page_with_type_and_test_value(client, mark, vera):
    campaign = make_campaign(owner=mark, slug="second", schedule={"frequency": "signal", "valid_until": "2030-01-01"})
    address = reverse("campaigns:signals", args=["second"])
    client.force_login(mark)
    added = client.post(address, {"parameters-rows": "", "parameters-edit": "add", "interval": "90"}).content.decode()
    assert "Test value" in added and "required." not in added
    assert Campaign.objects.get().schedule == campaign.schedule
    row = {"parameters-1-name": "least", "parameters-1-type": "number", "parameters-1-value": "2.5"}
    wrong = client.post(address, {"parameters-rows": "1", **row, "parameters-1-value": "many"}).content.decode()
    assert "“many” is no number" in wrong
    client.post(address, {"parameters-rows": "1", "interval": "90", **row})
    assert Campaign.objects.get().schedule == {
        "frequency": "signal",
        "valid_until": "2030-01-01",
        "parameters": [{"name": "least", "type": "number", "value": 2.5}],
        "interval": 90,
    }
    assert "“signal”" not in page(client, vera) and 'name="interval"' not in page(client, vera)
    assert "change campaigns" in page(client, vera)
    client.force_login(mark)
    client.post(address, {"parameters-rows": "1", "interval": "", **row})
    assert "interval" not in Campaign.objects.get().schedule


def test_what_was_published_keeps_its_parameters(client, mark, anna):
    campaign = listening(mark, anna)
    client.force_login(mark)
    answer = client.post(reverse("campaigns:signals", args=["second"]), {"interval": "1"})
    assert "draft" in answer.content.decode() and Campaign.objects.get().schedule == campaign.schedule
    make_campaign(owner=mark)
    answer = client.post(reverse("campaigns:signals", args=["spring"]), {"interval": "1"})
    assert "does not begin by a signal" in answer.content.decode()


def test_the_panel_of_a_node_that_waits_leads_to_how_its_signal_is_sent(client, mark):
    make_campaign(held(), owner=mark)
    client.force_login(mark)
    panel = client.get(reverse("campaigns:node", args=["spring", "s"]), headers={"HX-Request": "true"}).content.decode()
    assert f'href="{reverse("campaigns:signals", args=["spring"])}"' in panel
    assert "Release a run that waits at “S”" in page(client, mark, "spring")


def test_a_campaign_that_takes_none_says_what_to_do(client, mark):
    make_campaign(graph({"a": ("build_audience", audience())}), owner=mark)
    assert "This campaign takes no signals" in page(client, mark, "spring")


def test_a_signal_that_brings_nothing_is_shown_as_such(mark):
    campaign = make_campaign(owner=mark, schedule={"frequency": "signal"})
    (call,) = copying.calls(campaign)
    assert call.parameters == [] and "'{\"parameters\": {}}'" in call.curl
    assert (
        copying.calls(make_campaign(held(parameters=[CITY, {"name": ""}]), slug="draft"))[0].parameters[0].name
        == "town"
    )
