"""Tests, approvals, alerts and signals as a run comes to them, on the real database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from campaigns import execution, governing, lifecycle, questions, signals
from campaigns.errors import AlreadyDecided, CampaignError, NotAllowed, NotRunnable, WrongStatus
from campaigns.models import Alert, Campaign, LogEntry, NodeRun, Question, Run, Signal
from orchcamp.accounts.models import AuditEntry
from tests.campaigns.builders import PARIS, audience, graph, make_campaign
from tests.campaigns.runs_stage import NOBODY, S, node, publish, rows, shop, try_out  # noqa: F401

pytestmark = pytest.mark.django_db


# --- Test -----------------------------------------------------------------------------------------------


def routed(rule, *conditions, **test):
    """Everyone of a rule → test → one end for each way."""
    nodes = {
        "a": ("build_audience", audience(rule, keep_empty=True)),
        "t": ("test", {"conditions": list(conditions), **test}),
    }
    ports = [row["code"] for row in conditions] + ([test["default"]["code"]] if test.get("default") else [])
    ends = {f"end_{port}": ("end", {}) for port in ports}
    return graph(nodes | ends, "a>t", *(f"t.{port}>end_{port}" for port in ports))


MANY = {"code": "many", "of": "population", "operator": "greater_than", "value": 3}
SOME = {"code": "some", "of": "population", "operator": "greater_than", "value": 1}
FEW = {"code": "few", "label": "Few"}


@pytest.mark.parametrize(("rule", "port", "count"), [({}, "many", 6), (PARIS, "some", 3), (NOBODY, "few", 0)])
def test_the_first_condition_that_holds_takes_all_rows_and_one_branch_runs(rule, port, count):
    run = try_out(routed(rule, MANY, SOME, default=FEW))
    assert run.status == Run.Status.SUCCEEDED
    assert rows(run)["t"][port] == count
    assert sum(rows(run)["t"].values()) == count
    ends = {n.node_id: n.status for n in run.nodes.all() if n.node_id.startswith("end_")}
    assert {id for id, status in ends.items() if status == S.SUCCEEDED} == {f"end_{port}"}


def test_none_and_no_default_ends_the_path_without_error():
    run = try_out(routed(NOBODY, SOME, default=None))
    assert (run.status, node(run, "t").status, node(run, "end_some").status) == ("succeeded", S.SUCCEEDED, S.SKIPPED)
    assert sum(rows(run).get("t", {}).values()) == 0 and node(run, "t").error == ""
    assert LogEntry.objects.filter(run=run, node_id="t", message__contains="the path ends").exists()


def test_a_variable_chooses_the_branch():
    by = {"code": "sms", "of": "channel", "operator": "equals", "value": "sms"}
    other = {"code": "mail", "of": "channel", "operator": "equals", "value": "mail"}
    campaign = make_campaign(routed({}, by, other, default=None), variables={"channel": "mail"})
    run = execution.run_to_end(execution.start(campaign.draft(), mode="test"))
    assert node(run, "t").follows == ["mail"]


# --- Approval -------------------------------------------------------------------------------------------


def asking(**settings):
    """Everyone → approval → an end for yes, for no and for too late; beside it a branch of its own."""
    settings = {"title": "Send to {{ rows }}?", "group": "Approver", **settings}
    ports = [row["code"] for row in settings.get("answers", [{"code": "yes"}, {"code": "no"}])]
    ports += ["expired"] if settings.get("expiry") else []
    nodes = {
        "a": ("build_audience", audience()),
        "q": ("approval", settings),
        "beside": ("end", {}),
        **{port: ("end", {}) for port in ports},
    }
    return graph(nodes, "a>q", "a>beside", *(f"q.{port}>{port}" for port in ports))


@pytest.fixture
def approvers(anna, ada):
    group, _made = Group.objects.get_or_create(name="Approver")
    anna.groups.add(group)
    return group


@pytest.fixture
def asked(approvers, mark):
    return execution.run_to_end(publish(asking(), owner=mark))


def test_a_question_waits_while_other_branches_go_on(asked):
    assert (asked.status, node(asked, "q").status, node(asked, "q").waiting_for) == ("running", S.WAITING, "answer")
    assert node(asked, "beside").status == S.SUCCEEDED
    question = Question.objects.get()
    assert (question.title, question.group.name) == ("Send to 6?", "Approver")
    assert "--answer q=CODE" in execution.waiting_sentence(asked)


def test_the_answer_is_the_way_the_run_goes_on(asked, anna):
    assert questions.answer(Question.objects.get(), code="no", by=anna)
    run = execution.run_to_end(asked)
    assert (run.status, node(run, "no").status, node(run, "yes").status) == ("succeeded", S.SUCCEEDED, S.SKIPPED)
    assert rows(run)["q"] == {"no": 6}
    assert AuditEntry.objects.filter(actor=anna, verb="answered question").exists()
    assert LogEntry.objects.filter(run=run, message__contains="answers “No”").exists()


def test_only_those_it_is_put_to_and_administrators_answer(asked, anna, ada, mark, vera, mallory):
    question = Question.objects.get()
    assert [questions.may_answer(person, question) for person in (anna, ada, mark, vera, mallory)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    with pytest.raises(NotAllowed):
        questions.answer(question, code="yes", by=mark)
    with pytest.raises(CampaignError, match="There is no answer “maybe”; there are: yes, no"):
        questions.answer(question, code="maybe", by=anna)
    questions.answer(question, code="yes", by=ada)
    with pytest.raises(AlreadyDecided, match="Yes"):
        questions.answer(Question.objects.get(), code="no", by=anna)


def test_a_person_may_be_asked_by_name_the_author_too(mark, anna):
    run = execution.run_to_end(publish(asking(assign_to="person", person="mark"), owner=mark))
    question = Question.objects.get()
    assert questions.may_answer(mark, question) and not questions.may_answer(anna, question)
    assert list(questions.put_to(mark)) == [question] and not questions.put_to(anna)
    questions.answer(question, code="yes", by=mark)
    assert execution.run_to_end(run).status == "succeeded"


def test_nobody_answers_for_a_run_that_was_stopped(asked, anna):
    execution.stop(asked, by=anna)
    with pytest.raises(WrongStatus):
        questions.answer(Question.objects.get(), code="yes", by=anna)
    assert Question.objects.get().answered_at is None and not questions.put_to(anna)


def test_everybody_answers_and_most_decide(approvers, anna, ada, mark):
    for person in (ada, mark):
        person.groups.add(approvers)
    run = execution.run_to_end(publish(asking(several=True), owner=mark))
    question = Question.objects.get()
    assert not questions.answer(question, code="no", by=anna)
    assert not questions.answer(question, code="yes", by=ada)
    assert not questions.put_to(anna) and list(questions.put_to(mark)) == [question]
    assert questions.answer(question, code="yes", by=mark)
    assert node(execution.run_to_end(run), "q").follows == ["yes"]


def test_of_equal_votes_the_lower_answer_wins(approvers, anna, ada, mark):
    ada.groups.add(approvers)
    run = execution.run_to_end(publish(asking(several=True), owner=mark))
    questions.answer(Question.objects.get(), code="yes", by=anna)
    questions.answer(Question.objects.get(), code="no", by=ada)
    assert node(execution.run_to_end(run), "q").follows == ["no"]


def test_a_question_expires_through_its_own_port(approvers, mark, anna):
    limit = {"type": "duration", "value": 2, "unit": "hours"}
    reminder = {"value": 1, "unit": "hours"}
    run = execution.run_to_end(publish(asking(expiry=limit, reminder=reminder), owner=mark))
    question = Question.objects.get()
    assert question.expires_at - question.asked_at > timedelta(minutes=119)
    Question.objects.update(remind_at=timezone.now())
    execution.recover()
    assert Question.objects.get().reminded_at and node(run, "q").status == S.WAITING
    Question.objects.update(expires_at=timezone.now())
    execution.recover()
    run = execution.run_to_end(run)
    assert (run.status, node(run, "q").follows, node(run, "expired").status) == ("succeeded", ["expired"], S.SUCCEEDED)
    with pytest.raises(AlreadyDecided, match="Expired"):
        questions.answer(question, code="yes", by=anna)


def test_a_test_asks_nobody_and_takes_the_first_answer(approvers):
    run = try_out(asking())
    assert (run.status, node(run, "q").follows, Question.objects.count()) == ("succeeded", ["yes"], 0)
    assert LogEntry.objects.filter(run=run, message__contains="takes the first answer, “Yes”").exists()


def test_a_question_to_nobody_fails_in_words(mark, approvers):
    run = publish(asking(), owner=mark)
    Group.objects.filter(name="Approver").update(name="Others")
    run = execution.run_to_end(run)
    assert run.status == "failed" and "“Approver”" in run.error


# --- Alert ----------------------------------------------------------------------------------------------


def alarming(**settings):
    nodes = {
        "a": ("build_audience", audience(PARIS)),
        "w": ("alert", {"title": "Only {{ rows }}", "message": "{{ rows }} in {{ variables.town }}", **settings}),
        "z": ("end", {}),
    }
    return graph(nodes, "a>w", "w>z")


def test_an_alert_is_raised_once_and_the_flow_goes_on():
    run = execution.run_to_end(publish(alarming(severity="warning"), variables={"town": "Paris"}))
    alert = Alert.objects.get()
    assert (alert.title, alert.message, alert.severity) == ("Only 3", "3 in Paris", "warning")
    assert (run.status, rows(run)["w"], node(run, "z").status) == ("succeeded", {"out": 3}, S.SUCCEEDED)
    assert LogEntry.objects.filter(run=run, severity="warning", message__contains="Only 3").exists()
    NodeRun.objects.filter(run=run, node_id="w").update(status=S.QUEUED)
    Run.objects.update(status="running")
    execution.execute(node(run, "w").pk)
    assert Alert.objects.count() == 1


def test_a_test_raises_no_alert_and_says_so():
    campaign = make_campaign(alarming(), variables={"town": "Paris"})
    run = execution.run_to_end(execution.start(campaign.draft(), mode="test"))
    assert (run.status, rows(run)["w"], Alert.objects.count()) == ("succeeded", {"out": 3}, 0)
    assert LogEntry.objects.filter(run=run, message__contains="No alert is raised in a test.").exists()


# --- Signals --------------------------------------------------------------------------------------------

CITY = {"name": "town", "type": "text", "value": "Paris"}
IN_TOWN = {"attribute": "city", "operator": "equals", "value": {"variable": "town"}}
BY_SIGNAL = {"frequency": "signal", "parameters": [CITY]}


def held(**settings):
    """Everyone → wait for a signal → those of the town that it names."""
    nodes = {
        "a": ("build_audience", audience()),
        "s": ("external_signal", {"parameters": [CITY], **settings}),
        "t": ("split", {"subsets": [{"code": "x", "rule": IN_TOWN}]}),
    }
    return graph(nodes, "a>s", "s>t")


def test_a_signal_releases_the_node_that_waits_and_its_parameters_are_variables(anna):
    run = execution.run_to_end(publish(held(), variables={"other": "kept"}))
    assert (node(run, "s").status, node(run, "s").waiting_for) == (S.WAITING, "signal")
    sent = signals.send(run.campaign, {"town": "Lyon", "more": 3}, key="k1", source="the till", by=anna)
    assert (sent.status, sent.run) == (Signal.Status.TAKEN, run)
    run = execution.run_to_end(run)
    assert (run.status, rows(run)["t"]) == ("succeeded", {"x": 1})
    assert Run.objects.get().variables == {"other": "kept", "town": "Lyon", "more": 3}
    assert signals.send(run.campaign, {"town": "Lyon"}, key="k1") == sent
    with pytest.raises(signals.SignalError, match="not live"):
        signals.send(run.campaign, {"town": "Lyon"}, key="k2")
    assert Signal.objects.get(key="k2").status == Signal.Status.REFUSED


def test_what_a_signal_brings_is_typed_and_nothing_declared_may_lack():
    number = {"name": "least", "type": "number", "value": 2}
    run = execution.run_to_end(publish(held(parameters=[CITY, number])))
    for parameters, sentence in [
        ({"town": "Lyon"}, "“least” is missing"),
        ({"town": "Lyon", "least": "many"}, "“many” is no number"),
        ({"town": "Lyon", "least": 1, "a b": 1}, "cannot be the name"),
    ]:
        with pytest.raises(signals.SignalError, match=sentence):
            signals.send(run.campaign, parameters, key=sentence)
        assert node(run, "s").status == S.WAITING
    signals.send(run.campaign, {"town": "Lyon", "least": "2.5"}, key="good")
    assert Run.objects.get().variables["least"] == 2.5


def test_a_signal_that_does_not_come_expires():
    run = execution.run_to_end(publish(held(expiry={"type": "duration", "value": 1, "unit": "days"})))
    NodeRun.objects.filter(node_id="s").update(resume_at=timezone.now())
    execution.recover()
    run = execution.run_to_end(run)
    assert (run.status, node(run, "s").follows, node(run, "t").status) == ("succeeded", ["expired"], S.SKIPPED)


def test_a_signal_that_comes_in_the_moment_in_which_it_expires_is_not_taken(monkeypatch):
    run = execution.run_to_end(publish(held(expiry={"type": "duration", "value": 1, "unit": "days"})))
    read = signals._read

    def too_late(*arguments):
        NodeRun.objects.filter(node_id="s").update(status=S.PENDING, waiting_for="", answer="expired")
        return read(*arguments)

    monkeypatch.setattr(signals, "_read", too_late)
    with pytest.raises(signals.SignalError, match="no more"):
        signals.send(run.campaign, {"town": "Lyon"}, key="late")
    assert Signal.objects.get().status == Signal.Status.REFUSED and Run.objects.get().variables == {}


def test_a_question_of_a_run_that_is_stopped_just_now_does_not_keep_others_from_going_on(asked, monkeypatch, anna):
    Question.objects.update(expires_at=timezone.now())
    expire = questions._expire

    def stopped(question):
        execution.stop(asked, by=anna)
        expire(question)

    monkeypatch.setattr(questions, "_expire", stopped)
    assert execution.recover() == []
    assert Question.objects.get().answered_at is None


def test_a_test_takes_the_test_values():
    run = try_out(held())
    assert (run.status, rows(run)["t"]) == ("succeeded", {"x": 3})


def test_before_its_signal_a_parameter_is_not_there():
    nodes = {"a": ("build_audience", audience(IN_TOWN)), "s": ("external_signal", {"parameters": [CITY]})}
    with pytest.raises(NotRunnable, match=r"“A”: .*there is no variable “town”"):
        publish(graph(nodes, "a>s"))


def listening(mark, anna, slug="second", schedule=BY_SIGNAL):
    """A published campaign that begins by a signal."""
    nodes = {"a": ("build_audience", audience(IN_TOWN)), "z": ("end", {})}
    campaign = make_campaign(graph(nodes, "a>z"), owner=mark, slug=slug, schedule=schedule)
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    campaign.refresh_from_db()
    assert lifecycle.publish(campaign, by=anna) is None
    return campaign


def test_a_campaign_by_signal_is_live_without_a_run_until_one_comes(mark, anna):
    campaign = listening(mark, anna)
    assert (campaign.status, campaign.runs.live().count()) == ("live", 0)
    with pytest.raises(WrongStatus, match="send_signal second"):
        lifecycle.live_run(campaign, by=anna)
    for town, count in [("Lyon", 1), ("Paris", 3)]:
        sent = signals.send(campaign, {"town": town}, key=town)
        run = execution.run_to_end(sent.run)
        assert (run.status, run.trigger, rows(run)["a"]) == ("succeeded", "signal", {"out": count})
    assert Campaign.objects.get().status == "live"
    governing.stop(campaign, by=anna)
    with pytest.raises(signals.SignalError, match="stopped, not live"):
        signals.send(campaign, {"town": "Lyon"}, key="late")


def test_a_signal_waits_for_no_run_that_is_on(mark, anna):
    campaign = listening(mark, anna)
    run = signals.send(campaign, {"town": "Lyon"}, key="one").run
    with pytest.raises(signals.SignalError, match="does not wait for a signal now"):
        signals.send(campaign, {"town": "Paris"}, key="two")
    assert execution.run_to_end(run).status == "succeeded"
    assert signals.send(campaign, {"town": "Paris"}, key="two").status == Signal.Status.TAKEN


def ending(**parameters):
    sent = [{"name": name, "value": value} for name, value in parameters.items()]
    nodes = {
        "a": ("build_audience", audience(PARIS)),
        "z": ("end", {"signal": {"campaign": "second", "parameters": sent}}),
    }
    return graph(nodes, "a>z")


def test_an_end_calls_another_campaign_once(mark, anna):
    campaign = listening(mark, anna)
    run = execution.run_to_end(
        publish(ending(town="{{ variables.place }}", found="{{ rows }}"), variables={"place": "Lyon"})
    )
    assert run.status == "succeeded"
    sent = Signal.objects.get()
    assert (sent.key, sent.parameters, sent.run.campaign) == (f"{run.pk}-z", {"town": "Lyon", "found": "3"}, campaign)
    assert rows(execution.run_to_end(sent.run))["a"] == {"out": 1}


def test_an_end_whose_target_cannot_take_it_fails_in_words_and_can_be_tried_again(mark, anna):
    campaign = listening(mark, anna)
    Campaign.objects.filter(pk=campaign.pk).update(status="completed")
    run = execution.run_to_end(publish(ending(town="Lyon")))
    assert run.status == "failed" and "“Second” is completed, not live" in run.error
    Campaign.objects.filter(pk=campaign.pk).update(status="live")
    execution.resume(run, by=anna)
    assert execution.run_to_end(run).status == "succeeded"


def test_a_test_sends_no_signal():
    make_campaign(slug="second")
    run = try_out(ending(town="Lyon"))
    assert (run.status, node(run, "z").status, Signal.objects.count()) == ("succeeded", S.SUCCEEDED, 0)
    assert LogEntry.objects.filter(run=run, message__contains="No signal is sent in a test.").exists()
