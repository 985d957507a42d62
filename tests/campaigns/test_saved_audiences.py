"""Stories of saved audiences and of what is new since the last run, through runs and through ``run_campaign``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command

from activities.graph import Graph
from campaigns import execution
from campaigns.contexts import problems
from campaigns.models import Campaign, NodeRun, Run
from orchcamp.datasets import audiences, engine, refreshing, schema
from orchcamp.datasets.models import Audience, Dataset
from tests.builders import PEOPLE, make_shop
from tests.campaigns.audience_stage import ids, loaded, outputs, published
from tests.campaigns.builders import PARIS, audience, email, graph, make_campaign, make_configuration

pytestmark = pytest.mark.django_db
S = NodeRun.Status
LYON = {"attribute": "city", "operator": "equals", "value": "Lyon"}


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


def saving(rule: Any = PARIS, **settings: Any) -> Graph:
    nodes = {"who": ("build_audience", audience(rule, keep_empty=True)), "save": ("save_audience", settings)}
    return graph(nodes, "who>save")


def reading(**settings: Any) -> Graph:
    return graph({"read": ("read_audience", settings), "end": ("end", {})}, "read>end")


def errors(campaign: Campaign) -> str:
    return " ".join(found.sentence for found in problems(campaign.latest_version()) if found.is_error)


# --- Save audience ---------------------------------------------------------------------------------------


def test_a_test_saves_nothing_and_a_live_run_does(command):
    published(saving(audience="parisians", label="Parisians"))
    found = command("spring", "--test")
    assert (found["nodes"]["save"]["status"], Audience.objects.count()) == ("skipped", 0)
    found = command("spring", "--live")
    assert (found["status"], found["nodes"]["save"]["status"]) == ("succeeded", "succeeded")
    made = Audience.objects.get()
    assert (made.slug, made.label, made.origin, made.current.rows) == ("parisians", "Parisians", "campaign", 3)
    assert made.current.source == "Spring · Save"


def test_a_second_live_run_overwrites_what_the_first_one_made(command):
    campaign = published(saving(audience="parisians"))
    command("spring", "--live")
    loaded([person for person in PEOPLE if person["id"] != 1])
    command("spring", "--live")
    assert ids("parisians") == [3, 6]
    assert Audience.objects.get().versions.count() == 2
    assert campaign.runs.count() == 2


def test_rows_are_added_and_removed(command):
    published(saving(audience="guests", operation="append"))
    published(saving(LYON, audience="guests", operation="append"), "lyon")
    published(
        saving({"attribute": "id", "operator": "equals", "value": 3}, audience="guests", operation="remove"), "out"
    )
    command("spring", "--live")
    command("lyon", "--live")
    assert ids("guests") == [1, 2, 3, 6]
    command("out", "--live")
    assert ids("guests") == [1, 2, 6]


def test_nobody_makes_the_audience_empty(command):
    nobody = {"attribute": "city", "operator": "equals", "value": "Atlantis"}
    published(saving(nobody, audience="ghosts"))
    assert outputs(command("spring", "--live"), "who") == {"out": 0}
    assert schema.load().audience("ghosts").version == 1
    assert ids("ghosts") == []


def test_columns_are_kept_under_their_names_and_stay_personal(command):
    columns = [{"column": "email", "name": "mail"}, {"column": "city"}]
    published(saving(audience="parisians", columns=columns))
    command("spring", "--live")
    shape = schema.load().audience("parisians")
    assert {name: column.personal for name, column in shape.columns.items()} == {"mail": True, "city": False}
    published(reading(audience="parisians", columns=["mail"]), "later")
    found = command("later", "--live")
    rows = engine.rows(engine.table(f"runs/{found['run']}/read/out.parquet").order_by("id"))
    assert rows[0] == {"id": 1, "mail": "ann@example.org"}


def test_the_rows_go_on_where_it_says_so(command):
    canvas = graph(
        {
            "who": ("build_audience", audience(PARIS)),
            "save": ("save_audience", {"audience": "parisians", "out": True}),
            "end": ("end", {}),
        },
        "who>save",
        "save>end",
    )
    published(canvas)
    assert outputs(command("spring", "--test"), "save") == {"out": 3}
    assert not Audience.objects.exists()
    assert outputs(command("spring", "--live"), "save") == {"out": 3}
    assert ids("parisians") == [1, 3, 6]


def test_what_is_somebody_else_s_is_refused_on_the_canvas(command):
    published(saving(audience="parisians"))
    command("spring", "--live")
    other = make_campaign(saving(audience="parisians"), slug="other")
    assert "which “spring” made" in errors(other)
    taken = make_campaign(saving(audience="new", label="PARISIANS"), slug="taken")
    assert "called “Parisians” already" in errors(taken)
    audiences.create("All", Dataset.objects.get(slug="people"))
    ruled = make_campaign(saving(audience="all", operation="overwrite"), slug="ruled")
    assert "The rule of “All” says who is in it" in errors(ruled)
    purchases = Dataset.objects.filter(slug="purchases")
    purchases.update(target={"email": "id"})
    Dataset.objects.get(slug="purchases").save()
    nodes = {
        "who": ("build_audience", audience(dimension="purchases")),
        "save": ("save_audience", {"audience": "parisians", "operation": "append"}),
    }
    assert "keeps its dimension" in errors(make_campaign(graph(nodes, "who>save"), slug="wrong"))


def test_a_worker_that_repeats_a_save_saves_once(command):
    campaign = published(saving(audience="guests", operation="append"))
    run = execution.start(campaign.latest_version(), mode=Run.Mode.LIVE)
    execution.run_to_end(run)
    NodeRun.objects.filter(run=run, node_id="save").update(status=S.PENDING)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING)
    run.refresh_from_db()
    execution.run_to_end(run)
    assert Audience.objects.get().versions.count() == 1


SPLIT = {
    "subsets": [{"code": "high", "rule": PARIS}, {"code": "medium", "rule": LYON}],
    "complement": True,
}


def test_a2_audiences_are_not_saved_in_a_test_and_before_any_message_when_live(command, ada):
    nodes = {
        "all": ("build_audience", audience()),
        "churn": ("split", SPLIT),
        "mail": ("email", email(without_confirmation=False)),
        "fork": ("fork", {"transitions": [{"code": "a"}, {"code": "b"}]}),
        "again": (
            "split",
            {"subsets": [{"code": "rest", "limit": {"type": "percent", "value": 100, "of": "inbound"}}]},
        ),
        "save": ("save_audience", {"audience": "calm", "label": "Calm"}),
    }
    edges = ["all>churn", "churn.high>mail", "churn.complement>fork", "fork.a>again", "again.rest>save"]
    campaign = published(graph(nodes, *edges))
    found = command("spring", "--test")
    assert {found["nodes"][id]["status"] for id in ("mail", "save")} == {"skipped"}
    assert not Audience.objects.exists()
    run = execution.start(campaign.latest_version(), mode=Run.Mode.LIVE)
    order: list[str] = []
    while ready := execution.claim_ready(run):
        for pk in ready:
            order.append(NodeRun.objects.get(pk=pk).node_id)
            execution.execute(pk)
    assert order.index("save") < order.index("mail")
    assert ids("calm") == [4, 5]
    run.refresh_from_db()
    assert run.nodes.get(node_id="mail").waiting_for == NodeRun.WaitingFor.CONFIRMATION


def test_no_message_goes_out_when_an_audience_cannot_be_saved():
    nodes = {
        "who": ("build_audience", audience(PARIS)),
        "fork": ("fork", {"transitions": [{"code": "a"}, {"code": "b"}]}),
        "mail": ("email", email()),
        "save": ("save_audience", {"audience": "parisians"}),
    }
    campaign = published(graph(nodes, "who>fork", "fork.a>mail", "fork.b>save"))
    run = execution.start(campaign.latest_version(), mode=Run.Mode.LIVE)
    audiences.create("Parisians", Dataset.objects.get(slug="people"), slug="taken")
    run = execution.run_to_end(run)
    assert "called “Parisians” already (taken)" in run.nodes.get(node_id="save").error
    assert (run.status, run.nodes.get(node_id="mail").outputs) == (Run.Status.FAILED, {})


# --- Read audience -----------------------------------------------------------------------------------------


def test_what_is_gone_is_lost_with_its_reason(command):
    published(saving(audience="parisians"))
    command("spring", "--live")
    loaded([person for person in PEOPLE if person["id"] != 6])
    published(reading(audience="parisians"), "later")
    found = command("later", "--live")
    assert outputs(found, "read") == {"out": 2}
    assert NodeRun.objects.get(run=found["run"], node_id="read").lost == [
        {"reason": "saved, but no longer in People", "rows": 1}
    ]


def test_a_missing_audience_is_an_error_and_an_unsaved_one_a_warning(command):
    assert "There is no saved audience “ghosts”" in errors(make_campaign(reading(audience="ghosts"), slug="a"))
    audiences.create("Ghosts", Dataset.objects.get(slug="people"))
    campaign = published(reading(audience="ghosts"), "b")
    found = problems(campaign.latest_version())
    assert not [problem for problem in found if problem.is_error]
    assert "Nothing was saved in “Ghosts” yet" in " ".join(problem.sentence for problem in found)
    run = command("b", "--live")
    assert (run["status"], outputs(run, "read"), run["nodes"]["end"]["status"]) == ("succeeded", {"out": 0}, "skipped")


def test_an_empty_audience_goes_on_where_it_says_so(command):
    audiences.create("Ghosts", Dataset.objects.get(slug="people"))
    published(reading(audience="ghosts", keep_empty=True))
    assert command("spring", "--live")["nodes"]["end"]["status"] == "succeeded"


def test_a_run_reads_what_was_saved_when_it_began():
    parisians = audiences.create("Parisians", Dataset.objects.get(slug="people"), rule=PARIS)
    refreshing.refresh(parisians)
    run = execution.start(published(reading(audience="parisians")).latest_version(), mode=Run.Mode.LIVE)
    Audience.objects.update(rule=LYON)
    parisians.refresh_from_db()
    refreshing.refresh(parisians)
    execution.run_to_end(run)
    assert run.nodes.get(node_id="read").outputs["out"]["rows"] == 3


def test_a_run_that_waited_for_its_command_reads_what_was_saved_last(command):
    parisians = audiences.create("Parisians", Dataset.objects.get(slug="people"), rule=PARIS)
    campaign = published(reading(audience="parisians", keep_empty=True))
    execution.start(campaign.latest_version(), mode=Run.Mode.LIVE)  # as publishing does
    refreshing.refresh(parisians)
    assert outputs(command("spring", "--live"), "read") == {"out": 3}
