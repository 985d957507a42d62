"""The contract of the addresses for programs: every status, what stands in its answer, and what it leaves behind."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from campaigns import api, execution, lifecycle, retention, signals
from campaigns.models import Campaign, NodeRun, Run, Signal
from campaigns.views import api as views
from orchcamp.accounts import access, floods, roles, tokens
from orchcamp.accounts.models import AuditEntry, ProductProfile, User
from tests.campaigns.builders import audience, graph, make_campaign
from tests.campaigns.runs_stage import publish, shop  # noqa: F401
from tests.campaigns.test_flow import BY_SIGNAL, CITY, held
from tests.conftest import person
from tests.contract.programs import ADDRESS, LYON, call, finish, later, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]


def test_the_reference_names_every_refusal_and_no_other():
    sources = [Path(module.__file__).read_text() for module in (api, views, signals)]
    raised = {code for text in sources[:2] for code in re.findall(r'ApiError\(\s*\d+, "(\w+)"', text)}
    raised |= set(re.findall(r'^    code = "(\w+)"', sources[2], re.MULTILINE))
    page = (Path(__file__).parents[2] / "docs/reference/api.md").read_text()
    assert set(re.findall(r"^\| \d+ \| `(\w+)` \|", page, re.MULTILINE)) == raised
    statuses = {status for text in sources[:2] for status in re.findall(r"ApiError\(\s*(\d+),", text)}
    assert set(re.findall(r"^\| (\d+) \| `", page, re.MULTILINE)) == statuses


# --- 202, and what it leaves behind -----------------------------------------------------------------


def test_202_a_signal_begins_a_run_and_says_where_to_follow_it(second, secret):
    answer = call(secret)
    run = Run.objects.live().get()
    assert answer.status_code == 202
    assert answer.json() == {
        "run": run.pk,
        "campaign": "second",
        "status": "running",
        "url": f"http://127.0.0.1:8000/api/v1/campaigns/second/runs/{run.pk}",
    }
    assert (run.variables, run.trigger, str(run.started_by)) == ({"town": "Lyon"}, "signal", "Anna")
    sent = Signal.objects.get()
    assert (sent.status, sent.began, sent.token.name, sent.run) == (Signal.Status.TAKEN, True, "Till", run)


def test_every_call_is_in_the_audit_trail_with_the_token_s_name_and_never_its_secret(second, secret):
    call(secret)
    call(secret, {"parameters": {}})
    call(secret, address="/api/v1/campaigns/nowhere/signal")
    found = list(AuditEntry.objects.filter(facts__token="Till").exclude(verb="made token").values_list("verb", "facts"))
    assert [verb for verb, _facts in found] == ["was refused", "was refused", "sent signal"]
    assert [facts.get("status") for _verb, facts in found] == [404, 400, None]
    kept = [*AuditEntry.objects.values_list("facts", flat=True), *tokens.ApiToken.objects.values()]
    assert secret not in str(kept) + str(list(Signal.objects.values()))


def test_a_signal_releases_a_run_that_waits_whatever_the_interval(mark, anna, secret):
    run = execution.run_to_end(publish(held(), slug="second", owner=mark))
    Signal.objects.create(campaign=run.campaign, key="before", began=True, status="taken", taken_at=timezone.now())
    assert call(secret).status_code == 202
    assert run.nodes.get(node_id="s").status == NodeRun.Status.PENDING
    assert Run.objects.get().variables == {"town": "Lyon"}
    assert not Signal.objects.exclude(key="before").get().began


def test_no_body_at_all_brings_no_parameters(mark, anna, secret):
    campaign = make_campaign(
        graph({"a": ("build_audience", audience()), "z": ("end", {})}, "a>z"),
        owner=mark,
        slug="second",
        schedule={"frequency": "signal"},
    )
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    campaign.refresh_from_db()
    lifecycle.publish(campaign, by=anna)
    assert call(secret, b"", content_type="application/octet-stream").status_code == 202


# --- The same key again -----------------------------------------------------------------------------


def test_200_the_same_key_again_is_the_same_run_even_when_that_is_over(second, secret):
    first = call(secret, **{"Idempotency-Key": "order 17"})
    finish()
    Campaign.objects.update(status="stopped")
    again = call(secret, **{"Idempotency-Key": "order 17"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json() | {"status": "succeeded"}
    assert (Run.objects.live().count(), Signal.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(verb="sent signal again", facts__token="Till").count() == 1


def test_200_a_key_is_known_even_when_the_history_of_its_run_is_gone(second, secret):
    first = call(secret, **{"Idempotency-Key": "order 17"})
    finish()
    Run.objects.live().update(finished_at=timezone.now() - timedelta(days=400))
    retention.purge()
    assert Signal.objects.get().parameters == {}
    again = call(secret, **{"Idempotency-Key": "order 17"})
    assert (again.status_code, again.json()["run"]) == (200, first.json()["run"])


@pytest.mark.parametrize(("dry", "left"), [(True, 2), (False, 1)])
def test_signals_that_were_refused_are_kept_as_long_as_histories(second, secret, dry, left):
    for _each in range(2):
        refused(call(secret, {"parameters": {}}), 400, "parameters")
    Signal.objects.filter(pk=Signal.objects.first().pk).update(sent_at=timezone.now() - timedelta(days=400))
    assert "1 refused signal to Second" in retention.purge(dry=dry).lines
    assert Signal.objects.count() == left


def test_a_key_that_was_refused_may_be_tried_again(second, secret):
    refused(call(secret, {"parameters": {}}, **{"Idempotency-Key": "k"}), 400, "parameters")
    assert call(secret, **{"Idempotency-Key": "k"}).status_code == 202


def test_409_a_key_is_for_one_signal_but_each_token_has_its_own(second, secret, anna):
    call(secret, **{"Idempotency-Key": "k"})
    refused(call(secret, {"parameters": {"town": "Paris"}}, **{"Idempotency-Key": "k"}), 409, "key_used")
    finish()
    later()
    other = tokens.make(anna, "Other")[1]
    assert call(other, {"parameters": {"town": "Paris"}}, **{"Idempotency-Key": "k"}).status_code == 202


def test_400_a_key_has_a_greatest_length(second, secret):
    refused(call(secret, **{"Idempotency-Key": "k" * 201}), 400, "key")


# --- 400 --------------------------------------------------------------------------------------------

DEEP = b'{"parameters": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "line 1, column 2"),
        (b"\xff", "not UTF-8"),
        (b"[1]", "must be an object"),
        (b'{"parameters": []}', "must be an object"),
        (b'{"variables": {"town": "Lyon"}}', "not variables"),
        (b'{"parameters": {"town": NaN}}', "a number that is none"),
        (DEEP, "nested too deep"),
    ],
    ids=["cut", "bytes", "list", "parameters", "unknown", "nan", "deep"],
)
def test_400_a_body_that_cannot_be_read(second, secret, body, sentence):
    assert sentence in refused(call(secret, body), 400, "json")["message"]


def test_400_every_fault_of_the_parameters_is_named_in_a_sentence(mark, anna, secret):
    number, day = {"name": "least", "type": "number", "value": 1}, {"name": "day", "type": "date", "value": ""}
    publish(held(), slug="second", owner=mark)
    Run.objects.all().delete()
    Campaign.objects.update(schedule=BY_SIGNAL | {"parameters": [CITY, number, day]})
    found = refused(call(secret, {"parameters": {"least": "many", "day": "soon", "twon": "Lyon"}}), 400, "parameters")
    assert found["fields"] == {
        "town": "The parameter “town” is missing.",
        "least": "Parameter “least”: “many” is no number; write one such as 12.5.",
        "day": "Parameter “day”: “soon” is no date; write one such as 2026-12-01.",
        "twon": "“twon” is no parameter of this signal; there are: town, least, day.",
    }
    assert all(sentence in found["message"] for sentence in found["fields"].values())
    assert not Run.objects.exists()


@pytest.mark.parametrize("town", ["a\0b", "\ud800", {"x": 1}, ["a\0"]])
def test_400_what_no_database_keeps_is_refused(second, secret, town):
    body = json.dumps({"parameters": {"town": town}}).encode()
    assert "town" in refused(call(secret, body), 400, "parameters")["fields"]
    assert Signal.objects.get().status == Signal.Status.REFUSED


@pytest.mark.parametrize(
    "body", [b'{"parameters": {"towns": [1e999]}}', b'{"parameters": {"towns": [%s]}}' % (b"9" * 90)]
)
def test_400_a_list_with_a_number_beyond_all_measure(mark, secret, body):
    execution.run_to_end(
        publish(held(parameters=[CITY, CITY | {"name": "towns", "type": "list"}]), slug="second", owner=mark)
    )
    assert "cannot be kept" in refused(call(secret, body), 400, "parameters")["fields"]["towns"]


@pytest.mark.parametrize("depth", [5, 500, 900, 990])
def test_400_a_value_that_is_nested_deep(second, secret, depth):
    found = call(secret, b'{"parameters": {"town": %s1%s}}' % (b"[" * depth, b"]" * depth))
    assert found.status_code == 400 and found.json()["error"]["code"] in {"parameters", "json"}


# --- 401, 403, 404 ----------------------------------------------------------------------------------


def test_401_without_a_good_token(second, secret, anna):
    for given in (None, "orch_nonsense", secret[:-1]):
        answer = call(given)
        refused(answer, 401, "token")
        assert answer["WWW-Authenticate"] == 'Bearer realm="Orchcamp"'
    basic = Client().post(ADDRESS, headers={"Authorization": f"Basic {secret}"})
    refused(basic, 401, "token")
    assert not Signal.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"revoked_at": timezone.now()}, "was revoked"),
        ({"expires_at": timezone.now()}, "has expired"),
        ({}, "may not sign in"),
    ],
    ids=["revoked", "expired", "gone"],
)
def test_401_a_token_that_is_good_no_more_says_why(second, secret, anna, change, sentence):
    if change:
        tokens.ApiToken.objects.update(**change)
    else:
        User.objects.filter(pk=anna.pk).update(is_active=False)
    assert sentence in refused(call(secret), 401, "token")["message"]
    assert AuditEntry.objects.filter(verb="was refused", facts__token="Till").exists()


def test_a_session_opens_nothing(second, anna):
    client = Client()
    client.force_login(anna)
    refused(client.post(ADDRESS, json.dumps(LYON), content_type="application/json"), 401, "token")


def test_429_many_bad_tokens_from_one_address_but_a_good_one_passes(second, secret):
    for _each in range(floods.MOST):
        assert call("orch_nonsense").status_code == 401
    answer = call("orch_nonsense")
    refused(answer, 429, "too_many")
    assert answer["Retry-After"] == str(floods.WHILE)
    assert call(secret).status_code == 202


def test_403_who_sees_the_campaign_may_not_yet_signal_it(second, mark, vera):
    for owner in (mark, vera):
        secret = tokens.make(owner, "Mine")[1]
        assert "publish campaigns" in refused(call(secret), 403, "right")["message"]


def test_403_a_token_that_is_for_other_campaigns(second, anna):
    secret = tokens.make(anna, "Narrow", campaigns=["first", "third"])[1]
    assert "only for: first, third" in refused(call(secret), 403, "other_campaigns")["message"]
    assert call(tokens.make(anna, "Fitting", campaigns=["second"])[1]).status_code == 202


def test_404_who_does_not_see_the_campaign_learns_nothing_of_it(second, mallory):
    nora = person("nora", None)
    profile = ProductProfile(label="Agency", everywhere=False)
    roles.define(profile, [right.code for right in roles.RIGHTS if right.code.startswith("campaigns.")])
    nora.groups.add(profile.group)
    answers = [call(tokens.make(owner, "Mine")[1]) for owner in (mallory, nora)]
    answers.append(call(tokens.make(nora, "Other")[1], address="/api/v1/campaigns/nowhere/signal"))
    said = [refused(answer, 404, "no_campaign")["message"].replace("nowhere", "second") for answer in answers]
    assert len(set(said)) == 1
    access.grant(nora, ["view", "publish"], second)
    assert call(tokens.make(nora, "Third")[1]).status_code == 202


# --- 405, 413, 415 ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_405_says_what_the_address_answers_to(second, secret, method):
    answer = call(secret, method=method)
    refused(answer, 405, "method")
    assert answer["Allow"] == "POST"
    other = call(secret, address=f"/api/v1/campaigns/second/runs/{1}", method="post")
    refused(other, 405, "method")
    assert other["Allow"] == "GET, HEAD"


def test_413_a_body_above_64_kb(second, secret):
    refused(call(secret, {"parameters": {"town": "x" * 66_000}}), 413, "too_long")
    assert call(secret, {"parameters": {"town": "x" * 60_000}}).status_code == 202


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
def test_415_what_is_not_said_to_be_json(second, secret, kind):
    refused(call(secret, b"town=Lyon", content_type=kind), 415, "content_type")
