"""Acceptance scenarios about the flow of a campaign, by their numbers."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from campaigns import execution, lifecycle, reporting, signals
from campaigns.models import Alert, NodeRun, Signal
from orchcamp.accounts import tokens
from orchcamp.datasets import engine
from orchcamp.messaging import content as contents
from orchcamp.messaging import plan
from orchcamp.messaging.models import Delivery
from tests.builders import make_dataset, make_link
from tests.campaigns.builders import PARIS, audience, email, graph, make_campaign, make_configuration
from tests.campaigns.runs_stage import node, publish, rows, shop  # noqa: F401

pytestmark = pytest.mark.django_db


def run_campaign(capsys, slug: str, *options: str) -> dict:
    capsys.readouterr()
    call_command("run_campaign", slug, *options, "--json")
    return json.loads(capsys.readouterr().out)


def published(canvas, mark, anna, **changes):
    campaign = make_campaign(canvas, owner=mark, **changes)
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    campaign.refresh_from_db()
    lifecycle.publish(campaign, by=anna)
    return campaign


@pytest.fixture
def wishes():
    """Things that people wish for; each belongs to a person, whose address and consent it is written to by."""
    people = make_dataset(
        "members",
        ["id"],
        {"id": "integer", "first_name": "string", "email": "string", "consent": "boolean"},
        [
            {"id": 1, "first_name": "Ann", "email": "ann@example.org", "consent": True},
            {"id": 2, "first_name": "Bob", "email": "bob@example.org", "consent": False},
            {"id": 3, "first_name": "Cy", "email": "", "consent": True},
        ],
        target={"email": "email"},
    )
    items = make_dataset(
        "wishes",
        ["id"],
        {"id": "integer", "member_id": "integer", "title": "string", "in_stock": "boolean"},
        [
            {"id": 10, "member_id": 1, "title": "Kettle", "in_stock": True},
            {"id": 11, "member_id": 1, "title": "Lamp", "in_stock": True},
            {"id": 12, "member_id": 1, "title": "Chair", "in_stock": False},
            {"id": 13, "member_id": 2, "title": "Table", "in_stock": True},
            {"id": 14, "member_id": 3, "title": "Desk", "in_stock": True},
            {"id": 15, "member_id": None, "title": "Vase", "in_stock": True},
        ],
        target={"email": "title"},
    )
    make_link(items, ["member_id"], people, "member", "wishes")


def test_a3_one_message_for_each_linked_item_personalised_with_it(wishes):
    make_configuration("far", consent_column="member.consent")
    in_stock = {"attribute": "in_stock", "operator": "equals", "value": True}
    content = email(
        configuration="far",
        subject="{{ title }} is back, {{ member.first_name }}",
        body="<p>{{ title }}</p>",
        address="member.email",
        one_per_address=False,
    )
    nodes = {"a": ("build_audience", audience(in_stock, dimension="wishes")), "m": ("email", content)}
    run = execution.run_to_end(publish(graph(nodes, "a>m")))
    delivery = Delivery.objects.get()
    assert (delivery.targeted, delivery.prepared) == (5, 2), run.error
    assert delivery.excluded == {"no_address": 2, "no_consent": 1}
    written = {(row["id"], row["address"]): plan.fields(row) for row in plan.batch(delivery.plan, 0)}
    assert written == {
        (10, "ann@example.org"): {"title": "Kettle", "member.first_name": "Ann"},
        (11, "ann@example.org"): {"title": "Lamp", "member.first_name": "Ann"},
    }
    made = contents.compile(contents.Content.from_settings(delivery.content))
    subjects = {made.render(fields | {"unsubscribe_url": "#"}).subject for fields in written.values()}
    assert subjects == {"Kettle is back, Ann", "Lamp is back, Ann"}


@pytest.mark.parametrize(("least", "branch"), [(2, "many"), (1000, "few")])
def test_a9_a_test_on_the_population_sends_or_alerts_and_only_one_branch_runs(capsys, mark, anna, least, branch):
    condition = {"code": "many", "of": "population", "operator": "greater_than", "value": least}
    nodes = {
        "a": ("build_audience", audience(PARIS)),
        "t": ("test", {"conditions": [condition], "default": {"code": "few"}}),
        "many": ("email", email()),
        "few": ("alert", {"title": "Only {{ rows }}", "message": "Nothing is sent.", "severity": "warning"}),
    }
    canvas = graph(nodes, "a>t", "t.many>many", "t.few>few")
    assert run_campaign(capsys, make_campaign(canvas, slug="draft").slug, "--test")["status"] == "succeeded"
    published(canvas, mark, anna)
    found = run_campaign(capsys, "spring", "--live")
    assert found["nodes"]["t"]["outputs"] == {branch: {"rows": 3}}
    other = {"many": "few", "few": "many"}[branch]
    assert found["nodes"][other]["status"] == "skipped"
    assert (Alert.objects.count(), len(found["deliveries"])) == ((1, 0) if branch == "few" else (0, 1))


def test_a10_the_end_of_one_campaign_sets_another_going_with_a_parameter_in_its_rule(client, capsys, mark, anna):
    declared = [{"name": "town", "type": "text", "value": "Paris"}]
    rule = {"attribute": "city", "operator": "equals", "value": {"variable": "town"}}
    second = graph({"a": ("build_audience", audience(rule)), "z": ("end", {})}, "a>z")
    schedule = {"frequency": "signal", "parameters": declared}
    published(second, mark, anna, slug="second", schedule=schedule)
    call = {"campaign": "second", "parameters": [{"name": "town", "variable": "where"}]}
    first = graph({"a": ("build_audience", audience()), "z": ("end", {"signal": call})}, "a>z")
    published(first, mark, anna, slug="first", variables={"where": "Lyon"})
    assert run_campaign(capsys, "first", "--live")["status"] == "succeeded"
    found = run_campaign(capsys, "second", "--live")
    assert (found["status"], found["nodes"]["a"]["outputs"]) == ("succeeded", {"out": {"rows": 1}})
    headers = {"Authorization": f"Bearer {tokens.make(anna, 'Till')[1]}"}
    body = {"parameters": {"town": "Paris"}}
    early = client.post("/api/v1/campaigns/second/signal", body, content_type="application/json", headers=headers)
    assert early.status_code == 429 and 3500 < int(early["Retry-After"]) <= 3600  # a second one within the hour
    call_command("send_signal", "second", "--by", "anna", "--parameter", "town=Paris")
    assert run_campaign(capsys, "second", "--live")["nodes"]["a"]["outputs"] == {"out": {"rows": 3}}
    assert [signal.status for signal in Signal.objects.order_by("pk")] == ["taken", "refused", "taken"]


def test_a_decision_on_the_command_line(capsys, mark, anna):
    group = anna.groups.first().name
    nodes = {
        "a": ("build_audience", audience()),
        "q": ("approval", {"title": "Go on?", "group": group}),
        "yes": ("end", {}),
        "no": ("end", {}),
    }
    published(graph(nodes, "a>q", "q.yes>yes", "q.no>no"), mark, anna)
    waiting = run_campaign(capsys, "spring", "--live")
    assert (waiting["status"], waiting["nodes"]["q"]["status"]) == ("waiting", "waiting")
    assert waiting["nodes"]["q"]["waiting_for"] == "answer"
    found = run_campaign(capsys, "spring", "--live", "--answer", "q=no", "--by", "anna")
    assert (found["status"], found["nodes"]["q"]["outputs"]) == ("succeeded", {"no": {"rows": 6}})
    assert found["nodes"]["yes"]["status"] == "skipped"


@pytest.mark.parametrize(
    ("kind", "options", "prepared"),
    [
        ("sms", {"text": "Hello {{ name }} of {{ variables.shop }}", "address": "phone"}, 2),
        ("push", {"title": "Hi", "body": "{{ name }}", "address": "token"}, 3),
        ("direct_mail", {"address": ["name", "street"], "columns": ["id"]}, 2),
    ],
)
def test_other_channels_are_planned_and_say_that_nothing_was_sent(kind, options, prepared):
    make_dataset(
        "folk",
        ["id"],
        {"id": "integer", "name": "string", "phone": "string", "token": "string", "street": "string"},
        [
            {"id": 1, "name": "Ann", "phone": "+33 (6) 12.34", "token": "t1", "street": "1 Rue A"},
            {"id": 2, "name": "Bob", "phone": "06123456789", "token": "t2"},
            {"id": 3, "name": "Cy", "phone": "ring twice", "token": "t3", "street": "3 Rue C"},
            {"id": 4, "name": "Di"},
        ],
        target={"email": "name"},
    )
    make_configuration("other", channel=kind, consent_column="")
    nodes = {
        "a": ("build_audience", audience(dimension="folk")),
        "m": (kind, {"configuration": "other", **options}),
        "z": ("end", {}),
    }
    run = execution.run_to_end(publish(graph(nodes, "a>m", "m>z"), variables={"shop": "Orch"}))
    assert (run.status, node(run, "z").status, rows(run)["m"]) == ("succeeded", NodeRun.Status.SUCCEEDED, {"out": 4})
    delivery = Delivery.objects.get()
    assert (delivery.targeted, delivery.prepared) == (4, prepared)
    books = reporting.books([delivery])[delivery.pk]
    assert books.balanced and books.excluded["no_transport"] == prepared and books.sent == books.pending == 0
    assert run.log.filter(severity="warning", message__contains="no transport").exists()
    assert engine.exists(delivery.plan)


def test_variables_are_read_by_rules_tests_and_messages(anna):
    rule = {"attribute": "city", "operator": "equals", "value": {"variable": "town"}}
    content = email(subject="{{ variables.greeting }} {{ name }}", category="transactional")
    nodes = {"a": ("build_audience", audience(rule)), "m": ("email", content)}
    run = execution.run_to_end(publish(graph(nodes, "a>m"), variables={"town": "Paris", "greeting": "Bonjour"}))
    assert rows(run)["a"] == {"out": 3}
    delivery = Delivery.objects.get()
    made = contents.compile(contents.Content.from_settings(delivery.content))
    written = [made.render({"name": "Ann", **plan.fields(row)}).subject for row in plan.batch(delivery.plan, 0)[:1]]
    assert written[0].startswith("Bonjour ")
    assert signals.expected(run.campaign) is None
