"""What the measures find: nothing when all is well, and a sentence with the mend when something is not."""

from __future__ import annotations

from collections import namedtuple
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import Failure, OrmQ

from campaigns import execution, tasks
from campaigns.health import looking, measure, services
from campaigns.health.measure import CRITICAL, OK, WARNING
from campaigns.models import Beat, Campaign, DoubtfulMessage, NodeRun, Run
from orchcamp.datasets import engine
from tests import access_stage
from tests.builders import make_shop
from tests.campaigns.audience_stage import published
from tests.campaigns.builders import make_campaign, make_configuration, targeting_graph

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lively(db):
    """A worker that beats, and whose scheduler went through just now."""
    tasks.beat()
    tasks.recover()


def found(key: str) -> measure.Measure:
    return {one.key: one for one in looking.look()}[key]


def numbers(key: str) -> dict[str, float]:
    return {value.name + "".join(value.labels.values()): value.number for value in found(key).values}


def test_all_is_well_in_an_installation_with_a_worker():
    assert {one.key: one.level for one in looking.look()} == dict.fromkeys(
        ["database", "engine", "workers", "scheduler", "queue", "leases", "runs", "launches", "doubts", "failures", "disk"],
        OK,
    )  # fmt: skip


def test_a_look_asks_the_database_little(django_assert_max_num_queries):
    with django_assert_max_num_queries(45):  # a pair of them only opens and closes a savepoint for each measure
        looking.look()


@pytest.mark.parametrize(("seconds", "level"), [(30, OK), (90, WARNING), (600, CRITICAL)])
@pytest.mark.parametrize("key", ["workers", "scheduler"])
def test_a_beat_that_is_missing_is_the_worse_the_longer(key, seconds, level):
    Beat.objects.update(at=timezone.now() - timedelta(seconds=seconds))
    one = found(key)
    assert one.level == level
    assert ("manage.py worker" in one.mend) == (level != OK)


def test_a_scheduler_that_was_never_heard_of_is_critical():
    Beat.objects.all().delete()
    assert (found("scheduler").level, found("scheduler").shown) == (CRITICAL, "never")


@pytest.mark.parametrize(("seconds", "level"), [(5, OK), (300, WARNING), (1200, CRITICAL)])
def test_a_queue_whose_oldest_task_waits_is_noticed(seconds, level):
    OrmQ.objects.create(key="orchcamp", payload="x", lock=timezone.now() - timedelta(seconds=seconds))
    assert found("queue").level == level
    assert numbers("queue")["queue_tasks"] == 1


def test_a_run_that_does_not_move_is_named():
    make_shop()
    campaign = published(targeting_graph(), name="Spring")
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    assert found("runs").level == OK
    past = timezone.now() - timedelta(minutes=20)
    Run.objects.update(started_at=past, scheduled_for=past)
    run.log.update(at=past)
    one = found("runs")
    assert (one.level, one.details[0][0]) == (CRITICAL, str(run))
    assert numbers("runs") == {"runsrunning": 1, "runspaused": 0, "runs_stuck": 1}


def test_expired_leases_that_nobody_takes_back_are_counted():
    make_shop()
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    run.nodes.filter(node_id="paris").update(status="running", lease_until=timezone.now() - timedelta(minutes=5))
    assert found("leases").level == WARNING
    assert numbers("leases") == {"leases_expirednode": 1, "leases_expiredbatch": 0}


def test_a_launch_whose_moment_is_past_is_noticed():
    make_campaign(status="scheduled", next_launch_at=timezone.now() - timedelta(minutes=5))
    make_campaign(slug="stopped", status="stopped", next_launch_at=timezone.now() - timedelta(hours=5))
    assert found("launches").level == WARNING
    Campaign.objects.update(next_launch_at=timezone.now() - timedelta(hours=1))
    assert (found("launches").level, numbers("launches")["launches_overdue"]) == (CRITICAL, 1)


def test_failed_nodes_and_broken_tasks_wait_for_a_person(mark):
    things = access_stage.build(mark)
    assert found("failures").level == OK
    NodeRun.objects.filter(run=things["run"]).update(status="failed")
    Run.objects.filter(pk=things["run"]).update(status="failed")
    assert found("failures").level == OK  # its campaign is a draft again: the run does not go on any more
    Campaign.objects.filter(slug="spring").update(status="live")
    now = timezone.now()
    Failure.objects.create(
        id="f" * 32, name="one", func="campaigns.tasks.beat", started=now, stopped=now, success=False
    )
    assert numbers("failures") == {"nodes_failed": 1, "queue_failed": 1}
    assert found("failures").level == WARNING


def test_the_oldest_message_in_doubt_counts_its_age(mark):
    access_stage.build(mark)
    assert found("doubts").level == OK
    DoubtfulMessage.objects.update(begun_at=timezone.now() - timedelta(days=2))
    assert found("doubts").level == WARNING
    assert numbers("doubts")["messages_in_doubt"] == 1


def test_the_lake_is_counted_by_kind_and_a_file_with_two_names_once():
    make_shop()
    make_configuration()
    services.forget_usage()
    root = engine.root()
    (root / "runs/1").mkdir(parents=True)
    (root / "runs/1/a").write_bytes(b"x" * 1000)
    (root / "runs/1/b").hardlink_to(root / "runs/1/a")
    usage = services.usage()
    assert usage["runs"] == 1000
    assert usage["datasets"] == sum(file.stat().st_size for file in (root / "datasets").rglob("*.parquet"))


def test_a_disk_that_is_nearly_full_says_what_to_do(monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _place: usage(1000, 980, 20))
    assert (found("disk").level, found("disk").sentence) == (CRITICAL, "Only 2 % of the disk are free.")


def test_a_measure_that_cannot_be_taken_holds_up_no_other():
    def refuse(execute, sql, *rest):
        if "django_q_ormq" in sql:
            raise OperationalError("gone")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        one = {m.key: m for m in looking.look()}
    assert (one["queue"].level, one["queue"].sentence) == (CRITICAL, "It could not be measured.")
    assert (one["runs"].level, one["disk"].level) == (OK, OK)
