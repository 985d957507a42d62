"""What goes and what stays: interim results, histories, archived campaigns, files that nothing refers to."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from campaigns import execution, lifecycle, reporting, retention, status, steering, store, transitions
from campaigns.errors import WrongStatus
from campaigns.models import Alert, Campaign, CampaignFile, Installation, LogEntry, RemovedCampaign, Run
from campaigns.retention.orphans import orphans
from orchcamp.accounts.models import AuditEntry
from orchcamp.datasets import engine
from orchcamp.messaging.models import Delivery
from tests.campaigns.audience_stage import published
from tests.campaigns.builders import make_campaign, simple_graph, targeting_graph

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailed_shop")]
OLD = timedelta(days=31)


def tried(campaign: Campaign) -> Run:
    return execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.TEST))


def sent(slug: str = "spring", **changes) -> Run:
    """A live run whose two messages went out."""
    campaign = published(simple_graph(without_confirmation=True), slug=slug, **changes)
    run = execution.run_to_end(execution.start(campaign.published_version(), mode=Run.Mode.LIVE))
    assert run.status == Run.Status.SUCCEEDED
    return run


def files_of(run: Run) -> set[str]:
    place = engine.root() / store.folder(run.pk)
    return {file.relative_to(place).as_posix() for file in place.rglob("*") if file.is_file()}


def age(run: Run, by: timedelta = OLD) -> None:
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now() - by)


# --- Interim results ------------------------------------------------------------------------------------


def test_populations_of_all_but_the_last_test_go_and_the_counts_stay():
    campaign = make_campaign(targeting_graph())
    first, last = tried(campaign), tried(campaign)
    before = {node.node_id: node.outputs for node in first.nodes.all()}
    done = retention.purge()
    first.refresh_from_db()
    assert (done.interim, files_of(first)) == (1, set())
    assert first.purged_at
    assert files_of(last)
    assert {node.node_id: node.outputs for node in first.nodes.all()} == before
    assert "were removed on" in transitions.gone(first, "paris", "out")
    assert retention.purge().interim == 0


def test_a_campaign_that_keeps_interim_results_keeps_them():
    campaign = make_campaign(targeting_graph(), settings={"keep_interim": True})
    first, _last = tried(campaign), tried(campaign)
    kept = files_of(first)
    assert retention.purge().interim == 0
    assert files_of(first) == kept != set()


def test_plans_journals_and_outcomes_of_a_live_run_are_no_interim_results():
    run = sent()
    again = execution.run_to_end(lifecycle.live_run(Campaign.objects.get(), by=None))
    before = files_of(run)
    retention.purge()
    gone = before - files_of(run)
    assert gone and all(name.endswith("/out.parquet") for name in gone)
    assert {name.split("/")[1] for name in files_of(run)} >= {"plan", "outcomes", "journal"}
    assert files_of(again)
    assert reporting.report(reporting.deliveries_of(run.campaign)).books.accepted == 4


def test_a_run_whose_rows_are_being_removed_is_not_opened_again(anna):
    run = sent()
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FAILED, purging_at=timezone.now())
    with pytest.raises(WrongStatus, match="removed by the retention"):
        steering.resume(run, by=anna)


def test_a_pass_that_was_killed_between_mark_and_files_is_finished_by_the_next():
    campaign = make_campaign(targeting_graph())
    first, _last = tried(campaign), tried(campaign)
    Run.objects.filter(pk=first.pk).update(purging_at=timezone.now())
    retention.purge()
    first.refresh_from_db()
    assert (files_of(first), first.purged_at is not None) == (set(), True)


def test_a_pass_removes_at_most_so_many_files_and_the_next_goes_on():
    campaign = make_campaign(targeting_graph())
    first, _last = tried(campaign), tried(campaign)
    number = len(files_of(first))
    done = retention.purge(most=1)
    assert (done.more, len(files_of(first))) == (True, number - 1)
    while done.more:
        done = retention.purge(most=2)
    assert files_of(first) == set()


# --- Histories ------------------------------------------------------------------------------------------


def test_after_its_days_the_log_and_the_alerts_go_and_the_report_stays(client, anna):
    run = sent()
    Alert.objects.create(run=run, node_id="mail", title="Look", message="at this")
    figures = reporting.report(reporting.deliveries_of(run.campaign))
    domains = reporting.domains(Delivery.objects.all())
    age(run)
    done = retention.purge()
    assert done.histories == 1
    assert [entry.message for entry in LogEntry.objects.all()] == [
        "The log, alerts and files of this run were removed: they are kept for 30 days."
    ]
    assert not Alert.objects.exists()
    assert reporting.report(reporting.deliveries_of(run.campaign)) == figures
    assert reporting.domains(Delivery.objects.all()) == domains != []
    client.force_login(anna)
    assert client.get(reverse("campaigns:run", args=["spring", run.pk])).status_code == 200
    assert retention.purge().histories == 0


def test_a_campaign_says_itself_how_long_its_history_is_kept():
    run = sent(settings={"history_days": 90})
    other = sent("summer", settings={"history_days": 2})
    age(run)
    age(other, timedelta(days=3))
    assert retention.purge().histories == 1
    assert run.log.count() > 1
    assert other.log.count() == 1


# --- Archived campaigns -----------------------------------------------------------------------------------


def archived(days: int) -> Run:
    run = sent()
    moment = timezone.now() - timedelta(days=days)
    Campaign.objects.update(status="archived", former_status="completed", archived_at=moment)
    return run


def test_a15_an_archived_campaign_can_be_restored_for_thirty_days_and_is_removed_then():
    run = archived(29)
    assert retention.purge().campaigns == 0
    campaign = Campaign.objects.get()
    status.move(campaign, "restore")
    campaign.refresh_from_db()
    assert (campaign.status, campaign.archived_at) == ("completed", None)
    Campaign.objects.update(status="archived", archived_at=timezone.now() - timedelta(days=31))
    done = retention.purge()
    assert (done.campaigns, Campaign.objects.count(), Delivery.objects.count(), files_of(run)) == (1, 0, 0, set())
    kept = RemovedCampaign.objects.get()
    assert (kept.name, kept.runs, kept.places) == ("Spring", 1, [])
    (line,) = kept.totals
    assert (line["targeted"], line["accepted"], sum(line["excluded"].values())) == (6, 2, 4)
    assert AuditEntry.objects.filter(verb="removed from the archive").count() == 1


def test_files_of_a_removed_campaign_that_a_killed_pass_left_go_with_the_next():
    run = archived(31)
    retention.purge(most=1)
    assert RemovedCampaign.objects.get().places != []
    while retention.purge(most=3).more:
        pass
    assert (RemovedCampaign.objects.get().places, files_of(run)) == ([], set())


def test_a_new_campaign_under_the_name_of_a_removed_one_begins_with_nothing(client, anna):
    archived(31)
    retention.purge()
    campaign = make_campaign(simple_graph(), slug="spring")
    assert reporting.report(reporting.deliveries_of(campaign)).books.targeted == 0
    assert not campaign.runs.exists() and not campaign.files.exists() and not campaign.memories.exists()
    client.force_login(anna)
    assert "Mail: 6 targeted, 2 accepted" in client.get(reverse("campaigns:reports")).text  # under the old one's name
    assert "6 targeted" not in client.get(reverse("campaigns:report", args=["spring"])).text


def test_zero_days_keep_the_archive_for_ever(ada):
    archived(4000)
    retention.change(history_days=30, archive_days=0, by=ada)
    assert retention.purge().campaigns == 0
    assert retention.removed_at(Campaign.objects.get(), retention.installation()) is None


def test_a_dry_run_names_what_would_go_and_removes_nothing():
    run = archived(31)
    age(run)
    before, out = files_of(run), StringIO()
    call_command("purge", "--dry-run", "--orphans", stdout=out)
    assert "Would remove the archived campaign “Spring”." in out.getvalue()
    assert "Would remove the history of Spring · Live" in out.getvalue()
    assert (files_of(run), Campaign.objects.count(), run.log.count() > 1) == (before, 1, True)


# --- Files that nothing refers to ---------------------------------------------------------------------------


def lie(path: str, days: float = 2, text: str = "x" * 10) -> None:
    place = engine.root() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    past = time.time() - days * 86_400
    os.utime(place, (past, past))


@pytest.fixture
def aged(monkeypatch):
    """The clock of the walk stands two days later: nobody can set when a file got its name."""
    now = time.time() + 2 * 86_400
    monkeypatch.setattr("campaigns.retention.orphans.time.time", lambda: now)


def test_what_nothing_refers_to_is_listed_with_its_size_and_removed(aged):
    run = sent()
    CampaignFile.objects.create(campaign=run.campaign, name="a.csv", path="uploads/spring/1/a.csv", size=10)
    for path in ("runs/999/all/out.parquet", "datasets/people/7.parquet", "uploads/spring/2/a.csv",
                 f"runs/{run.pk}/people/.x.part", "uploads/spring/1/a.csv", "elsewhere/mine.parquet"):  # fmt: skip
        lie(path)
    found = {orphan.path: orphan.size for orphan in orphans()}
    assert found == dict.fromkeys(
        ["runs/999/all/out.parquet", "datasets/people/7.parquet", "uploads/spring/2/a.csv",
         f"runs/{run.pk}/people/.x.part"], 10)  # fmt: skip
    before = files_of(run)
    out = StringIO()
    call_command("purge", "--orphans", stdout=out)
    assert "Removed the file runs/999/all/out.parquet, which nothing refers to." in out.getvalue()
    assert list(orphans()) == []
    assert files_of(run) == before - {"people/.x.part"}
    assert engine.exists("datasets/people/1.parquet") and engine.exists("elsewhere/mine.parquet")


def test_a_file_that_is_younger_than_a_day_may_still_get_its_row():
    lie("datasets/people/8.parquet", days=0)
    assert list(orphans()) == []


# --- Once a day ---------------------------------------------------------------------------------------------


def test_one_worker_a_day_cleans_up():
    now = timezone.now()
    assert retention.claim_daily(now) is False  # the row is made
    assert [retention.claim_daily(now + timedelta(seconds=n)) for n in (1, 2, 3)] == [True, False, False]
    assert retention.claim_daily(now + timedelta(days=1, seconds=2)) is True
    retention.purge()
    assert Installation.objects.get().last_purge["campaigns"] == 0


def test_every_change_of_the_retention_is_in_the_audit_trail(ada):
    retention.change(history_days=60, archive_days=90, by=ada)
    retention.change(history_days=60, archive_days=90, by=ada)
    entry = AuditEntry.objects.get(verb="changed retention")
    assert (entry.actor, entry.facts["before"], entry.facts["after"]) == (
        ada,
        {"history_days": 30, "archive_days": 30, "audit_days": 0},
        {"history_days": 60, "archive_days": 90, "audit_days": 0},
    )


# --- Pages about what is gone ---------------------------------------------------------------------------------


def test_every_page_of_a_run_whose_history_is_gone_still_opens(client, ada):
    live, campaign = sent(), make_campaign(simple_graph(), slug="autumn")
    dry = execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.DRY))
    counted = tried(campaign)
    for run in (live, dry, counted):
        age(run)
    assert retention.purge().histories == 3
    client.force_login(ada)
    pages = [
        *(reverse(f"campaigns:{name}", args=[slug]) for slug in ("spring", "autumn")
          for name in ("canvas", "runs", "log", "log_csv", "report", "dry_panel", "why", "compare", "properties")),
        *(reverse("campaigns:run", args=[run.campaign.slug, run.pk]) for run in (live, dry, counted)),
        reverse("campaigns:dry_result", args=["autumn", dry.pk]),
        reverse("campaigns:dry_samples", args=["autumn", dry.pk, "mail"]),
        reverse("campaigns:transition", args=["spring", "people", "out"]),
        reverse("campaigns:transition", args=["autumn", "people", "out"]),
        reverse("campaigns:node", args=["autumn", "mail"]),
        reverse("campaigns:explain", args=["spring"]) + "?q=1",
        reverse("campaigns:reports"), reverse("campaigns:home"), reverse("campaigns:list") + "?status=all",
    ]  # fmt: skip
    for page in pages:
        assert client.get(page).status_code in {200, 302, 404}, page


def test_the_sums_of_a_removed_campaign_stand_beside_the_reports(client, anna):
    archived(31)
    retention.purge()
    client.force_login(anna)
    page = client.get(reverse("campaigns:reports")).text
    assert "Mail: 6 targeted, 2 accepted" in page
