"""Report pages and their file, over a real small sending."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns import execution, lifecycle
from campaigns.models import Run
from orchcamp.messaging.models import Delivery, TrackingEvent
from tests.campaigns.desk_stage import mail_server, make_stage, sent


@pytest.fixture
def delivery(mark, anna) -> Delivery:
    with mail_server() as port:
        delivery = sent(make_stage(mark, port=port), author=mark, approver=anna)
    for kind in ("open", "open", "click", "unsubscribe"):
        TrackingEvent.objects.create(delivery=delivery, message_id="a", kind=kind, url="https://shop.example/sale")
    return delivery


def get(client, user, name="report", slug="spring", **query):
    client.force_login(user)
    return client.get(reverse(f"campaigns:{name}", args=[slug] if slug else []), query)


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_the_report_adds_up_and_says_so(delivery, vera, client):
    page = text(get(client, vera))
    assert "Books balance: all 6 are accounted for." in page
    for words in ("No consent", "Malformed address", "Duplicate address", "No address"):
        assert words in page
    assert "https://shop.example/sale" in page


def test_every_chart_has_a_table_with_the_same_numbers(delivery, vera, client):
    response = get(client, vera)
    drawn = re.findall(r'<script id="(\w+)-data" type="application/json">(.*?)</script>', response.content.decode())
    assert {name for name, _data in drawn} == {"funnel", "time", "domains"}
    for chart in response.context["charts"]:
        data = json.loads(dict(drawn)[chart.id])
        assert data["labels"] == [label for label, _values in chart.rows]
        for place, series in enumerate(data["series"]):
            assert series["values"] == [values[place] for _label, values in chart.rows]
    funnel = json.loads(dict(drawn)["funnel"])
    assert funnel["series"][0]["values"] == [6, 2, 2, 1, 1]


def test_a_lost_message_is_shown_and_not_hidden(delivery, vera, client):
    delivery.batches.update(accepted=1)
    assert "Books do not balance: 1 unaccounted for" in text(get(client, vera))


def test_a_report_is_narrowed_to_a_run_and_a_delivery(delivery, vera, client):
    run = Run.objects.get(mode="live")
    assert "all 6 are accounted for" in text(get(client, vera, run=run.pk, delivery=delivery.pk))
    assert "Nothing has been prepared" in text(get(client, vera, delivery=delivery.pk + 1))
    assert get(client, vera, run=run.pk + 99).status_code == 404
    assert get(client, vera, run="x", delivery="9" * 30).status_code == 200


def test_the_file_holds_a_row_a_delivery_and_the_totals(delivery, vera, client):
    Delivery.objects.update(label="=cmd()")
    response = get(client, vera, "report_csv")
    assert response.streaming
    assert "attachment" in response["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert [row["delivery"] for row in rows] == ["'=cmd()", "total"]
    for row in rows:
        outcomes = [int(row[name]) for name in ("excluded", "accepted", "refused", "in_doubt", "pending")]
        assert sum(outcomes) == int(row["targeted"]) == 6
        assert (row["opened"], row["opens"], row["clicked"], row["unsubscribed"]) == ("1", "2", "1", "1")


def test_a_stranger_sees_no_report(delivery, mallory, client):
    assert get(client, mallory).status_code == 404
    assert get(client, mallory, "report_csv").status_code == 404
    assert get(client, mallory, "reports", slug=None).status_code == 403


def test_a_campaign_that_has_not_run_says_what_to_do(mark, client):
    make_stage(mark)
    assert "has not run live yet" in text(get(client, mark))
    assert "No campaign has run yet" in text(get(client, mark, "reports", slug=None))


def test_the_list_has_the_figures_of_those_that_ran(delivery, vera, client, django_assert_max_num_queries):
    client.force_login(vera)
    with django_assert_max_num_queries(14):
        page = text(client.get(reverse("campaigns:reports")))
    assert "Spring mail" in page
    assert '<td class="number">4</td> <td class="number">2</td> <td class="number">1</td>' in page


def test_a_run_that_has_prepared_nothing_yet_has_an_empty_report(mark, anna, client):
    campaign = make_stage(mark)
    approval = lifecycle.submit(campaign.latest_version(), by=mark)
    lifecycle.approve(approval, by=anna)
    campaign.refresh_from_db()
    run = lifecycle.publish(campaign, by=anna)
    assert "Nothing has been prepared" in text(get(client, mark))
    execution.stop(run, by=anna)
    assert get(client, mark).status_code == 200


def test_what_links_carry_about_a_person_is_for_those_who_may_see_it(delivery, mark, vera, client):
    for name in ("ann", "bob"):
        url = f"https://shop.example/{name}@example.org/sale?who={name}@example.org#{name}"
        TrackingEvent.objects.create(delivery=delivery, message_id=name, kind="click", url=url)
    assert "who=ann@example.org" in text(get(client, mark))
    hidden = text(get(client, vera))
    for word in ("channel", "cannot", "combobox"):
        hidden = hidden.replace(word, "")
    assert "ann" not in hidden.lower().replace("channel", "") and "bob" not in hidden
    assert "https://shop.example/•••/sale" in hidden


def test_each_launch_stands_in_a_row_above_the_total(delivery, mark, anna, vera, client):
    """A campaign that runs again and again: every run with its own figures and report, and all of them together."""
    assert "Run by run" not in text(get(client, vera))  # there is one run, which is the total
    first = Run.objects.get(mode="live")
    second = Run.objects.create(
        campaign=first.campaign, version=first.version, mode="live", status="succeeded", document=first.document,
        scheduled_for=first.scheduled_for + timedelta(days=1),
    )  # fmt: skip
    Delivery.objects.create(
        reference=f"{second.pk}-mail", campaign="spring", label="Mail", channel="email", plan="nowhere.parquet",
        configuration=delivery.configuration, dimension="people", key=["id"],
        targeted=10, excluded={"no_consent": 4}, prepared=6,
    )  # fmt: skip
    third = Run.objects.create(
        campaign=first.campaign, version=first.version, mode="live", status="stopped", document=first.document,
        scheduled_for=first.scheduled_for + timedelta(days=2),
    )  # fmt: skip
    response = get(client, vera)
    assert [(line.run, line.messages, line.books.targeted) for line in response.context["by_run"]] == [
        (third, 0, 0), (second, 1, 10), (first, 1, 6),
    ]  # fmt: skip
    assert "Total of 3 runs" in text(response)
    assert response.context["figures"].books.targeted == 16
    assert f"?run={second.pk}" in text(response)
    alone = get(client, vera, run=second.pk)
    assert (alone.context["figures"].books.targeted, alone.context["by_run"]) == (10, [])
