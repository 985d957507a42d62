"""How often a page that shows a run asks again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import execution, pace
from campaigns.models import Run
from tests.campaigns.builders import simple_graph
from tests.campaigns.runs_stage import S, node, publish, shop  # noqa: F401

pytestmark = pytest.mark.django_db


def seconds(run: Run) -> int | None:
    run = Run.objects.get(pk=run.pk)
    return pace.seconds(run, run.nodes.all())


@pytest.fixture
def run(shop) -> Run:  # noqa: F811
    return publish(simple_graph())


def test_a_run_that_works_is_looked_at_every_second(run):
    assert seconds(run) == pace.WORKING
    execution.claim_ready(run)
    assert seconds(run) == pace.WORKING


def test_a_run_that_waits_for_a_person_is_looked_at_seldom_and_again_often_once_it_goes_on(run, anna):
    execution.run_to_end(run)
    assert seconds(run) == pace.WAITING
    execution.confirm(node(run, "mail"), by=anna)
    assert seconds(run) == pace.SENDING
    execution.pause(run, by=anna)
    assert seconds(run) == pace.WAITING


def test_a_run_that_nobody_works_on_is_looked_at_seldom(run):
    Run.objects.update(started_at=timezone.now() - timedelta(hours=1))
    assert seconds(run) == pace.WAITING


@pytest.mark.parametrize(("minutes", "expected"), [(60, pace.WAITING), (0, pace.SENDING)])
def test_a_wait_is_looked_at_when_its_moment_is_near(run, minutes, expected):
    moment = timezone.now() + timedelta(minutes=minutes, seconds=5)
    run.nodes.update(status=S.SUCCEEDED)
    run.nodes.filter(node_id="mail").update(status=S.WAITING, waiting_for="time", resume_at=moment)
    assert seconds(run) == expected


def test_what_begins_tomorrow_is_looked_at_seldom_and_what_is_over_never(run):
    Run.objects.update(scheduled_for=timezone.now() + timedelta(days=1))
    assert seconds(run) == pace.WAITING
    Run.objects.update(status=Run.Status.SUCCEEDED)
    assert seconds(run) is None
    assert pace.seconds(None, []) is None
