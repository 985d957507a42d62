"""Where a policy applies nothing launches a version that is not approved by all who have to, exactly as it is.

Every address, command, clock, signal and queue is tried on a campaign that lacks one signature, by an administrator.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command, get_commands
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter
from django.utils import timezone

from campaigns import (
    beginning,
    execution,
    governing,
    launching,
    lifecycle,
    publishing,
    shelving,
    status,
)
from campaigns.models import (
    Approval,
    Campaign,
    CampaignVersion,
    Launch,
    Run,
)
from campaigns.versions import drafting
from orchcamp.accounts import tokens
from orchcamp.accounts.models import User
from tests.builders import make_shop
from tests.campaigns.around_stage import DAILY, attempt, half_signed, nothing_ran, signal, signed, work
from tests.campaigns.builders import audience, graph, make_campaign, make_configuration, targeting_graph
from tests.campaigns.policy_stage import make_policy
from tests.conftest import person

pytestmark = pytest.mark.django_db
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
