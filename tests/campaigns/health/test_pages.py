"""Where the measures are shown: to programs that watch, and to administrators, with a button for each thing that failed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django_q.models import Failure

from campaigns import tasks
from campaigns.health import metrics
from campaigns.health.measure import OK, Measure, Value
from campaigns.models import Beat, Campaign, Installation, NodeRun, Run
from orchcamp.accounts.models import AuditEntry
from orchcamp.datasets import engine
from tests import access_stage

pytestmark = pytest.mark.django_db
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+)')


def parsed(text: str) -> dict[tuple[str, str], float]:
    """The samples of an exposition, after making sure that each metric is told of once, before its lines."""
    found: dict[tuple[str, str], float] = {}
    known: list[str] = []
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert name not in known
            known.append(name)
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {known[-1]} gauge"
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == known[-1]
            assert (match[1], match[2]) not in found
            found[match[1], match[2] or ""] = float(match[3])
    assert text.endswith("\n")
    return found


# --- Programs ------------------------------------------------------------------------------------------------


def test_metrics_are_text_that_prometheus_reads(client):
    tasks.beat()
    response = client.get("/metrics")
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = parsed(response.text)
    assert found["orchcamp_health", 'measure="database"'] == 0
    assert found["orchcamp_health", 'measure="scheduler"'] == 2
    assert found["orchcamp_workers_alive", ""] == 1
    assert ("orchcamp_lake_bytes", 'kind="runs"') in found
    assert found["orchcamp_lake_free_bytes", ""] > 0


def test_what_stands_in_labels_and_help_cannot_break_a_line():
    odd = Value("odd", "a\nb\\c", 1.5, {"name": 'x"y\\z\n'})
    text = metrics.text([Measure("m", "M", OK, "", values=(odd,))])
    assert parsed(text)["orchcamp_odd", 'name="x\\"y\\\\z\\n"'] == 1.5
    assert "# HELP orchcamp_odd a\\nb\\\\c" in text


def test_without_a_token_metrics_are_for_the_same_host_only(client):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403
    assert client.get("/metrics", headers={"Forwarded": "for=192.0.2.7"}).status_code == 403


def test_with_a_token_metrics_are_for_whoever_shows_it(client, settings):
    settings.METRICS_TOKEN = "long and secret"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    shown = {"Authorization": "Bearer long and secret"}
    assert client.get("/metrics", headers=shown, REMOTE_ADDR="192.0.2.7").status_code == 200
    assert "measures" in client.get("/health?details", headers=shown).json()


def test_the_details_of_health_are_for_administrators(client, ada, anna):
    tasks.beat()
    for person, seen in ((None, False), (anna, False), (ada, True)):
        if person:
            client.force_login(person)
        answer = client.get("/health?details").json()
        assert ("measures" in answer) is seen
        assert answer["status"] == "ok"


# --- The page --------------------------------------------------------------------------------------------------


@pytest.fixture
def page(client, ada):
    client.force_login(ada)
    return lambda **kwargs: client.get(reverse("campaigns:health"), **kwargs)


def test_the_page_says_how_each_measure_stands_and_refreshes_itself(page):
    tasks.beat()
    text = page().text
    assert "Something is broken" in text  # the scheduler was never heard of
    assert "Start one with" in text or "start one with" in text
    assert 'hx-trigger="every 15s"' in text
    fragment = page(headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<div id="health"') and "<html" not in fragment


def test_a_node_in_error_has_a_button_that_tries_it_again(page, client, mark):
    things = access_stage.build(mark)
    NodeRun.objects.filter(run=things["run"]).update(status="failed", error="The server is away.")
    Run.objects.filter(pk=things["run"]).update(status="failed")
    Campaign.objects.filter(slug="spring").update(status="live")
    address = reverse("campaigns:step_control", args=["spring", things["run"], "mail"])
    text = page().text
    assert "The server is away." in text and f'action="{address}"' in text
    client.post(address, {"action": "retry"})
    assert NodeRun.objects.get(run=things["run"], node_id="mail").status != "failed"


def test_a_task_that_broke_is_discarded_by_its_button_once(page, client):
    now = timezone.now()
    facts = {"name": "one", "func": "campaigns.tasks.purge", "started": now, "stopped": now, "success": False}
    Failure.objects.create(id="f" * 32, result="ValueError: no", **facts)
    assert "ValueError: no" in page().text
    address = reverse("campaigns:discard_failure", args=["f" * 32])
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 404
    assert AuditEntry.objects.filter(verb="discarded failed task").count() == 1


def test_an_administrator_sets_the_retention_and_the_trail_says_so(page, client):
    page()
    client.post(reverse("campaigns:retention"), {"history_days": "60", "archive_days": "0", "audit_days": "0"})
    row = Installation.objects.get()
    assert (row.history_days, row.archive_days) == (60, 0)
    assert AuditEntry.objects.filter(verb="changed retention").count() == 1
    refused = client.post(reverse("campaigns:retention"), {"history_days": "0", "archive_days": "-1"})
    assert refused.status_code == 200 and "greater than or equal to 1" in refused.text
    row.refresh_from_db()
    assert row.history_days == 60


def test_cleaning_up_shows_first_what_would_go(client, ada, monkeypatch):
    import time

    client.force_login(ada)
    place = engine.root() / "runs/99/a/out.parquet"
    place.parent.mkdir(parents=True)
    place.write_text("x")
    now = time.time() + 2 * 86_400
    monkeypatch.setattr("campaigns.retention.orphans.time.time", lambda: now)
    address = reverse("campaigns:clean")
    assert "runs/99/a/out.parquet" in client.get(address).text
    client.post(address, {"do": "purge"})
    assert place.exists()
    client.post(address, {"do": "orphans"})
    assert not place.exists()


# --- Campaign pages --------------------------------------------------------------------------------------------


def test_every_page_about_campaigns_says_that_no_worker_is_there(client, ada, anna, mark):
    things = access_stage.build(mark)
    addresses = [
        reverse("campaigns:home"), reverse("campaigns:list"), reverse("campaigns:runs", args=["spring"]),
        reverse("campaigns:run", args=["spring", things["run"]]), reverse("campaigns:canvas", args=["spring"]),
    ]  # fmt: skip
    client.force_login(anna)
    for address in addresses:
        assert "No worker has been heard of" in client.get(address).text, address
        assert "Look at the health" not in client.get(address).text
    client.force_login(ada)
    assert "Look at the health of the installation" in client.get(reverse("campaigns:runs", args=["spring"])).text
    tasks.beat()
    for address in addresses:
        assert "No worker has been heard of" not in client.get(address).text, address
    Beat.objects.create(name="scheduler:other", at=timezone.now())
    Beat.objects.filter(name__startswith="worker:").update(at=timezone.now() - timedelta(minutes=5))
    assert "No worker has been heard of" in client.get(addresses[0]).text  # a scheduler alone computes nothing


def test_an_archived_campaign_says_when_it_will_be_removed(client, anna, mark):
    access_stage.build(mark)
    Campaign.objects.filter(slug="spring").update(status="archived", archived_at=timezone.now())
    client.force_login(anna)
    day = timezone.localtime(timezone.now() + timedelta(days=30))
    assert (
        f"will be removed on {date_format(day, 'DATE_FORMAT')}"
        in client.get(reverse("campaigns:canvas", args=["spring"])).text
    )
    listed = client.get(reverse("campaigns:list"), {"status": "archived"}).text
    assert f"removed on {date_format(day, 'SHORT_DATE_FORMAT')}" in listed
