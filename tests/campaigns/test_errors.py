"""What an error does: suspend, ignore or abort as the campaign says, and nothing that was not sent is called sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from activities.graph import Graph
from campaigns import advance, counts, execution, failing, sending, steering
from campaigns.errors import WrongStatus
from campaigns.models import Alert, Batch, Campaign, NodeMemory, NodeRun, Notice, Run
from campaigns.running_settings import lenient
from orchcamp.accounts.models import AuditEntry
from orchcamp.datasets import engine
from orchcamp.messaging.models import Delivery
from tests.builders import PEOPLE, make_shop
from tests.campaigns.audience_stage import published
from tests.campaigns.builders import PARIS, audience, email, graph, make_campaign, make_configuration
from tests.campaigns.desk_stage import mail_server
from tests.campaigns.sending_stage import balanced

pytestmark = pytest.mark.django_db
S, R = NodeRun.Status, Run.Status
COUNT = [{"kind": "aggregate", "link": "purchases", "aggregate": "count", "alias": "bought"}]
PURCHASED = "datasets/purchases/1.parquet"


@pytest.fixture(scope="module")
def port():
    with mail_server() as found:
        yield found


@pytest.fixture(autouse=True)
def shop(db, port):
    make_shop()
    make_configuration(port=port)


def canvas(first: str = "build_audience", **settings) -> Graph:
    """All → mail, and all → enrichment → last: the enrichment fails once the purchases are gone."""
    all_ = audience() if first == "build_audience" else {"dimension": "people", "mode": "date", "date_column": "joined"}
    nodes = {
        "all": (first, all_),
        "mail": ("email", email(without_confirmation=True, **settings)),
        "more": ("enrichment", {"data": COUNT}),
        "last": ("email", email(without_confirmation=True, subject="You bought {{ bought }}")),
        "end": ("end", {}),
    }
    return graph(nodes, "all>mail", "all>more", "more>last", "last>end")


def broken(policy: dict, *, first: str = "build_audience", **changes) -> Run:
    """A live run of that canvas; what the enrichment reads is gone by now."""
    campaign = published(canvas(first), settings=policy, **changes)
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    lost()
    return run


def lost() -> None:
    place = engine.root() / PURCHASED
    place.rename(place.with_suffix(".away"))


def mended() -> None:
    place = engine.root() / PURCHASED
    place.with_suffix(".away").rename(place)


def states(run: Run) -> dict[str, str]:
    return dict(run.nodes.values_list("node_id", "status"))


def until_quiet(run: Run) -> Run:
    run = execution.run_to_end(run)
    run.refresh_from_db()
    run.campaign.refresh_from_db()
    return run


# --- A12: the three policies ----------------------------------------------------------------------------


def test_a12_suspend_fails_the_run_and_resuming_does_the_node_again(anna):
    run = until_quiet(broken({"on_error": "suspend"}))
    assert (run.status, run.campaign.status) == (R.FAILED, "live")
    assert (states(run)["more"], states(run)["last"]) == (S.FAILED, S.PENDING)
    assert run.error.startswith("“More”: ")
    mended()
    steering.resume(run, by=anna)
    run = until_quiet(run)
    assert (run.get_status_display(), set(states(run).values())) == ("Succeeded", {S.SUCCEEDED})


def test_a12_ignore_goes_on_with_every_other_branch_and_says_so_everywhere(client, anna):
    run = until_quiet(broken({"on_error": "ignore"}))
    assert (run.status, run.errors, run.get_status_display()) == (R.SUCCEEDED, 1, "Succeeded with errors")
    assert states(run) == {
        "all": S.SUCCEEDED, "mail": S.SUCCEEDED, "more": S.FAILED, "last": S.SKIPPED, "end": S.SKIPPED,
    }  # fmt: skip
    assert run.campaign.status == Campaign.Status.COMPLETED
    delivery = Delivery.objects.get()
    assert (balanced(delivery)["accepted"], delivery.reference) == (2, f"{run.pk}-mail")
    client.force_login(anna)
    for name, names in (("runs", ["spring"]), ("run", ["spring", run.pk]), ("canvas", ["spring"])):
        assert "Succeeded with errors" in client.get(reverse(f"campaigns:{name}", args=names)).text, name
    assert "“More” failed; the run went on without it" in client.get(reverse("campaigns:home")).text
    assert "went on without" in client.get(reverse("campaigns:run", args=["spring", run.pk])).text


def test_a12_abort_ends_the_run_as_failed_and_stops_the_campaign(client, anna):
    run = until_quiet(broken({"on_error": "abort"}))
    assert (run.status, run.aborted, run.campaign.status) == (R.FAILED, True, Campaign.Status.STOPPED)
    assert states(run)["more"] == S.FAILED
    assert states(run)["last"] == S.STOPPED
    assert set(states(run).values()) <= {S.SUCCEEDED, S.FAILED, S.STOPPED}
    assert Notice.objects.get().kind == Notice.Kind.ABORTED
    assert AuditEntry.objects.filter(verb="aborted run").count() == 1
    with pytest.raises(WrongStatus, match="The error policy aborted this run; mend what failed, then take the run up"):
        steering.resume(run, by=anna)
    with pytest.raises(WrongStatus, match="aborted"):
        steering.retry(run.nodes.get(node_id="more"), by=anna)
    client.force_login(anna)
    page = client.get(reverse("campaigns:run", args=["spring", run.pk])).text
    assert "Take up again" in page


# --- Abort, in the middle of a sending ---------------------------------------------------------------------


def test_an_aborted_sending_counts_what_was_not_handed_over_as_stopped_and_can_be_taken_up(anna):
    run = broken({"on_error": "abort"})
    work(run, leave={"more"})
    assert states(run)["mail"] == S.SENDING  # prepared, and let go; nothing is handed over yet
    work(run)
    run.refresh_from_db()
    sending.stop(run)  # what the end of the transaction asks for
    books = balanced(Delivery.objects.get())
    assert (books["accepted"], books["excluded"]["stopped"], books["pending"]) == (0, 2, 0)
    assert Batch.objects.get().status == Batch.Status.STOPPED
    mended()
    assert steering.take_up(run, by=anna) == 2
    run = until_quiet(run)
    assert (run.status, run.aborted, run.errors) == (R.SUCCEEDED, False, 0)
    assert [balanced(delivery)["accepted"] for delivery in Delivery.objects.order_by("reference")] == [2, 2]
    assert run.campaign.status == Campaign.Status.COMPLETED


def work(run: Run, leave: frozenset[str] | set[str] = frozenset()) -> None:
    """What workers do with the nodes of a run until none is ready, but for some."""
    while True:
        execution.claim_ready(run)
        queued = run.nodes.filter(status=S.QUEUED).exclude(node_id__in=leave)
        if not queued:
            return
        for node in queued:
            execution.execute(node.pk)


# --- Errors in a row --------------------------------------------------------------------------------------


def test_after_as_many_ignored_errors_in_a_row_as_allowed_the_next_one_stops_the_campaign():
    campaign = published(by_signal(), settings={"on_error": "ignore", "consecutive_errors": 2}, schedule=SIGNAL)
    version = campaign.published_version()
    runs = []
    for hour in range(5):
        if hour == 0:
            lost()
        if hour == 1:
            mended()  # a run without any error begins the row anew
        run = execution.start(version, mode=Run.Mode.LIVE, scheduled_for=timezone.now() - timedelta(hours=9 - hour))
        if hour == 1:
            runs.append(until_quiet(run))
            lost()
            continue
        runs.append(until_quiet(run))
    assert [(run.status, run.errors) for run in runs[:4]] == [
        (R.SUCCEEDED, 1), (R.SUCCEEDED, 0), (R.SUCCEEDED, 1), (R.SUCCEEDED, 1),
    ]  # fmt: skip
    assert (runs[4].status, runs[4].aborted) == (R.FAILED, True)
    assert "2 errors in a row were ignored already" in runs[4].error
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.STOPPED


SIGNAL = {"frequency": "signal"}


def by_signal() -> Graph:
    """A canvas whose campaign stays live between its runs."""
    nodes = {"all": ("build_audience", audience()), "more": ("enrichment", {"data": COUNT}), "end": ("end", {})}
    return graph(nodes, "all>more", "more>end")


def test_a_node_has_a_policy_of_its_own():
    run = until_quiet(broken({"on_error": "abort", "nodes": {"more": {"on_error": "ignore"}}}))
    assert run.nodes.get(node_id="more").ignored
    assert not run.aborted


def test_the_dry_run_before_an_approval_never_goes_over_an_error(mark):
    campaign = make_campaign(by_signal(), owner=mark, settings={"on_error": "ignore"})
    lost()
    own = execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.DRY, by=mark))
    review = execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.DRY, trigger=advance.REVIEW))
    assert (own.status, own.errors, review.status) == (R.SUCCEEDED, 1, R.FAILED)
    assert counts.holding_dry_run(campaign.draft()) is None


def test_an_ignored_node_that_is_tried_again_reaches_what_was_left_out_for_want_of_it(anna):
    run = broken({"on_error": "ignore"})
    work(run, leave={"mail"})
    run.nodes.filter(node_id="mail").update(status=S.WAITING, waiting_for="confirmation")
    execution.claim_ready(run)
    assert (states(run)["more"], states(run)["last"]) == (S.FAILED, S.SKIPPED)
    mended()
    steering.retry(run.nodes.get(node_id="more"), by=anna)
    work(run)
    assert (states(run)["more"], states(run)["last"]) == (S.SUCCEEDED, S.SENDING)
    assert run.nodes.get(node_id="more").ignored is False


# --- The mark of an incremental query ------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["suspend", "ignore", "abort"])
def test_no_mark_moves_in_a_run_that_did_not_end_well(policy):
    until_quiet(broken({"on_error": policy}, first="incremental_query"))
    assert not NodeMemory.objects.exists()


def test_no_mark_moves_in_a_run_that_was_stopped_and_it_moves_in_one_that_ended_well(anna):
    campaign = published(graph(
        {"new": ("incremental_query", {"dimension": "people", "mode": "date", "date_column": "joined"}),
         "mail": ("email", email())}, "new>mail"))  # fmt: skip
    version = campaign.published_version()
    first = execution.run_to_end(execution.start(version, mode=Run.Mode.LIVE))
    steering.stop(first, by=anna)
    assert not NodeMemory.objects.exists()
    Campaign.objects.update(status="live")
    second = execution.start(version, mode=Run.Mode.LIVE)
    execution.run_to_end(second, confirm_by=anna)
    assert NodeMemory.objects.get().run == second


# --- The time a node may take -------------------------------------------------------------------------------


def in_hand(limit: int, policy: str = "suspend", *, minutes: float) -> tuple[Run, NodeRun]:
    """A run whose enrichment a worker has had in hand for so many minutes."""
    run = execution.start(
        published(
            by_signal(), settings={"on_error": policy, "max_minutes": limit}, schedule=SIGNAL
        ).published_version(),
        mode=Run.Mode.LIVE,
    )
    work(run, leave={"more"})
    claims = NodeRun.objects.filter(run__in=Run.objects.running())
    claims.claim(run.nodes.get(node_id="more").pk, source=S.QUEUED, target=S.RUNNING, lease=timedelta(minutes=1))
    run.nodes.filter(node_id="more").update(taken_at=timezone.now() - timedelta(minutes=minutes))
    return run, NodeRun.objects.select_related("run__campaign").get(run=run, node_id="more")


def test_a_node_past_its_time_fails_with_a_sentence_and_its_late_worker_is_refused():
    run, late = in_hand(10, minutes=11)
    execution.recover()
    run.refresh_from_db()
    row = run.nodes.get(node_id="more")
    assert (row.status, run.status) == (S.FAILED, R.FAILED)
    assert row.error.startswith("Given up: it took longer than 10 minutes, the most that the campaign allows.")
    assert execution._finish(late, execution.perform(late)) is False  # it comes back with its rows all the same
    assert run.nodes.get(node_id="more").status == S.FAILED


def test_a_node_past_its_time_is_treated_by_the_policy():
    run, _late = in_hand(10, "ignore", minutes=11)
    execution.recover()
    assert (states(run)["more"], run.nodes.get(node_id="more").ignored) == (S.FAILED, True)
    assert until_quiet(run).get_status_display() == "Succeeded with errors"


def test_a_node_within_its_time_is_left_alone_and_so_is_one_without_a_limit():
    run, node = in_hand(10, minutes=9)
    execution.recover()
    assert states(run)["more"] == S.RUNNING
    assert failing.is_overdue(node, lenient({}).limit_of("more")) is False


def test_the_time_of_slices_counts_together():
    run, _node = in_hand(10, minutes=6)
    run.nodes.filter(node_id="more").update(worked=5 * 60.0)
    execution.recover()
    assert states(run)["more"] == S.FAILED


def test_the_worker_itself_notices_that_it_takes_too_long():
    run, node = in_hand(10, minutes=11)
    assert execution._goes_on(node, timedelta(minutes=10)) is False
    assert states(run)["more"] == S.FAILED


def test_a_sending_that_takes_long_is_told_of_once_and_not_cut_off():
    campaign = published(graph({"all": ("build_audience", audience(PARIS)), "mail": ("email", email(without_confirmation=True))},
                               "all>mail"), settings={"max_minutes": 5})  # fmt: skip
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    work(run)
    run.nodes.filter(node_id="mail").update(taken_at=timezone.now() - timedelta(minutes=6))
    failing.look_at_limits()
    failing.look_at_limits()
    assert states(run)["mail"] == S.SENDING
    assert [notice.kind for notice in Notice.objects.all()] == [Notice.Kind.SLOW]
    assert Alert.objects.get().severity == "warning"


def test_later_rows_are_targeted_again_after_an_ignored_error():
    campaign = published(canvas("incremental_query"), settings={"on_error": "ignore"}, schedule=SIGNAL)
    version = campaign.published_version()
    run = execution.start(version, mode=Run.Mode.LIVE, scheduled_for=timezone.now() - timedelta(hours=2))
    lost()
    until_quiet(run)
    mended()
    again = until_quiet(execution.start(version, mode=Run.Mode.LIVE))
    assert again.nodes.get(node_id="all").outputs["out"]["rows"] == len(PEOPLE)
    assert NodeMemory.objects.get().run == again


def test_a_dry_run_goes_over_an_ignored_error_too_and_says_so(client, mark):
    campaign = make_campaign(canvas(), owner=mark, settings={"on_error": "ignore"})
    run = execution.start(campaign.draft(), mode=Run.Mode.DRY, by=mark)
    lost()
    run = until_quiet(run)
    assert run.get_status_display() == "Succeeded with errors"
    assert run.sealed_plans.get().node_id == "mail"
    assert not Notice.objects.exists()  # whoever tries it out sees it
    client.force_login(mark)
    for name in ("run", "dry_result"):
        assert "Succeeded with errors" in client.get(reverse(f"campaigns:{name}", args=["spring", run.pk])).text
