"""Books that add up, reactions by person and by event, charts that say what the books say."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from campaigns import charts, execution, figures, reporting, sending
from campaigns.models import Batch, Campaign, NodeRun, Run
from campaigns.reporting import Books, Reactions, Report
from orchcamp.messaging.models import Delivery, TrackingEvent
from orchcamp.web import csvs
from tests.campaigns.builders import make_campaign, make_configuration
from tests.campaigns.desk_stage import mail_server, make_stage, sent, until_confirmation

rows = st.integers(0, 10**9)
some_books = st.builds(
    lambda excluded, accepted, refused, in_doubt, pending: Books(
        sum(excluded.values()) + accepted + refused + in_doubt + pending,
        excluded,
        accepted,
        refused,
        in_doubt,
        pending,
    ),
    st.dictionaries(st.sampled_from(["no_address", "no_consent", "suppressed", "holdout"]), rows),
    rows,
    rows,
    rows,
    rows,
)


@given(st.lists(some_books, max_size=5))
def test_sums_of_balanced_books_balance(several):
    total = sum(several, Books())
    assert total.balanced
    assert total.targeted == sum(books.targeted for books in several)
    assert total.left_out == sum(books.left_out for books in several)


@given(some_books)
def test_the_waterfall_falls_from_everybody_to_nobody(books):
    falls = charts.waterfall(books)
    assert sum(fall.rows for fall in falls[1:]) == falls[0].rows == books.targeted
    assert all(before.start == after.start + after.rows for before, after in pairwise(falls[1:]))
    assert falls[-1].start == 0


def test_a_lost_message_is_a_difference_and_not_pending():
    books = Books(targeted=10, excluded={"no_address": 2}, accepted=7)
    assert not books.balanced
    assert books.difference == 1


def deliver(targeted=10, excluded=None, **batch) -> Delivery:
    campaign = make_campaign()
    version = campaign.latest_version()
    run = Run.objects.create(
        campaign=campaign, version=version, mode="live", scheduled_for=timezone.now(), document=version.document
    )
    node = NodeRun.objects.create(run=run, node_id="mail")
    excluded = excluded or {}
    delivery = Delivery.objects.create(
        reference=f"{run.pk}-mail",
        campaign="spring",
        label="=Mail",
        channel="email",
        configuration=make_configuration(),
        dimension="people",
        plan=f"runs/{run.pk}/mail/plan",
        targeted=targeted,
        prepared=targeted - sum(excluded.values()),
        excluded=excluded,
    )
    if batch:
        Batch.objects.create(node_run=node, delivery=delivery, number=0, **batch)
    return delivery


def test_open_batches_are_pending_and_settled_ones_are_not(db):
    delivery = deliver(excluded={"no_address": 2}, size=8, status="sending", accepted=3)
    assert reporting.books([delivery])[delivery.pk] == Books(10, {"no_address": 2}, accepted=3, pending=5)
    Batch.objects.update(status="settled")
    assert reporting.books([delivery])[delivery.pk].difference == 5


def test_a_delivery_whose_batches_are_not_cut_yet_is_all_pending(db):
    delivery = deliver(excluded={"no_address": 2})
    assert reporting.books([delivery])[delivery.pk] == Books(10, {"no_address": 2}, pending=8)


def test_reactions_count_persons_and_events(db):
    delivery = deliver()
    for kind, message in [("open", "a"), ("open", "a"), ("open", "b"), ("click", "a"), ("unsubscribe", "b")]:
        TrackingEvent.objects.create(delivery=delivery, message_id=message, kind=kind, url="https://x.example/")
    assert reporting.reactions([delivery])[delivery.pk] == Reactions(2, 3, 1, 1, 1)
    assert reporting.links([delivery]) == [{"url": "https://x.example/", "clicks": 1, "persons": 1}]
    unit, moments = reporting.over_time([delivery])
    assert unit == "hour"
    assert sum(moment.opened for moment in moments) == 3


def test_beyond_three_days_time_goes_by_day(db):
    delivery = deliver()
    for days in (0, 5):
        event = TrackingEvent.objects.create(delivery=delivery, message_id="a", kind="open")
        TrackingEvent.objects.filter(pk=event.pk).update(at=event.at - timedelta(days=days))
    unit, moments = reporting.over_time([delivery])
    assert unit == "day"
    assert [moment.opened for moment in moments] == [1, 1]


def test_a25_rates_divide_what_they_say_and_nothing_by_nothing_is_nothing():
    report = Report([], Books(100, {"no_consent": 20}, 60, 20), Reactions(30, 45, 6, 9, 3))
    rates = {str(kpi.label): kpi.rate for kpi in figures.kpis(report)}
    assert rates == {
        "Targeted": None, "Excluded": 0.2, "Sent": 0.8, "Delivered": 0.75, "Opened": 0.5, "Clicked": 0.1,
        "Unsubscribed": 0.05,
    }  # fmt: skip
    assert {kpi.rate for kpi in figures.kpis(Report([], Books(), Reactions()))} == {None}


def test_no_cell_of_the_file_becomes_a_formula(db):
    deliver(excluded={"no_address": 2})
    table = list(figures.table(reporting.report(Delivery.objects.all())))
    assert b"".join(csvs.download(table, "x")).splitlines()[1].startswith(b"'=Mail,")
    assert len({len(row) for row in table}) == 1
    assert table[-1][0] == "total"


def test_figures_of_many_deliveries_take_the_same_few_queries(db, django_assert_num_queries):
    first = deliver()
    for number in range(5):
        Delivery.objects.create(
            reference=f"{number + 900}-mail", campaign="spring", label="More", channel="email",
            configuration=first.configuration, dimension="people", plan="none",
        )  # fmt: skip
    campaign = Campaign.objects.get()
    with django_assert_num_queries(3):
        reporting.report(reporting.deliveries_of(campaign))


def test_the_books_of_a_real_sending_are_those_of_the_sending(mark, anna):
    with mail_server() as port:
        delivery = sent(make_stage(mark, port=port), author=mark, approver=anna)
    books = reporting.books([delivery])[delivery.pk]
    assert books.balanced
    assert (books.targeted, books.accepted, books.pending) == (6, 2, 0)
    assert books.excluded == {"no_address": 1, "malformed": 1, "duplicate": 1, "no_consent": 1}
    kept = sending.balance(delivery)
    assert (kept["targeted"], kept["excluded"], kept["accepted"]) == (6, dict(books.excluded), 2)
    assert [(d.name, d.accepted, d.refused) for d in reporting.domains([delivery])] == [("example.org", 2, 0)]
    assert reporting.replies([delivery]) == []


def test_a_stopped_sending_balances_too(mark, anna):
    row = until_confirmation(make_stage(mark), author=mark, approver=anna)
    execution.stop(row.run, by=anna)
    books = reporting.books(Delivery.objects.all())[Delivery.objects.get().pk]
    assert books.balanced
    assert books.excluded["stopped"] == 2


def test_refusals_are_grouped_by_what_servers_say_without_the_addresses(mark, anna, data_dir):
    with mail_server() as port:
        delivery = sent(make_stage(mark, port=port), author=mark, approver=anna)
    [path] = (data_dir / "lake" / "runs").glob("*/mail/outcomes/*.parquet")
    table = pq.read_table(path)
    replies = [f"5.1.1 <{name}@example.org> unknown" for name in ("ann", "bob")]
    changed = {"status": ["refused"] * 2, "code": [550] * 2, "reply": replies}
    pq.write_table(pa.table({**table.to_pydict(), **changed}, table.schema), path)
    assert reporting.replies([delivery]) == [{"code": 550, "text": "5.1.1 <…> unknown", "rows": 2}]
    assert [(d.name, d.refused) for d in reporting.domains([delivery])] == [("example.org", 2)]
