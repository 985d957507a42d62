"""Workers that meet at the same error: on PostgreSQL each with a connection of its own, one after the other on the run's row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.utils import timezone

from campaigns import execution, notices, retention
from campaigns.models import Installation, NodeRun, Notice, Run
from campaigns.outcome import Outcome
from campaigns.retention.installation import kept_installation
from orchcamp.accounts.telling import letters
from tests.builders import make_shop
from tests.campaigns.audience_stage import published
from tests.campaigns.builders import PARIS, audience, graph

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]
S = NodeRun.Status
WIDTH = 6


def together(act, things: list) -> list:
    """Do it to each thing at once, in threads with connections of their own."""

    def alone(thing):
        try:
            return act(thing)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(alone, things))


def wide(settings: dict) -> tuple[Run, list[NodeRun]]:
    """A live run of which workers have several nodes in hand."""
    make_shop()
    nodes = {f"n{place}": ("build_audience", audience(PARIS)) for place in range(WIDTH)}
    campaign = published(graph(nodes), settings=settings)
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    execution.claim_ready(run)
    for node in run.nodes.all():
        NodeRun.objects.claim(node.pk, source=S.QUEUED, target=S.RUNNING, lease=execution.LEASE)
    return run, list(NodeRun.objects.filter(run=run).select_related("run__campaign"))


def fail(node: NodeRun) -> bool:
    return execution._finish(node, Outcome(S.FAILED, error="Broken."))


def test_not_one_error_more_is_ignored_than_allowed():
    run, nodes = wide({"on_error": "ignore", "consecutive_errors": 2})
    together(fail, nodes)
    run.refresh_from_db()
    assert (run.status, run.aborted) == (Run.Status.FAILED, True)
    assert run.nodes.filter(ignored=True).count() == 2
    assert Notice.objects.filter(kind=Notice.Kind.ABORTED).count() == 1


def test_a_run_is_aborted_once_by_however_many_errors():
    run, nodes = wide({"on_error": "abort"})
    together(fail, nodes)
    run.refresh_from_db()
    assert run.log.filter(message__startswith="The run is aborted").count() == 1
    assert Notice.objects.count() == 1
    assert set(run.nodes.values_list("status", flat=True)) <= {S.FAILED, S.STOPPED}


def test_a_mail_is_given_to_one_worker_and_the_clean_up_too(anna):
    run, _nodes = wide({"supervisors": {"people": ["anna"]}})
    notices.raised(run, Notice.Kind.FAILED, "failed:1", "Broken.")
    kept_installation()
    now = timezone.now()
    Installation.objects.update(purge_due_at=now)
    assert sum(together(lambda _number: letters.gather(), [now] * WIDTH)) == 1
    assert sum(len(found) for found in together(letters.claim_due, [now] * WIDTH)) == 1
    assert sum(together(retention.claim_daily, [now] * WIDTH)) == 1
