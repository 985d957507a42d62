"""A dry run: the whole canvas past its channels, planned as live, read through, and foreseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from activities import catalogue
from activities.base import Writer
from campaigns import execution, foresee, proofreading
from campaigns.errors import CampaignError, NotRunnable
from campaigns.models import Alert, Batch, LogEntry, NodeMemory, NodeRun, Question, Run, RunFile, Signal
from orchcamp.datasets import audiences, engine
from orchcamp.datasets.models import Audience, Dataset
from orchcamp.messaging.models import ChannelConfiguration, Delivery
from tests.campaigns.builders import PARIS, audience, email, graph, make_campaign, make_configuration, simple_graph
from tests.campaigns.dry_stage import again, dry_run, everybody, live_run, make_customers
from tests.campaigns.runs_stage import NOBODY, node, rows, shop  # noqa: F401

pytestmark = pytest.mark.django_db
SMS = {"configuration": "sms", "text": "Hello {{ name|default('you') }}", "one_per_address": True}


def said(run: Run, id: str) -> str:
    return LogEntry.objects.filter(run=run, node_id=id).latest("pk").message


# --- The flow ---------------------------------------------------------------------------------------------


def test_it_goes_past_the_channel_and_counts_every_transition():
    run = dry_run(simple_graph())
    assert (run.status, run.error) == (Run.Status.SUCCEEDED, "")
    assert rows(run) == {"people": {"out": 6}, "mail": {"out": 6}}
    assert node(run, "end").status == NodeRun.Status.SUCCEEDED
    sealed = run.sealed_plans.get()
    assert (sealed.targeted, sealed.prepared) == (6, 2)
    assert sealed.excluded == {"no_address": 1, "malformed": 1, "duplicate": 1, "no_consent": 1}
    assert not Delivery.objects.exists() and not Batch.objects.exists()
    assert "6 targeted, 2 would be sent." in said(run, "mail")


def test_a_canvas_with_errors_anywhere_is_refused():
    canvas = simple_graph(subject="")
    with pytest.raises(NotRunnable):
        dry_run(canvas)


def test_a_newer_dry_run_stops_the_one_that_is_on_and_leaves_tests_alone():
    campaign = make_campaign()
    test = execution.start(campaign.draft(), mode=Run.Mode.TEST)
    first = execution.start(campaign.draft(), mode=Run.Mode.DRY)
    execution.start(campaign.draft(), mode=Run.Mode.DRY)
    first.refresh_from_db()
    test.refresh_from_db()
    assert (first.status, test.status) == (Run.Status.STOPPED, Run.Status.RUNNING)
    assert LogEntry.objects.filter(run=first, message__contains="newer dry run").exists()


def test_gates_take_the_first_answer_unless_a_person_chose_another():
    answers = [{"code": "yes", "label": "Go"}, {"code": "no", "label": "Stop"}]
    nodes = {
        "a": ("build_audience", audience()),
        "q": ("approval", {"title": "Send?", "group": "Approver", "answers": answers}),
        "mail": ("email", email()),
        "no": ("end", {}),
    }
    canvas = graph(nodes, "a>q", "q.yes>mail", "q.no>no")
    run = dry_run(canvas)
    assert (node(run, "q").follows, node(run, "no").status) == (["yes"], "skipped")
    assert "Assumed: the answer is “Go”." in said(run, "q")
    assert run.foresight["time"]["people"][0] == {"node": "q", "name": "Q", "what": "answer"}
    other = again(run.campaign, {"q": "no"})
    assert (node(other, "q").follows, node(other, "mail").status) == (["no"], "skipped")
    assert "“Stop”" in said(other, "q") and not Question.objects.exists()
    with pytest.raises(CampaignError, match="it has: yes, no"):
        again(run.campaign, {"q": "maybe"})
    with pytest.raises(CampaignError, match="there are: q"):
        again(run.campaign, {"mail": "yes"})


def test_a_breakpoint_does_not_hold_it_but_is_told():
    canvas = simple_graph(without_confirmation=True)
    canvas = canvas.with_node(replace(canvas.node("end"), breakpoint=True))
    run = dry_run(canvas)
    assert run.status == Run.Status.SUCCEEDED and node(run, "end").status == NodeRun.Status.SUCCEEDED
    assert run.foresight["time"]["people"] == [{"node": "end", "name": "End", "what": "breakpoint"}]


def test_a_signal_comes_or_does_not():
    nodes = {
        "a": ("build_audience", audience()),
        "s": ("external_signal", {"expiry": {"type": "duration", "value": 2, "unit": "days"}}),
        "mail": ("email", email()),
        "late": ("end", {}),
    }
    run = dry_run(graph(nodes, "a>s", "s.out>mail", "s.expired>late"))
    assert node(run, "s").follows == ["out"] and "the signal comes" in said(run, "s")
    late = again(run.campaign, {"s": "expired"})
    assert node(late, "s").follows == ["expired"] and "no signal comes" in said(late, "s")


def test_a_test_is_decided_by_its_real_count():
    many = {"code": "many", "label": "Many", "of": "population", "operator": "greater_than", "value": 3}
    nodes = {
        "a": ("build_audience", audience(PARIS)),
        "t": ("test", {"conditions": [many], "default": {"code": "few", "label": "Few"}}),
        "mail": ("email", email()),
        "few": ("end", {}),
    }
    run = dry_run(graph(nodes, "a>t", "t.many>mail", "t.few>few"))
    assert (node(run, "t").follows, node(run, "mail").status) == (["few"], "skipped")


# --- Writers ----------------------------------------------------------------------------------------------


def writing(type: str, settings: dict, *ports: str, rule: dict | None = None):
    nodes = {"a": ("build_audience", audience(rule)), "it": (type, settings), "mail": ("email", email())}
    return graph(nodes, "a>it", "it.out>mail", *(f"it.{port}>mail" for port in ports))


def test_an_audience_is_not_saved_but_counted():
    settings = {"audience": "parisians", "operation": "create", "out": True}
    run = dry_run(writing("save_audience", settings, rule=PARIS))
    assert "“Parisians” would hold 3 rows." in said(run, "it")
    assert not Audience.objects.exists() and node(run, "mail").outputs["out"]["rows"] == 3


def test_an_audience_that_rows_are_added_to_is_counted_as_it_would_be():
    people = Dataset.objects.get(slug="people")
    held = audiences.create("Some", people, by=None, slug="some", origin=Audience.Origin.CAMPAIGN, maker="x/y")
    rows_of = engine.table(people.snapshot.path)
    audiences.save(held, audiences.Rows(rows_of.filter(rows_of.id < 3).select("id")))
    run = dry_run(writing("save_audience", {"audience": "some", "operation": "append", "out": True}, rule=PARIS))
    assert "“Some” would hold 4 rows." in said(run, "it")  # 1, 2 and 3, 6
    assert Audience.objects.get().versions.count() == 1


def test_data_are_not_updated_but_sorted_into_what_would_happen():
    from tests.builders import make_dataset

    make_dataset("cards", ["person"], {"person": "integer", "city": "string"}, [{"person": 1, "city": "Rome"}])
    settings = {
        "dataset": "cards",
        "operation": "insert",
        "identification": [{"source": "id", "destination": "person"}],
        "fields": [{"destination": "city"}],
    }
    run = dry_run(writing("update_data", settings, rule=PARIS))
    assert "Would insert 2, update 0, delete 0 and reject 1." in said(run, "it")
    assert node(run, "it").outputs["rejects"]["rows"] == 1
    assert Dataset.objects.get(slug="cards").snapshot.number == 1


def test_no_file_no_alert_no_signal_is_made():
    make_campaign(graph({"a": ("build_audience", audience())}), slug="other")
    nodes = {
        "a": ("build_audience", audience(PARIS)),
        "file": ("extract_file", {"file_name": "out_{{ rows }}", "columns": [{"source": "id"}]}),
        "alert": ("alert", {"title": "{{ rows }} came", "message": "Look"}),
        "mail": ("email", email()),
        "end": ("end", {"signal": {"campaign": "other", "parameters": [{"name": "n", "variable": "", "value": "1"}]}}),
    }
    run = dry_run(graph(nodes, "a>file", "file>alert", "alert>mail", "mail>end"))
    assert run.status == Run.Status.SUCCEEDED, run.error
    assert "Would write out_3.csv with 3 rows." in said(run, "file")
    assert "Would raise the alert “3 came”." in said(run, "alert")
    assert "Would send “other” a signal (n = 1)." in said(run, "end")
    assert not (RunFile.objects.exists() or Alert.objects.exists() or Signal.objects.exists())


def test_calls_are_counted_and_not_made():
    settings = {"url": "https://hook.example.org/x?key=1", "batch_size": 4}
    run = dry_run(writing("webhook", settings))
    assert "Would make 2 calls to hook.example.org/x." in said(run, "it")
    assert node(run, "it").outputs["rejects"]["rows"] == 0


def test_memories_do_not_move():
    nodes = {
        "new": ("incremental_query", {"dimension": "people", "rule": {}, "mode": "exclude"}),
        "mail": ("email", email()),
    }
    run = dry_run(graph(nodes, "new>mail"))
    assert (run.status, rows(run)["new"]) == (Run.Status.SUCCEEDED, {"out": 6})
    assert rows(again(run.campaign))["new"] == {"out": 6} and not NodeMemory.objects.exists()


def test_every_type_that_writes_says_what_it_would_do():
    writers = [cls for cls in catalogue.all_types() if issubclass(cls, Writer)]
    assert len(writers) >= 6
    assert not [cls.key for cls in writers if cls.rehearse is Writer.rehearse]


def test_nobody_is_no_error():
    canvas = graph({"a": ("build_audience", audience(NOBODY, keep_empty=True)), "mail": ("email", email())}, "a>mail")
    run = dry_run(canvas)
    sealed = run.sealed_plans.get()
    assert (run.status, sealed.targeted, sealed.samples, sealed.faults) == (Run.Status.SUCCEEDED, 0, [], [])
    assert run.foresight["reach"][0]["persons"] == 0 and run.foresight["time"]["known"]


@pytest.mark.parametrize("mode", [Run.Mode.TEST, Run.Mode.LIVE])
def test_other_runs_take_no_answers_beforehand(mode):
    nodes = {
        "a": ("build_audience", audience()),
        "q": ("approval", {"title": "Send?", "group": "Approver"}),
        "yes": ("end", {}),
    }
    campaign = make_campaign(graph(nodes, "a>q", "q.yes>yes"), status="live")
    now = timezone.now()
    if mode == Run.Mode.LIVE:
        campaign.versions.update(frozen_at=now, approved_at=now, published_at=now)
    run = execution.start(campaign.latest_version(), mode=mode, answers={"q": "no"})
    assert node(run, "q").answer == ""


# --- Reading the messages -----------------------------------------------------------------------------------


def texting(**settings):
    return graph({"a": everybody(), "text": ("sms", {**SMS, **settings})}, "a>text")


def test_every_message_that_fails_is_found_and_told_by_its_kind():
    make_customers()
    run = dry_run(graph({"a": everybody(), "mail": ("email", email(configuration="plain"))}, "a>mail"))
    sealed = run.sealed_plans.get()
    would = engine.rows(engine.table(sealed.path).filter(lambda t: t.reason.isnull()))
    nameless = {row["message_id"] for row in would if row["f_name"] is None}
    assert sealed.rendered == sealed.prepared == len(would) and nameless
    assert (sealed.failing, sealed.empty) == (len(nameless), {"name": len(nameless)})
    (fault,) = sealed.faults
    assert fault["sentence"].startswith("“name” is empty; write {{ name|default('…') }}")
    assert fault["messages"] == len(nameless) and fault["example"] in nameless
    assert [sample["message"] in nameless for sample in sealed.samples if sample["why"] == "fails"] == [True]
    assert sealed.targeted == sealed.left_out + sealed.prepared


def test_the_value_that_a_filter_could_not_take_is_not_told():
    make_customers()
    body = "<p>{{ name|default('x')|number }}</p>"
    run = dry_run(graph({"a": everybody(), "mail": ("email", email(subject="Hello", body=body))}, "a>mail"))
    (fault,) = run.sealed_plans.get().faults
    assert "Customer" not in fault["sentence"] and "'…'" in fault["sentence"]
    assert fault["messages"] == run.sealed_plans.get().prepared


def test_a_large_plan_is_read_by_lot_and_says_so(monkeypatch):
    make_customers(240)
    monkeypatch.setattr(proofreading, "MOST", 12)
    monkeypatch.setattr(proofreading, "OF_EMPTY", 4)
    first = dry_run(texting(one_per_address=False)).sealed_plans.get()
    assert first.prepared > 100 and 8 <= first.rendered <= 12
    assert any(sample["why"] == "empty" for sample in first.samples)
    second = again(first.run.campaign).sealed_plans.get()

    def people(sealed):
        keys = proofreading.keys(sealed, [sample["message"] for sample in sealed.samples])
        return [(sample["why"], keys[sample["message"]]) for sample in sealed.samples]

    assert people(first) == people(second)  # the same lots fall to the same people
    assert first.empty == second.empty and first.empty["name"] > 4  # of everybody, not of the sample


def test_a_text_message_is_measured_as_it_is_paid_for():
    make_customers()
    sealed = dry_run(texting(text="{{ name|default('y') }}: " + "x" * 149)).sealed_plans.get()
    assert set(sealed.lengths["parts"]) == {"1", "2"} and sum(sealed.lengths["parts"].values()) == sealed.prepared
    assert sealed.lengths["shortest"] == 152 < sealed.lengths["longest"]
    whys = [sample["why"] for sample in sealed.samples]
    assert whys[:2] == ["shortest", "longest"] and "random" in whys
    assert len({sample["message"] for sample in sealed.samples}) == len(sealed.samples)


@pytest.mark.parametrize(
    ("type", "given"),
    [
        ("push", {"configuration": "push", "title": "Hello", "body": "{{ city }}"}),
        ("direct_mail", {"configuration": "direct_mail", "address": ["name", "city"], "columns": ["id"]}),
    ],
)
def test_channels_without_a_transport_are_planned_too(type, given):
    make_customers()
    run = dry_run(graph({"a": everybody(), "it": (type, given), "end": ("end", {})}, "a>it", "it>end"))
    assert run.status == Run.Status.SUCCEEDED, run.error
    sealed = run.sealed_plans.get()
    assert sealed.prepared and sealed.rendered == sealed.prepared and sealed.failing == 0
    assert run.foresight["time"]["sendings"][0]["source"] == "none"


# --- What is foreseen ---------------------------------------------------------------------------------------


def test_people_are_counted_once_over_all_channels():
    make_customers()
    nodes = {"a": everybody(), "f": ("fork", {}), "mail": ("email", email()), "text": ("sms", SMS)}
    nodes["f"] = ("fork", {"transitions": [{"code": "one", "label": "1"}, {"code": "two", "label": "2"}]})
    run = dry_run(graph(nodes, "a>f", "f.one>mail", "f.two>text"))
    keys = [
        {row["id"] for row in engine.rows(engine.table(sealed.path).filter(lambda t: t.reason.isnull()))}
        for sealed in run.sealed_plans.all()
    ]
    (reach,) = run.foresight["reach"]
    both = len(keys[0] & keys[1])
    assert both and reach == {
        "dimension": "customers",
        "messages": len(keys[0]) + len(keys[1]),
        "persons": len(keys[0] | keys[1]),
        "several": both,
        "by": {"1": len(keys[0] ^ keys[1]), "2": both},
    }


def test_waits_are_added_on_the_longest_way():
    wait = lambda value, unit: ("wait", {"type": "duration", "value": value, "unit": unit})  # noqa: E731
    ways = {"transitions": [{"code": "one", "label": "1"}, {"code": "two", "label": "2"}]}
    nodes = {
        "a": ("build_audience", audience()),
        "f": ("fork", ways),
        "days": wait(3, "days"),
        "more": wait(2, "hours"),
        "hours": wait(5, "hours"),
        "mail": ("email", email()),
    }
    begun = timezone.now()
    run = dry_run(graph(nodes, "a>f", "f.one>days", "days>more", "f.two>hours", "more>mail"))
    assert run.status == Run.Status.SUCCEEDED and timezone.now() - begun < timedelta(minutes=5)
    time = run.foresight["time"]
    assert time["waiting"] == pytest.approx(3 * 86400 + 2 * 3600)
    assert time["total"] == pytest.approx(time["computing"] + time["sending"] + time["waiting"])
    assert {wait["node"] for wait in time["waits"]} == {"days", "more", "hours"}
    assert "does not wait here: 3 days" in said(run, "days")


def test_the_rate_is_measured_or_the_limit_or_unknown():
    configuration = ChannelConfiguration.objects.get()
    assert foresee.rate(configuration) == (None, "unknown")
    configuration.throttle = 4
    configuration.save()
    assert foresee.rate(configuration) == (4.0, "limit")
    time = dry_run(simple_graph()).foresight["time"]
    assert time["known"] and time["sending"] == pytest.approx(2 / 4)
    live = live_run(make_campaign(slug="past"))
    sent = node(live, "mail")
    now = timezone.now()
    NodeRun.objects.filter(pk=sent.pk).update(
        status="succeeded", waiting_for="", confirmed_at=now - timedelta(seconds=100), finished_at=now
    )
    Batch.objects.filter(node_run=sent).update(status="settled", size=300, accepted=280, refused=20)
    assert foresee.rate(configuration) == (pytest.approx(3.0), "measured")
    configuration.throttle = 2  # lowered since
    assert foresee.rate(configuration) == (2.0, "limit")


def test_two_messages_of_one_configuration_share_its_pace():
    ChannelConfiguration.objects.update(throttle=1)
    make_configuration("other", throttle=1)
    ways = {"transitions": [{"code": "one", "label": "1"}, {"code": "two", "label": "2"}]}

    def sending(second: str) -> float:
        nodes = {
            "a": ("build_audience", audience()),
            "f": ("fork", ways),
            "x": ("email", email(without_confirmation=True)),
            "y": ("email", email(configuration=second)),
        }
        run = dry_run(graph(nodes, "a>f", "f.one>x", "f.two>y"), slug=f"with-{second}")
        NodeRun.objects.filter(run=run).update(finished_at=F("started_at"))  # as if computing took no time
        return foresee.of(run)["time"]["sending"]

    assert sending("other") == pytest.approx(2)
    assert sending("newsletter") == pytest.approx(4)
