"""Stories of what is new since the last run: incremental queries in live and test runs, and their marks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from activities.graph import Graph
from campaigns import execution, launching, lifecycle, memories, status
from campaigns.errors import WrongStatus
from campaigns.models import Campaign, NodeMemory, NodeRun, Run
from orchcamp.accounts.models import AuditEntry
from orchcamp.datasets import audiences
from orchcamp.datasets.models import Dataset
from orchcamp.messaging.models import ChannelConfiguration
from tests.builders import PEOPLE, make_shop
from tests.campaigns.audience_stage import ids, loaded, published
from tests.campaigns.builders import email, graph, make_configuration
from tests.campaigns.desk_stage import mail_server
from tests.campaigns.launching_stage import tick

pytestmark = pytest.mark.django_db
S = NodeRun.Status
MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()
    make_configuration()


@pytest.fixture
def command(capsys):
    def run(slug: str, *arguments: object) -> dict[str, Any]:
        capsys.readouterr()
        call_command("run_campaign", slug, "--json", *map(str, arguments))
        return json.loads(capsys.readouterr().out)

    return run


def person(id: int, joined: datetime) -> dict[str, Any]:
    return {**PEOPLE[0], "id": id, "joined": joined, "city": "Paris"}


def daily(then: str = "end", **settings: Any) -> Graph:
    query = {"dimension": "people", "mode": "date", "date_column": "joined"} | settings
    after = {"end": {}, "email": email(without_confirmation=True)}[then]
    return graph({"new": ("incremental_query", query), then: (then, after)}, f"new>{then}")


def live(campaign: Campaign, slot: datetime) -> Run:
    status.move(campaign, "run_again")
    version = campaign.published_version()
    status.moved(campaign, "run_again")  # it is completed after each run: no schedule says that more are to come
    return execution.run_to_end(execution.start(version, mode=Run.Mode.LIVE, scheduled_for=slot))


def new_rows(run: Run) -> int:
    return run.nodes.get(node_id="new").outputs["out"]["rows"]


def test_a5_the_second_run_targets_only_new_rows_and_nothing_new_ends_the_path_well():
    campaign = published(daily())
    first = live(campaign, MONDAY)
    assert (first.status, new_rows(first)) == (Run.Status.SUCCEEDED, 6)
    loaded([*PEOPLE, person(7, MONDAY + timedelta(hours=1)), person(8, TUESDAY + timedelta(hours=1))])
    second = live(campaign, TUESDAY)
    assert new_rows(second) == 1
    third = live(campaign, TUESDAY + timedelta(minutes=5))
    assert (third.status, new_rows(third)) == (Run.Status.SUCCEEDED, 0)
    assert third.nodes.get(node_id="end").status == S.SKIPPED
    fourth = live(campaign, TUESDAY + timedelta(days=1))
    assert new_rows(fourth) == 1


def test_a5_by_a_daily_schedule_each_launch_sees_what_is_new_since_the_last():
    with time_machine.travel(MONDAY - timedelta(hours=1), tick=False) as clock:
        campaign = published(daily(), schedule={"frequency": "daily", "at": "09:00"})
        launching.arm(campaign)

        def launched(moment: datetime) -> Run:
            clock.move_to(moment)
            (run,) = tick()
            return execution.run_to_end(run)

        assert new_rows(launched(MONDAY)) == 6
        loaded([*PEOPLE, person(7, MONDAY + timedelta(hours=1))])
        assert new_rows(launched(TUESDAY + timedelta(minutes=3))) == 1
        third = launched(TUESDAY + timedelta(days=1, hours=5))  # late: its worker was away
        assert (third.status, new_rows(third)) == (Run.Status.SUCCEEDED, 0)
        assert Campaign.objects.get().status == "live"


def test_a_test_looks_and_moves_nothing():
    campaign = published(daily())
    live(campaign, MONDAY)
    loaded([*PEOPLE, person(7, MONDAY + timedelta(hours=1))])
    version = campaign.latest_version()
    for _twice in range(2):
        run = execution.run_to_end(execution.start(version, mode=Run.Mode.TEST, scheduled_for=timezone.now()))
        assert new_rows(run) == 1
    assert NodeMemory.objects.get().state["mark"] == MONDAY.isoformat()


def test_a_run_that_fails_does_not_move_the_mark():
    nodes = {
        "new": ("incremental_query", {"dimension": "people", "mode": "date", "date_column": "joined"}),
        "save": ("save_audience", {"audience": "newcomers"}),
    }
    campaign = published(graph(nodes, "new>save"))
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE, scheduled_for=MONDAY)
    people = Dataset.objects.get(slug="people")
    blocker = audiences.create("Newcomers", people, slug="newcomers")
    run = execution.run_to_end(run)
    assert (run.status, NodeMemory.objects.count()) == (Run.Status.FAILED, 0)
    audiences.delete(blocker, by=None)
    execution.resume(run, by=None)
    run = execution.run_to_end(run)
    assert (run.status, NodeMemory.objects.get().state["mark"]) == (Run.Status.SUCCEEDED, MONDAY.isoformat())
    assert len(ids("newcomers")) == 6


def test_by_memory_nobody_comes_twice_until_days_have_gone_by():
    campaign = published(daily(mode="exclude", history_days=7))
    assert new_rows(live(campaign, MONDAY)) == 6
    loaded([*PEOPLE, person(7, MONDAY)])
    assert new_rows(live(campaign, TUESDAY)) == 1
    assert new_rows(live(campaign, TUESDAY + timedelta(days=1))) == 0
    assert new_rows(live(campaign, MONDAY + timedelta(days=8))) == 6  # all but the one of Tuesday


def test_rows_of_a_day_that_come_late_on_that_day_are_not_left_behind():
    campaign = published(daily(date_column="born"))
    assert new_rows(live(campaign, MONDAY)) == 6
    late = {**person(7, MONDAY), "born": MONDAY.date()}
    loaded([*PEOPLE, late])
    assert new_rows(live(campaign, MONDAY + timedelta(hours=5))) == 1
    assert new_rows(live(campaign, MONDAY + timedelta(hours=6))) == 0


def test_rows_without_a_date_are_counted_as_lost_after_the_first_run():
    campaign = published(daily(date_column="born"))
    live(campaign, MONDAY)
    run = live(campaign, TUESDAY)
    assert run.nodes.get(node_id="new").lost == [{"reason": "found, but without a value in “Born”", "rows": 1}]


def test_a_duplicate_begins_afresh(mark):
    campaign = published(daily())
    live(campaign, MONDAY)
    copy = lifecycle.duplicate(campaign, by=mark, name="Copy")
    run = execution.run_to_end(execution.start(copy.draft(), mode=Run.Mode.TEST))
    assert new_rows(run) == 6


def test_welcome_mails_go_to_newcomers_only(command, ada):
    published(daily("email"))
    with mail_server() as port:
        ChannelConfiguration.objects.update(port=port)
        found = command("spring", "--live", "--confirm-by", "ada")
        (delivery,) = found["deliveries"]
        assert delivery["targeted"] == 6
        loaded([*PEOPLE, person(7, timezone.now())])
        found = command("spring", "--live", "--confirm-by", "ada")
    assert [each["targeted"] for each in found["deliveries"]] == [1]


# --- The mark ------------------------------------------------------------------------------------------------


def test_a_mark_that_is_set_back_replays_and_one_that_is_dropped_begins_again(ada):
    campaign = published(daily())
    live(campaign, MONDAY)
    loaded([*PEOPLE, person(7, MONDAY + timedelta(hours=1))])
    assert new_rows(live(campaign, TUESDAY)) == 1
    memories.set_mark(campaign, "new", MONDAY, by=ada)
    assert new_rows(live(campaign, TUESDAY + timedelta(hours=1))) == 1
    memories.set_mark(campaign, "new", None, by=ada)
    assert new_rows(live(campaign, TUESDAY + timedelta(hours=2))) == 7
    assert [entry.facts["mark"] for entry in AuditEntry.objects.filter(verb="set mark")] == [None, MONDAY.isoformat()]


def test_by_memory_a_mark_that_is_set_back_forgets_what_came_after_it(ada):
    campaign = published(daily(mode="exclude"))
    live(campaign, MONDAY)
    loaded([*PEOPLE, person(7, MONDAY)])
    live(campaign, TUESDAY)
    memories.set_mark(campaign, "new", MONDAY, by=ada)
    assert new_rows(live(campaign, TUESDAY + timedelta(hours=1))) == 1


def test_the_mark_stands_still_while_a_live_run_is_on(ada):
    campaign = published(daily())
    execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    with pytest.raises(WrongStatus, match="A live run is on"):
        memories.set_mark(campaign, "new", None, by=ada)


def test_the_panel_shows_the_mark_and_those_who_publish_may_set_it(client, ada, mark):
    campaign = published(daily(), timezone="Europe/Paris")
    live(campaign, MONDAY)
    panel = reverse("campaigns:node", args=["spring", "new"])
    client.force_login(mark)
    shown = client.get(panel, headers={"HX-Request": "true"}).content.decode()
    assert "What it remembers" in shown and "Set the mark" not in shown
    client.force_login(ada)
    shown = client.get(panel, headers={"HX-Request": "true"}).content.decode()
    assert 'value="2026-06-01T11:00"' in shown
    address = reverse("campaigns:memory", args=["spring", "new"])
    client.post(address, {"mark": "2026-05-01T12:00"})
    assert memories.mark_of(campaign, "new") == datetime(2026, 5, 1, 10, tzinfo=UTC)
    client.post(address, {"mark": "yesterday"})
    assert NodeMemory.objects.count() == 1
    client.post(address, {"again": "1"})
    assert not NodeMemory.objects.exists()
