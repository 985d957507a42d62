"""Runs as people follow them: progress that ends, sendings to confirm, doubts, and why nothing was sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import execution, progress, why
from campaigns.models import Batch, Beat, Campaign, DoubtfulMessage, Launch, LogEntry, NodeRun, Run
from orchcamp.messaging.models import Consent
from tests.campaigns.builders import targeting_graph
from tests.campaigns.desk_stage import mail_server, make_stage, publish, sent, until_confirmation

HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_stage(mark)


def signed_in(user) -> Client:
    client = Client(headers=HTMX)
    client.force_login(user)
    return client


def text(response) -> str:
    return response.content.decode()


def at(name, run, *more):
    return reverse(f"campaigns:{name}", args=[run.campaign.slug, run.pk, *more])


def test_a_test_is_started_by_one_press(campaign, mark):
    response = signed_in(mark).post(reverse("campaigns:test", args=["spring"]))
    assert response.status_code == 204
    assert "canvas-changed" in response["HX-Trigger"]
    assert Run.objects.get().mode == "test"


def test_a_viewer_starts_no_test(campaign, vera):
    assert signed_in(vera).post(reverse("campaigns:test", args=["spring"])).status_code == 403
    assert not Run.objects.exists()


def test_a_frozen_canvas_cannot_be_tested_and_the_answer_says_why(campaign, mark, anna):
    run = publish(campaign, author=mark, approver=anna)
    response = signed_in(mark).post(reverse("campaigns:test", args=["spring"]))
    assert "There is no draft to test" in response["HX-Trigger"]
    assert Run.objects.filter(mode="live").get() == run


def test_progress_is_asked_for_until_the_run_is_over(mark, client):
    campaign = make_stage(mark, targeting_graph())
    run = execution.start(campaign.draft(), mode="test", by=mark)
    htmx = signed_in(mark)
    page = htmx.get(at("run_progress", run))
    assert page.status_code == 200
    assert "every 1s" in text(page)
    Run.objects.update(started_at=timezone.now() - timedelta(hours=1))
    assert "every 15s" in text(htmx.get(at("run_progress", run)))  # nobody is there to work
    beat()
    assert "every 1s" in text(htmx.get(at("run_progress", run)))
    execution.run_to_end(run)
    page = htmx.get(at("run_progress", run))
    assert page.status_code == 286
    assert "every" not in text(page)
    assert "Consents" in text(page)
    client.force_login(mark)
    assert "Succeeded" in text(client.get(at("run", run)))


def test_the_log_is_narrowed_by_severity_and_words(campaign, mark):
    run = execution.start(campaign.draft(), mode="test", by=mark)
    LogEntry.objects.create(run=run, severity="error", message="The lake is dry.", node_id="mail")
    LogEntry.objects.create(run=run, severity="info", message="All is <b>well</b>.")
    htmx = signed_in(mark)
    page = text(htmx.get(at("run", run), {"severity": "error"}))
    assert "The lake is dry." in page
    assert "well" not in page
    assert "&lt;b&gt;well" in text(htmx.get(at("run", run), {"q": "WELL"}))
    assert "The lake is dry." in text(htmx.get(at("run", run), {"q": "mail"}))
    assert "No entry fits" in text(htmx.get(at("run", run), {"q": "nothing like it"}))


def test_a_sending_shows_its_numbers_and_waits_for_whoever_may_confirm(campaign, mark, anna, client):
    row = until_confirmation(campaign, author=mark, approver=anna)
    client.force_login(anna)
    page = text(client.get(at("run", row.run)))
    assert "Confirm and send 2 messages" in page
    assert "No consent" in page
    client.force_login(mark)
    page = text(client.get(at("run", row.run)))
    assert "Confirm and send" not in page
    assert "confirm sendings" in page


def test_confirming_twice_sends_once(campaign, mark, anna, ada):
    row = until_confirmation(campaign, author=mark, approver=anna)
    address = at("confirm", row.run, "mail")
    assert signed_in(mark).post(address).status_code == 403
    assert signed_in(anna).post(address).status_code == 200
    response = signed_in(ada).post(address)
    assert response.status_code == 409
    assert "somebody was faster" in response["HX-Trigger"]
    row.refresh_from_db()
    assert row.confirmed_by == anna


def test_a_run_is_paused_resumed_and_stopped_by_those_who_may(campaign, mark, anna, client):
    run = publish(campaign, author=mark, approver=anna)
    client.force_login(mark)
    assert client.post(at("control", run), {"action": "pause"}).status_code == 403
    client.force_login(anna)
    for action, status in [("pause", "paused"), ("resume", "running"), ("stop", "stopped")]:
        client.post(at("control", run), {"action": action})
        run.refresh_from_db()
        assert run.status == status
    client.post(at("control", run), {"action": "explode"})
    assert "nothing else was asked for" in text(client.get(at("run", run)))


def test_stopping_says_what_will_be_lost(campaign, mark, anna, client):
    row = until_confirmation(campaign, author=mark, approver=anna)
    client.force_login(anna)
    assert "2 messages that are still pending" in text(client.get(at("control", row.run)))


@pytest.fixture
def doubt(campaign, mark, anna) -> DoubtfulMessage:
    until_confirmation(campaign, author=mark, approver=anna)
    Batch.objects.update(status="settled", accepted=1, in_doubt=1)
    return DoubtfulMessage.objects.create(
        batch=Batch.objects.get(), message_id="m1", address="bob@example.org", begun_at=timezone.now(), evidence="250?"
    )


def test_a_doubt_is_resolved_once_and_the_books_follow(doubt, anna, mark):
    run = doubt.batch.node_run.run
    address = at("resolve", run, doubt.pk)
    assert "bob@example.org" in text(signed_in(anna).get(at("run_progress", run) + "?part=attention"))
    assert signed_in(mark).post(address, {"resolution": "accepted"}).status_code == 403
    assert signed_in(anna).post(address, {"resolution": "perhaps"}).status_code == 409
    response = signed_in(anna).post(address, {"resolution": "accepted"})
    assert "bob@example.org" not in text(response)
    assert signed_in(anna).post(address, {"resolution": "not_sent"}).status_code == 409
    batch = Batch.objects.get()
    assert (batch.accepted, batch.in_doubt) == (2, 0)


def test_an_address_in_doubt_is_hidden_from_who_may_not_see_personal_data(doubt, vera, mark):
    address = at("run_progress", doubt.batch.node_run.run) + "?part=attention"
    assert "bob@example.org" in text(signed_in(mark).get(address))
    page = text(signed_in(vera).get(address))
    assert "in doubt" in page
    assert "bob@example.org" not in page


def test_progress_says_when_something_new_needs_a_decision(doubt, anna):
    run = doubt.batch.node_run.run
    htmx = signed_in(anna)
    response = htmx.get(at("run_progress", run))
    assert "attention-changed" in response["HX-Trigger"]
    seen = response.context["signature"]
    assert "HX-Trigger" not in htmx.get(at("run_progress", run), {"seen": seen})


def guilty(run) -> dict[str, str]:
    run = Run.objects.select_related("campaign").get(pk=run.pk)
    steps = progress.steps(run)
    sendings = progress.sendings(run, [step.row for step in steps])
    checks = why.look(run.campaign, run, steps, sendings)
    assert len(checks) == 12
    return {str(check.title): str(check.sentence) for check in checks if check.guilty}


def beat():
    Beat.objects.update_or_create(name="worker:here", defaults={"at": timezone.now()})


def test_why_nothing_was_sent_names_the_missing_worker(campaign, mark, anna):
    assert "Worker" in guilty(publish(campaign, author=mark, approver=anna))


def test_why_nothing_was_sent_names_the_missing_confirmation(campaign, mark, anna, client):
    beat()
    row = until_confirmation(campaign, author=mark, approver=anna)
    assert guilty(row.run) == {"Confirmation": "Waits for somebody to confirm: Mail."}
    client.force_login(anna)
    assert "Why has nothing been sent yet?" in text(client.get(at("run", row.run)))


def test_why_nothing_was_sent_names_a_start_in_the_future(campaign, mark, anna):
    beat()
    campaign.schedule = {"frequency": "once", "at": "2199-01-01T09:00"}
    campaign.save()
    assert publish(campaign, author=mark, approver=anna) is None
    campaign.refresh_from_db()
    found = [check for check in why.look(campaign, None) if check.guilty]
    assert [(str(check.title), str(check.sentence)) for check in found] == [
        ("Start", "Its first launch is still to come.")
    ]
    assert "Launch now" in [str(mend.label) for mend in found[0].mends]


def test_what_did_not_run_is_listed_with_its_reason(campaign, vera, client):
    slot = datetime(2026, 3, 1, 9, tzinfo=UTC)
    Launch.objects.create(campaign=campaign, slot=slot, status="missed", reason="No worker was there.")
    client.force_login(vera)
    page = text(client.get(reverse("campaigns:runs", args=[campaign.slug])))
    assert "Launches that did not run" in page and "Missed" in page and "No worker was there." in page


def test_why_nothing_was_sent_names_those_who_said_no(campaign, mark, anna):
    beat()
    for name in ("ann", "bob"):
        Consent.objects.create(channel="email", address=f"{name}@example.org", granted=False, source="test")
    run = execution.run_to_end(publish(campaign, author=mark, approver=anna))
    assert "leaves out everybody it targets" in guilty(run)["Consent and suppression"]


def test_why_nothing_was_sent_names_a_failed_step(campaign, mark, anna):
    run = publish(campaign, author=mark, approver=anna)
    NodeRun.objects.filter(run=run, node_id="mail").update(status="failed")
    Run.objects.filter(pk=run.pk).update(status="failed", error="No")
    assert "Mail" in guilty(run)["Errors"]


def test_the_list_shows_mode_people_and_deliveries(mark, anna, client, django_assert_max_num_queries):
    with mail_server() as port:
        sent(make_stage(mark, port=port), author=mark, approver=anna)
    client.force_login(anna)
    with django_assert_max_num_queries(20):
        page = text(client.get(reverse("campaigns:runs", args=["spring"])))
    assert page.count("Run ") >= 2
    rows = text(signed_in(anna).get(reverse("campaigns:runs", args=["spring"]), {"mode": "live"}))
    assert rows.count("<tr>") == 2
    assert '<td class="number">2</td>' in rows


def test_a_run_of_another_campaign_is_not_found_under_this_one(campaign, mark, anna, client):
    run = publish(campaign, author=mark, approver=anna)
    Campaign.objects.create(slug="other", name="Other", dimension="people")
    client.force_login(anna)
    assert client.get(reverse("campaigns:run", args=["other", run.pk])).status_code == 404
