"""Campaigns that call one another: chains, circles, and what a test takes instead of a signal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns import chains, contexts, execution, signals
from campaigns.models import Campaign, NodeRun, Run, Signal
from tests.campaigns.builders import PARIS, audience, graph, make_campaign
from tests.campaigns.runs_stage import node, publish, rows, shop  # noqa: F401
from tests.campaigns.test_flow import BY_SIGNAL, IN_TOWN

pytestmark = pytest.mark.django_db
S = NodeRun.Status


def calling(target: str, rule: dict | None = None, **sent: str):
    """Some → an end that calls a campaign; ``sent`` are parameters, a value with $ is a variable."""
    given = [
        {"name": name, "variable": value[1:]} if value.startswith("$") else {"name": name, "value": value}
        for name, value in sent.items()
    ]
    nodes = {
        "a": ("build_audience", audience(rule)),
        "z": ("end", {"signal": {"campaign": target, "parameters": given}}),
    }
    return graph(nodes, "a>z")


def live(canvas, slug: str, **changes) -> Campaign:
    """A campaign that is live, with no run."""
    run = publish(canvas, slug=slug, **changes)
    Run.objects.filter(pk=run.pk).delete()
    return run.campaign


def last(slug: str) -> Run:
    return Run.objects.live().filter(campaign__slug=slug).latest("pk")


@pytest.fixture
def chain():
    """First → second → third: each hands the town on, and the last counts who lives there."""
    live(graph({"a": ("build_audience", audience(IN_TOWN)), "z": ("end", {})}, "a>z"), "third", schedule=BY_SIGNAL)
    live(calling("third", IN_TOWN, town="$town"), "second", schedule=BY_SIGNAL)
    return publish(calling("second", PARIS, town="Lyon"), slug="first")


def test_a_chain_of_three_hands_its_parameter_on_to_the_last(chain):
    for slug in ("first", "second", "third"):
        assert execution.run_to_end(last(slug)).status == "succeeded"
    assert [(run.campaign.slug, run.trigger) for run in Run.objects.live().order_by("pk")] == [
        ("first", "live"),
        ("second", "signal"),
        ("third", "signal"),
    ]
    assert rows(last("third")) == {"a": {"out": 1}}
    assert [(sent.campaign.slug, sent.parameters, sent.began) for sent in Signal.objects.order_by("pk")] == [
        ("second", {"town": "Lyon"}, True),
        ("third", {"town": "Lyon"}, True),
    ]


def test_an_end_that_is_carried_out_again_and_again_calls_once(chain):
    execution.run_to_end(chain)
    begun = last("second")
    for _each in range(3):  # a worker died after the signal, before it could say so
        NodeRun.objects.filter(run=chain, node_id="z").update(status=S.PENDING)
        Run.objects.filter(pk=chain.pk).update(status="running", finished_at=None)
        chain.refresh_from_db()
        assert execution.run_to_end(chain).status == "succeeded"
        Signal.objects.update(taken_at=Signal.objects.get().taken_at - timedelta(hours=2))
    assert last("second") == begun and Signal.objects.count() == 1


def test_a_circle_comes_to_rest_by_the_interval(anna):
    first = live(graph({"a": ("build_audience", audience())}), "first", schedule={"frequency": "signal"})
    live(calling("first", PARIS), "second", schedule={"frequency": "signal"})
    first.versions.update(document=calling("second", PARIS).to_json())
    begun = signals.send(first, {}, key="by hand", by=anna).run
    assert execution.run_to_end(begun).status == "succeeded"
    second = execution.run_to_end(last("second"))
    assert second.status == "failed" and "takes a signal every 3600 seconds" in second.error
    assert Run.objects.live().count() == 2
    Signal.objects.filter(campaign=first).update(taken_at=begun.started_at - timedelta(hours=1))
    execution.resume(second, by=anna)
    assert execution.run_to_end(second).status == "succeeded"
    assert last("first") != begun


def test_a_campaign_that_calls_itself_is_stopped_by_its_own_run(anna):
    own = live(calling("spring", PARIS), "spring", schedule={"frequency": "signal", "interval": 0})
    run = execution.run_to_end(signals.send(own, {}, key="by hand", by=anna).run)
    assert run.status == "failed" and "does not wait for a signal now" in run.error


def sentences(campaign: Campaign) -> list[tuple[str | None, str, str]]:
    found = contexts.problems(campaign.latest_version())
    return [(p.node_id, p.severity, p.sentence) for p in found if "interval" in p.sentence]


def test_circles_are_warned_of_when_the_canvas_is_checked():
    first, second = make_campaign(calling("second"), slug="first"), make_campaign(calling("third"), slug="second")
    make_campaign(calling("nowhere"), slug="third")
    own = make_campaign(calling("own"), slug="own")
    assert sentences(first) == sentences(second) == []
    Campaign.objects.get(slug="third").versions.update(document=calling("first").to_json())
    ((where, severity, said),) = sentences(first)
    assert (where, severity) == ("z", "warning")
    assert said.startswith("The signal to “second” comes back to this campaign, over 2 others.")
    assert "to its own campaign" in sentences(own)[0][2]


def test_a_circle_elsewhere_and_an_end_that_is_switched_off_are_none_of_this_canvas_s_business():
    make_campaign(calling("third"), slug="second")
    make_campaign(calling("second"), slug="third")
    first = make_campaign(calling("second"), slug="first")
    assert sentences(first) == []
    document = calling("first").to_json()
    document["nodes"]["z"]["disabled"] = True
    Campaign.objects.get(slug="second").versions.update(document=document)
    assert sentences(first) == []


def test_a_canvas_whose_ends_call_nobody_asks_the_database_nothing(django_assert_num_queries):
    version = make_campaign().latest_version()
    with django_assert_num_queries(0):
        assert chains.loops(version) == []


def test_what_runs_counts_not_what_is_drawn_anew():
    first = make_campaign(calling("second"), slug="first")
    second = live(calling("first"), "second")
    second.versions.create(number=2, document=calling("third").to_json())
    assert sentences(first)


def test_a_test_takes_the_test_values_even_where_the_campaign_has_a_variable_of_that_name():
    nodes = {"a": ("build_audience", audience(IN_TOWN))}
    campaign = make_campaign(graph(nodes), schedule=BY_SIGNAL, variables={"town": "Nice"})
    run = execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.TEST))
    assert (run.variables, rows(run)["a"]) == ({"town": "Paris"}, {"out": 3})
    assert node(run, "a").status == S.SUCCEEDED
