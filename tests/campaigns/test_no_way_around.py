"""Where a policy applies nothing launches a version that is not approved by all who have to, exactly as it is.

Every address, command, clock, signal and queue is tried on a campaign that lacks one signature, by an administrator.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command, get_commands
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter
from django.utils import timezone

from activities.graph import Graph
from campaigns import (
    beginning,
    execution,
    governing,
    launching,
    lifecycle,
    publishing,
    shelving,
    signals,
    status,
    steering,
    tasks,
)
from campaigns.approvals import guard, policies, requests
from campaigns.errors import CampaignError
from campaigns.models import (
    Approval,
    Campaign,
    CampaignVersion,
    Decision,
    Installation,
    Launch,
    NodeRun,
    Requirement,
    Run,
)
from campaigns.versions import drafting, restoring
from orchcamp.accounts import tokens
from orchcamp.accounts.models import User
from orchcamp.web.errors import Refused
from tests.builders import make_shop
from tests.campaigns.builders import PARIS, audience, email, graph, make_campaign, make_configuration, targeting_graph
from tests.campaigns.policy_stage import make_policy
from tests.conftest import person

pytestmark = pytest.mark.django_db
DAILY = {"frequency": "daily", "at": "09:00"}
SINK = {  # what the addresses ask for, all at once
    "decision": "approve",
    "message": "Now",
    "reason": "Now",
    "name": "Other",
    "title": "Look",
    "campaign": ["spring"],
    "campaigns": ["spring"],
    "slug": "spring",
    "code": "yes",
    "resolution": "accepted",
    "revision": "0",
    "typed": "Spring",
    "confirm": "1",
    "date": "2026-01-01",
    "dimension": "people",
    "timezone": "UTC",
    "frequency": "asap",
}
COMMANDS = {  # what is said to each command; None: it takes no campaign, and changes none
    "approve_campaign": ["spring", "--by", "ada"],
    "publish_campaign": ["spring", "--by", "ada"],
    "run_campaign": ["spring", "--live", "--confirm-by", "ada"],
    "send_signal": ["spring", "--by", "ada"],
    "check_campaign": ["spring"],
    "export_campaign": ["spring"],
    "import_campaign": None,  # a story of its own below
    "explain_profile": ["spring", "1"],
    "purge": [],
    "describe_activity": None,
    "write_reference": None,
    "load_demo": None,
    "demo": None,
    "worker": None,
}


@pytest.fixture
def otto(db) -> User:
    return person("otto", "approver")


@pytest.fixture
def policy(anna, otto):
    make_shop()
    make_configuration()
    return make_policy("Both", people=[anna, otto], needed=2)


@pytest.fixture
def campaign(policy, mark) -> Campaign:
    return make_campaign(targeting_graph(), owner=mark)


def half_signed(campaign: Campaign, mark: User, anna: User) -> Approval:
    """A request that one of two has signed."""
    approval = lifecycle.submit(Campaign.objects.get(pk=campaign.pk).draft(), by=mark)
    lifecycle.approve(approval, by=anna)
    assert Approval.objects.get(pk=approval.pk).status == "waiting"
    return approval


def signed(campaign: Campaign, mark: User, anna: User, otto: User) -> Campaign:
    lifecycle.approve(half_signed(campaign, mark, anna), by=otto)
    return Campaign.objects.get(pk=campaign.pk)


def attempt(act: Callable[[], object]) -> None:
    """Try it; what is refused is refused in a sentence."""
    try:
        with transaction.atomic():
            act()
    except (Refused, IntegrityError) as refusal:
        assert str(refusal).strip()


def signal(campaign: Campaign, *, by: User) -> None:
    signals.send(campaign, {}, key=str(timezone.now().timestamp()), source="test", by=by)


def work() -> None:
    """What workers and clocks do, now and for the next days; a task that is delivered again changes nothing."""
    for moment in (timezone.now(), timezone.now() + timedelta(days=2)):
        for pk in [*launching.due(moment), *Campaign.objects.values_list("pk", flat=True)]:
            attempt(lambda pk=pk, moment=moment: launching.decide(pk, moment))
    tasks.recover()
    for run in Run.objects.live():
        for _again in range(2):
            tasks.advance(run.pk)
    for node in NodeRun.objects.filter(run__mode=Run.Mode.LIVE):
        tasks.execute_node(node.pk)


def nothing_ran(*, but: int | None = None) -> None:
    """No live run, and no version in force, but of the one that was approved."""
    assert not Run.objects.live().exclude(version=but).exists()
    assert not CampaignVersion.objects.exclude(published_at=None).exclude(pk=but).exists()


# --- Every address ----------------------------------------------------------------------------------------


def patterns(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", pattern
        elif pattern.namespace != "admin":
            yield from patterns(pattern, f"{pattern.namespace}:" if pattern.namespace else space)


def addresses(known: dict[str, Any], verbs: list[str]) -> Iterator[str]:
    """Every address, with each verb where one is part of it."""
    for name, pattern in patterns(get_resolver()):
        kinds = pattern.pattern.converters
        filled = {key: known.get(key, 1 if isinstance(kind, IntConverter) else "people") for key, kind in kinds.items()}
        for verb in verbs if "verb" in kinds else [""]:
            yield reverse(name, kwargs=filled | ({"verb": verb} if verb else {}))


def post_everywhere(user: User, known: dict[str, Any], *, but: int | None = None) -> int:
    verbs = sorted({*status.TRANSITIONS, "launch_now", "run", "live", "duplicate"})
    client, tried = Client(raise_request_exception=False), 0
    client.force_login(user)
    for address in addresses(known, verbs):
        with transaction.atomic():
            client.post(address, SINK)
            tried += 1
            nothing_ran(but=but)
            transaction.set_rollback(True)
    return tried


def test_no_address_launches_what_lacks_a_signature(campaign, mark, anna, ada):
    approval = half_signed(campaign, mark, anna)
    known = {"slug": "spring", "run_id": approval.test_run_id, "approval_id": approval.pk, "number": 1}
    assert post_everywhere(ada, known) > 150
    work()
    nothing_ran()


def test_no_address_launches_a_next_version_that_lacks_a_signature(campaign, mark, anna, otto, ada):
    Campaign.objects.update(schedule={"frequency": "signal"})
    lifecycle.publish(signed(campaign, mark, anna, otto), by=ada)
    first = Campaign.objects.get().published_version()
    draft = drafting.begin_next(Campaign.objects.get(), by=mark)
    CampaignVersion.objects.filter(pk=draft.pk).update(document=graph({"a": ("build_audience", audience())}).to_json())
    approval = half_signed(campaign, mark, anna)
    known = {"slug": "spring", "run_id": approval.test_run_id, "approval_id": approval.pk, "number": 2}
    post_everywhere(ada, known, but=first.pk)
    work()
    nothing_ran(but=first.pk)


def test_every_address_that_takes_a_campaign_is_among_those_tried():
    named = [name for name, pattern in patterns(get_resolver()) if "slug" in pattern.pattern.converters]
    assert len(named) > 60
    assert {"campaigns:publish", "campaigns:govern", "campaigns:signal", "campaigns:api_signal"} <= set(named)


# --- Every command ----------------------------------------------------------------------------------------


def test_no_command_launches_what_lacks_a_signature(campaign, mark, anna, ada, capsys):
    half_signed(campaign, mark, anna)
    own = {name for name, app in get_commands().items() if app == "campaigns"}
    assert own == set(COMMANDS), "say what a new command is to be told here"
    for name, words in COMMANDS.items():
        if words is not None:
            attempt_command(name, *words)
            nothing_ran()
    work()
    nothing_ran()


def attempt_command(name: str, *words: str) -> None:
    try:
        with transaction.atomic():
            call_command(name, *words)
    except Exception as refusal:  # whatever a command answers, nothing may run
        assert not isinstance(refusal, AttributeError | TypeError | NameError), refusal


def test_a_file_that_is_read_again_brings_a_draft_and_no_approval(campaign, mark, anna, otto, ada, tmp_path, capsys):
    signed(campaign, mark, anna, otto)
    call_command("export_campaign", "spring")
    place = tmp_path / "spring.json"
    document = json.loads(capsys.readouterr().out)
    place.write_text(json.dumps(document | {"slug": "again"}))
    attempt_command("import_campaign", str(place))
    attempt_command("import_campaign", str(place), "--by", "ada")
    for slug in Campaign.objects.exclude(slug="spring").values_list("slug", flat=True):
        attempt_command("publish_campaign", slug, "--by", "ada")
        attempt_command("run_campaign", slug, "--live")
    nothing_ran()


# --- Signals, clocks, chains, queues ----------------------------------------------------------------------


def test_no_signal_begins_a_run_of_what_lacks_a_signature(campaign, mark, anna, ada):
    Campaign.objects.update(schedule={"frequency": "signal"})
    half_signed(campaign, mark, anna)
    secret = tokens.make(ada, "Till")[1]
    headers = {"Authorization": f"Bearer {secret}"}
    for _again in range(2):
        Client(headers=headers).post(
            reverse("campaigns:api_signal", args=["spring"]), data="{}", content_type="application/json"
        )
        attempt(lambda: signal(Campaign.objects.get(), by=ada))
    work()
    nothing_ran()


def test_no_campaign_that_calls_another_begins_what_lacks_a_signature(campaign, mark, anna, otto):
    Campaign.objects.update(schedule={"frequency": "signal"})
    half_signed(campaign, mark, anna)
    calling = {"a": ("build_audience", audience()), "z": ("end", {"signal": {"campaign": "spring", "parameters": []}})}
    caller = make_campaign(graph(calling, "a>z"), owner=mark, slug="caller")
    run = lifecycle.publish(signed(caller, mark, anna, otto), by=anna)
    execution.run_to_end(run)
    work()
    assert set(Run.objects.live().values_list("campaign__slug", flat=True)) == {"caller"}


@pytest.mark.parametrize("where", sorted(set(Campaign.Status.values)))
def test_whatever_status_a_campaign_is_put_into_its_clock_launches_nothing_unsigned(campaign, mark, anna, where):
    """Even where somebody writes the status, the moment and the dates of a version into the database."""
    Campaign.objects.update(schedule=DAILY)
    approval = half_signed(campaign, mark, anna)
    now = timezone.now()
    Campaign.objects.update(status=where, next_launch_at=now, former_status="live")
    CampaignVersion.objects.update(approved_at=now, published_at=now)
    Launch.objects.create(campaign=campaign, slot=now - timedelta(minutes=1), status=Launch.Status.QUEUED)
    fresh, version = Campaign.objects.get(), CampaignVersion.objects.get()
    for act in (
        lambda: beginning.start(version, mode=Run.Mode.LIVE),
        lambda: launching.launch_now(fresh, by=anna),
        lambda: lifecycle.live_run(fresh, by=anna),
        lambda: lifecycle.publish(fresh, by=anna),
        lambda: publishing.publish(fresh, by=anna),
        lambda: signal(fresh, by=anna),
        lambda: governing.resume(fresh, by=anna),
        lambda: governing.take_up(fresh, by=anna),
        lambda: shelving.restore(fresh, by=anna),
        lambda: drafting.take_effect(version, by=anna),
    ):
        attempt(act)
        assert not Run.objects.live().exists()
    work()
    assert not Run.objects.live().exists()
    for forged in (
        "approved",
        "cancelled",
    ):  # not even with the status of the request: its requirements say what is signed
        Approval.objects.filter(pk=approval.pk).update(status=forged)
        attempt(lambda: beginning.start(version, mode=Run.Mode.LIVE))
        assert not Run.objects.live().exists()


# --- What was signed is not what is there -----------------------------------------------------------------

CHANGES: dict[str, Callable[[CampaignVersion], dict[str, Any]]] = {
    "another canvas": lambda version: {"document": graph({"a": ("build_audience", audience(PARIS))}).to_json()},
    "a disabled node": lambda version: {"document": _disabled(version.graph)},
    "another zone": lambda version: {"properties": {**version.properties, "timezone": "Asia/Tokyo"}},
    "other variables": lambda version: {"properties": {**version.properties, "variables": {"n": 1}}},
    "another schedule": lambda version: {"properties": {**version.properties, "schedule": DAILY}},
    "other settings": lambda version: {"properties": {**version.properties, "settings": {"on_error": "ignore"}}},
}


def _disabled(found: Graph) -> dict[str, Any]:
    document = found.to_json()
    document["nodes"]["split"]["disabled"] = True
    return document


@pytest.mark.parametrize("change", CHANGES)
def test_a_frozen_version_that_is_changed_is_not_published(campaign, mark, anna, otto, change):
    ready = signed(campaign, mark, anna, otto)
    version = ready.latest_version()
    changes = CHANGES[change](version)
    CampaignVersion.objects.update(**changes)
    Campaign.objects.update(**changes.get("properties", {}))
    with pytest.raises(CampaignError, match=r"not what was approved|cannot run"):
        lifecycle.publish(Campaign.objects.get(), by=anna)
    work()
    nothing_ran()
    assert Campaign.objects.get().status == "approved"


@pytest.mark.parametrize("change", CHANGES)
def test_a_version_in_force_that_is_changed_begins_no_further_run(campaign, mark, anna, otto, change):
    Campaign.objects.update(schedule={"frequency": "signal"})
    lifecycle.publish(signed(campaign, mark, anna, otto), by=anna)
    version = CampaignVersion.objects.get()
    CampaignVersion.objects.update(**CHANGES[change](version))
    with pytest.raises(CampaignError):
        beginning.start(CampaignVersion.objects.get(), mode=Run.Mode.LIVE)
    attempt(lambda: signal(Campaign.objects.get(), by=anna))
    assert not Run.objects.live().exists()


def test_a_campaign_in_force_whose_row_is_changed_begins_no_further_run(campaign, mark, anna, otto):
    Campaign.objects.update(schedule=DAILY)
    lifecycle.publish(signed(campaign, mark, anna, otto), by=anna)
    Campaign.objects.update(schedule={"frequency": "several", "mode": "periodic", "every": 1, "unit": "minutes"})
    work()
    assert not Run.objects.live().exists()


def test_a_signature_that_is_taken_out_or_rewritten_does_not_count(campaign, mark, anna, otto):
    Campaign.objects.update(schedule={"frequency": "signal"})
    lifecycle.publish(signed(campaign, mark, anna, otto), by=anna)
    version = CampaignVersion.objects.get()
    guard.demand_approved(version)
    for spoil in (
        lambda: Requirement.objects.update(status="open", satisfied_at=None),
        lambda: Requirement.objects.all().delete(),
        lambda: Decision.objects.all().delete(),
        lambda: Decision.objects.update(signed={}),
        lambda: Approval.objects.update(hashes={}),
        lambda: Approval.objects.all().delete(),
        lambda: CampaignVersion.objects.update(published_at=None, approved_at=None),
    ):
        with transaction.atomic():
            spoil()
            with pytest.raises(CampaignError):
                beginning.start(CampaignVersion.objects.get(), mode=Run.Mode.LIVE)
            transaction.set_rollback(True)


# --- Versions, and what people do meanwhile ---------------------------------------------------------------


def test_a_draft_after_an_approval_needs_its_own(campaign, mark, anna, otto):
    ready = signed(campaign, mark, anna, otto)
    draft = lifecycle.edit_again(ready, by=mark)
    document = targeting_graph().to_json() | {"edges": []}
    CampaignVersion.objects.filter(pk=draft.pk).update(document=document)
    for act in (
        lambda: lifecycle.publish(Campaign.objects.get(), by=anna),
        lambda: lifecycle.publish(ready, by=anna),
        lambda: drafting.take_effect(ready.versions.get(number=1), by=anna),
        lambda: beginning.start(ready.versions.get(number=1), mode=Run.Mode.LIVE),
    ):
        attempt(act)
    nothing_ran()


def test_an_old_version_that_is_restored_is_a_draft_that_needs_its_own_approval(campaign, mark, anna, otto, ada):
    Campaign.objects.update(schedule={"frequency": "signal"})
    lifecycle.publish(signed(campaign, mark, anna, otto), by=anna)
    first = CampaignVersion.objects.get()
    draft = restoring.restore(first, by=mark)
    assert draft.approved_at is None
    attempt(lambda: lifecycle.publish(Campaign.objects.get(), by=anna))
    nothing_ran(but=first.pk)


def test_a_copy_has_no_approval(campaign, mark, anna, otto):
    copy = lifecycle.duplicate(signed(campaign, mark, anna, otto), by=mark)
    attempt(lambda: lifecycle.publish(copy, by=anna))
    attempt(lambda: beginning.start(copy.latest_version(), mode=Run.Mode.LIVE))
    nothing_ran()


@pytest.mark.parametrize("end", ["withdraw", "send_back", "expire"])
def test_a_request_that_ended_otherwise_lets_nothing_run(campaign, mark, anna, otto, end):
    approval = half_signed(campaign, mark, anna)
    if end == "withdraw":
        requests.withdraw(approval, by=mark)
    elif end == "send_back":
        requests.send_back(approval, by=otto, message="No")
    else:
        Approval.objects.update(expires_at=timezone.now())
        requests.expire(approval)
    stale = approval.version
    for act in (
        lambda: lifecycle.approve(approval, by=otto),
        lambda: lifecycle.publish(Campaign.objects.get(), by=anna),
        lambda: beginning.start(stale, mode=Run.Mode.LIVE),
    ):
        attempt(act)
    nothing_ran()


def test_one_who_publishes_with_what_they_read_before_it_was_taken_back_comes_too_late(campaign, mark, anna, otto):
    ready = signed(campaign, mark, anna, otto)
    ready.latest_version()
    lifecycle.edit_again(Campaign.objects.get(), by=mark)
    half = Campaign.objects.get()
    for seen in (ready, half):
        attempt(lambda seen=seen: lifecycle.publish(seen, by=anna))
    nothing_ran()


def test_a_stopped_run_goes_on_only_as_what_was_approved(campaign, mark, anna, otto):
    run = lifecycle.publish(signed(campaign, mark, anna, otto), by=anna)
    approved = CampaignVersion.objects.get()
    steering.stop(run, by=anna)
    lifecycle.edit_again(Campaign.objects.get(), by=mark)
    draft = Campaign.objects.get().draft()
    changed = graph({"a": ("build_audience", audience())}).to_json()
    CampaignVersion.objects.filter(pk=draft.pk).update(document=changed)
    half_signed(campaign, mark, anna)
    for act in (
        lambda: steering.take_up(run, by=anna),
        lambda: steering.resume(run, by=anna),
        lambda: governing.take_up(Campaign.objects.get(), by=anna),
        lambda: lifecycle.live_run(Campaign.objects.get(), by=anna),
    ):
        attempt(act)
    work()
    nothing_ran(but=approved.pk)
    assert not Run.objects.open().live().exists()


# --- Policies that come and go ----------------------------------------------------------------------------


def test_a_policy_that_is_taken_out_while_a_request_waits_lets_it_not_through(campaign, policy, mark, anna, ada):
    approval = half_signed(campaign, mark, anna)
    policies.deactivate(policy, by=ada)
    attempt(lambda: lifecycle.publish(Campaign.objects.get(), by=ada))
    attempt(lambda: lifecycle.approve(approval, by=ada))
    nothing_ran()
    policies.activate(policy, by=ada)
    attempt(lambda: lifecycle.publish(Campaign.objects.get(), by=ada))
    nothing_ran()


def test_what_was_approved_before_there_was_a_policy_stays_so_and_its_next_version_does_not(mark, anna, otto, ada):
    make_shop()
    make_configuration()
    old = make_campaign(targeting_graph(), owner=mark, schedule={"frequency": "signal"})
    lifecycle.approve(lifecycle.submit(old.draft(), by=mark), by=anna)
    make_policy("Both", people=[anna, otto], needed=2)
    lifecycle.publish(Campaign.objects.get(), by=anna)
    first = CampaignVersion.objects.get()
    assert beginning.start(first, mode=Run.Mode.LIVE)
    drafting.begin_next(Campaign.objects.get(), by=mark)
    half_signed(old, mark, anna)
    attempt(lambda: lifecycle.publish(Campaign.objects.get(), by=anna))
    nothing_ran(but=first.pk)


def test_a_version_without_signatures_runs_only_where_it_is_older_than_the_first_policy(campaign):
    now = timezone.now()
    since = Installation.objects.get().policies_since
    facts = {"frozen_at": now, "published_at": now}
    Campaign.objects.update(status="live")
    CampaignVersion.objects.update(**facts, approved_at=since - timedelta(days=1))
    assert beginning.start(CampaignVersion.objects.get(), mode=Run.Mode.LIVE)
    Run.objects.all().delete()
    CampaignVersion.objects.update(**facts, approved_at=now)
    with pytest.raises(CampaignError, match="Nobody has signed"):
        beginning.start(CampaignVersion.objects.get(), mode=Run.Mode.LIVE)


def test_a_message_that_is_written_anew_after_the_approval_does_not_go_out(policy, mark, anna, otto):
    canvas = {"people": ("build_audience", audience()), "mail": ("email", email(without_confirmation=True))}
    campaign = make_campaign(graph(canvas, "people>mail"), owner=mark)
    signed(campaign, mark, anna, otto)
    version = CampaignVersion.objects.get()
    document = version.document
    document["nodes"]["mail"]["settings"]["subject"] = "Free"
    CampaignVersion.objects.update(document=document)
    with pytest.raises(CampaignError, match=r"changed since: content"):
        lifecycle.publish(Campaign.objects.get(), by=anna)
    nothing_ran()
