"""The logs of a campaign: narrowed by the address, on the page and as a file."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import execution, logs, steering
from campaigns.advance import note
from campaigns.logs import Narrowed
from campaigns.models import LogEntry, Run
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, simple_graph, targeting_graph
from tests.campaigns.runs_stage import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(db, anna) -> tuple[Run, Run]:
    """A test that is over, and a live run of the same campaign that Anna paused."""
    make_shop()
    make_configuration()
    campaign = make_campaign(targeting_graph(), variables={"city": "Paris", "sizes": [1, 2]})
    test = execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.TEST, by=anna))
    now = timezone.now()
    campaign.versions.update(frozen_at=now, approved_at=now, published_at=now)
    type(campaign).objects.update(status="live")
    live = execution.start(campaign.latest_version(), mode=Run.Mode.LIVE)
    steering.pause(live, by=anna)
    note(live, "The lake is dry.", node_id="split", severity="error")
    return test, live


def messages(of: Run, **narrowed) -> list[str]:
    return [entry.message for entry in logs.entries(of.campaign, Narrowed.read(narrowed))]


def test_a_log_is_narrowed_by_run_step_severity_person_and_words(two, anna):
    test, live = two
    assert len(messages(live)) == LogEntry.objects.count()
    assert messages(live, run=str(live.pk)) == ["The lake is dry.", "Paused by Anna.", "A live run began."]
    assert messages(live, node="split", severity="error") == ["The lake is dry."]
    assert messages(live, person=str(anna.pk), run=str(live.pk)) == ["Paused by Anna."]
    assert "Paused by Anna." not in messages(live, person="system")
    assert messages(live, q="LAKE") == ["The lake is dry."]
    assert "The lake is dry." in messages(live, q="split"), "a node is found by its name"
    assert messages(test, severity="nonsense", person="<b>") == messages(test)


def test_steps_tell_rows_in_and_out_and_attempts(two):
    test, live = two
    found = logs.with_counts(logs.steps(test.campaign, Narrowed(run=test.pk)), test.campaign)
    steps = {step.row.node_id: step for step in found}
    assert (steps["split"].arrived, sum(out.rows or 0 for out in steps["split"].outputs)) == (3, 3)
    assert steps["paris"].row.attempts == 1
    assert [row.run_id for row in logs.steps(test.campaign, Narrowed())] == [test.pk] * 4, (
        "what never began is left out"
    )
    assert logs.steps(live.campaign, Narrowed(run=live.pk, status="pending")).count() == 4


def test_variables_say_where_they_come_from(two):
    test, _live = two
    Run.objects.filter(pk=test.pk).update(variables={"city": "Paris", "code": "X", "sizes": [1, 2]})
    test.refresh_from_db()
    found = {row.name: row for row in logs.variables(test)}
    assert (found["city"].value, found["city"].origin) == ("Paris", "the campaign")
    assert (found["sizes"].value, found["sizes"].kind) == ("1, 2", "List")
    assert "signal" in found["code"].origin


@pytest.fixture
def reader(client: Client, vera) -> Client:
    client.force_login(vera)
    return client


def get(client: Client, name: str = "log", **query) -> str:
    response = client.get(reverse(f"campaigns:{name}", args=["spring"]), query)
    assert response.status_code == 200
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode()


def test_the_page_shows_each_tab(two, reader):
    page = get(reader)
    assert "Paused by Anna." in page and "The lake is dry." in page and '<td class="nowrap">Anna</td>' in page
    assert "Consents" in get(reader, tab="steps")
    assert "sizes" in get(reader, tab="variables")
    assert "No entry fits the filter" in get(reader, q="nothing like it")
    assert "No step fits the filter" in get(reader, tab="steps", q="nothing like it")


def test_the_page_asks_again_only_while_a_run_is_open_and_on_its_first_page(two, reader):
    _test, live = two
    assert 'hx-trigger="every 15s"' in get(reader)
    assert 'hx-trigger="every 15s"' not in get(reader, run=two[0].pk)
    for number in range(60):
        note(live, f"Sentence {number}.")
    assert 'hx-trigger="every 15s"' not in get(reader, page=2)


def test_a_run_of_another_campaign_is_not_found(two, reader):
    other = publish(simple_graph(), slug="summer")
    assert reader.get(reverse("campaigns:log", args=["spring"]), {"run": other.pk}).status_code == 404


def test_the_file_holds_what_the_filter_leaves_and_no_formulas(two, reader):
    _test, live = two
    note(live, "=HYPERLINK(1)")
    rows = list(csv.DictReader(get(reader, "log_csv", run=live.pk).splitlines()))
    assert [row["message"] for row in rows] == [
        "'=HYPERLINK(1)",
        "The lake is dry.",
        "Paused by Anna.",
        "A live run began.",
    ]
    assert rows[2]["person"] == "anna" and rows[1]["name"] == "Split"
    steps = list(csv.DictReader(get(reader, "log_csv", tab="steps").splitlines()))
    assert {row["node"]: (row["in"], row["out"]) for row in steps}["split"] == ("3", "3")


def test_a_long_log_has_pages_and_few_questions(two, reader, django_assert_max_num_queries):
    _test, live = two
    LogEntry.objects.bulk_create(LogEntry(run=live, message=f"Sentence {n}.") for n in range(120))
    LogEntry.objects.update(at=timezone.now() - timedelta(minutes=1))
    with django_assert_max_num_queries(30):
        page = get(reader)
    assert "Page 1 of 3" in page
