"""Every address × every profile × reading and changing: nobody acts beyond their profile.

The table below says who gets through; ``-`` means that the address does not know the method. A new address
without a line in the table fails the suite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from orchcamp.accounts import roles
from orchcamp.accounts.models import ProductProfile
from tests import access_stage
from tests.access_routes import ACCOUNTS, DATA, Route
from tests.access_work import WORK
from tests.conftest import person

CAST = {"mallory": None, "vera": "viewer", "mark": "manager", "anna": "approver", "ada": "administrator"}
PEOPLE = tuple(CAST)
WHO = {
    "-": set(),
    "public": {"anonymous", *PEOPLE},
    "anyone": {*PEOPLE},  # signed in, with or without a profile: one's own things and lists that may be empty
    "see": {"vera", "mark", "anna", "ada"},
    "make": {"mark", "anna", "ada"},
    "decide": {"anna", "ada"},
    "administer": {"ada"},
    "token": set(),  # programs: no session opens it, tests/contract/test_signal_http.py knows what does
    "author": {"mark"},  # what only the person who asked may do
    "team": {"anna", "ada"},  # the members of the team, and who administers
    "team_member": {"anna"},  # those alone
    "share": {"mark", "ada"},  # the owner and those who administer
}
TOLD = r"You need the right “.+”|Only the person who asked|not put to you|not given to a team of yours"
SPRING = {"slug": "campaign"}
SUMMER = {"slug": "in_review"}
RUN = {"slug": "campaign", "run_id": "run"}
DRY = {"slug": "campaign", "run_id": "dry_run"}
NODE = {"slug": "campaign", "node_id": "=mail"}


TABLE = (
    ACCOUNTS
    | WORK
    | DATA
    | {
        "health": Route("public", "-"),
        "metrics": Route("public", "-"),  # from the same host; with a token set, for who shows it
        "campaigns:health": Route("administer", "-"),
        "campaigns:retention": Route(
            "-", "administer", data={"history_days": "31", "archive_days": "30", "audit_days": "400"}
        ),
        "campaigns:clean": Route("administer", "administer", data={"do": "purge"}),
        "campaigns:discard_failure": Route("-", "administer", {"task_id": "=none"}, absent=True),
        # following a campaign
        "campaigns:follow": Route("-", "see", SPRING, {"extent": "all"}),
        "campaigns:followers": Route("see", "-", SPRING),
        "campaigns:set_follower": Route("-", "administer", SPRING, {"extent": "none"}),
        # campaigns
        "campaigns:home": Route("anyone", "-"),
        "campaigns:search": Route("anyone", "-"),
        "campaigns:list": Route("anyone", "-"),
        "campaigns:facets": Route("see", "-"),
        "campaigns:create": Route("make", "make"),
        "campaigns:properties": Route("make", "make", SPRING),
        "campaigns:schedule": Route("see", "make", SPRING, {"frequency": "asap"}),
        "campaigns:launch_now": Route("-", "decide", SPRING),
        "campaigns:running": Route("make", "make", SPRING),
        "campaigns:share": Route("-", "share", SPRING),
        "campaigns:duplicate": Route("make", "make", SPRING),
        "campaigns:delete": Route("make", "make", SPRING),
        "campaigns:archive": Route("make", "make", SPRING),
        # templates
        "campaigns:gallery": Route("make", "-"),
        "campaigns:use_template": Route("-", "make", {"key": "template"}),
        "campaigns:remove_template": Route("-", "make", {"key": "template"}),
        "campaigns:save_template": Route("make", "make", SPRING, {"name": "Kept", "description": "A canvas."}),
        # the list as each arranges it, and how campaigns are filed
        "campaigns:many": Route("-", "anyone", data={"do": "archive", "campaign": "spring"}),
        "campaigns:arrange": Route("-", "anyone", data={"column": "status"}),
        "campaigns:save_view": Route("-", "anyone", data={"name": "Mine"}),
        "campaigns:change_view": Route("-", "author", {"view_id": "view"}, {"do": "default"}),
        "campaigns:folders": Route("see", "make", data={"name": "New"}),
        "campaigns:folder": Route("make", "make", {"folder_id": "folder"}, {"name": "Other"}),
        "campaigns:folder_sharing": Route("make", "share", {"folder_id": "folder"}),
        "campaigns:rename_tag": Route("-", "administer", data={"tag": "old", "name": "new"}),
        "campaigns:star": Route("-", "see", SPRING, {"starred": "1"}),
        "campaigns:tags": Route("make", "make", SPRING, {"tags": "new"}),
        "campaigns:row_menu": Route("see", "-", SPRING),
        "campaigns:restore": Route("-", "make", SPRING),
        "campaigns:uses": Route("see", "-", SPRING),
        # canvas
        "campaigns:canvas": Route("see", "-", SPRING),
        "campaigns:canvas_fragment": Route("see", "-", SPRING),
        "campaigns:canvas_svg": Route("see", "-", SPRING),
        "campaigns:alerts": Route("see", "-", SPRING),
        "campaigns:explain": Route(
            "see", "see", SPRING, {"q": "1"}
        ),  # POST: what is typed does not stand in an address
        "campaigns:add_node": Route("make", "make", SPRING, {"type": "end"}),
        "campaigns:connect": Route("-", "make", SPRING),
        "campaigns:disconnect": Route("-", "make", SPRING),
        "campaigns:node": Route("see", "make", NODE),
        "campaigns:memory": Route("-", "decide", NODE, {"again": "1"}),
        "campaigns:remove_node": Route("-", "make", NODE),
        "campaigns:remove_nodes": Route("-", "make", SPRING, {"node": "mail"}),
        "campaigns:duplicate_nodes": Route("-", "make", SPRING, {"node": "mail"}),
        "campaigns:move_nodes": Route("make", "make", SPRING, {"node": "mail"}),
        "campaigns:switch_nodes": Route("-", "make", SPRING, {"node": "mail", "disabled": "1"}),
        "campaigns:copy_nodes": Route("see", "-", SPRING),
        "campaigns:paste_nodes": Route("make", "make", SPRING, {"clipboard": "{}"}),
        "campaigns:rename_node": Route("-", "make", NODE, {"name": "Letter"}),
        "campaigns:node_menu": Route("make", "-", NODE),
        "campaigns:undo": Route("-", "make", SPRING),
        "campaigns:redo": Route("-", "make", SPRING),
        "campaigns:history": Route("see", "make", SPRING, {"step": "0"}),
        "campaigns:add_note": Route("make", "make", SPRING, {"text": "Ask Anna"}),
        "campaigns:change_note": Route("make", "make", SPRING | {"note_id": "=none"}, {"text": "Ask Anna"}),
        "campaigns:remove_note": Route("-", "make", SPRING | {"note_id": "=none"}),
        "campaigns:presence": Route("see", "-", SPRING),
        "campaigns:transition": Route("see", "see", NODE | {"port": "=out"}),  # POST: call off one's own count
        "campaigns:export_rows": Route("-", "make", NODE | {"port": "=out"}, {"format": "csv"}),
        "campaigns:node_file": Route("see", "make", SPRING | {"node_id": "=file"}, {"do": "upload"}),
        "campaigns:message": Route("see", "-", NODE),
        "campaigns:message_body": Route("see", "-", NODE),
        "campaigns:proof": Route("-", "make", NODE),
        # runs
        "campaigns:test": Route("-", "make", SUMMER),
        "campaigns:dry_run": Route("make", "make", SUMMER),
        "campaigns:dry_panel": Route("see", "-", SPRING),
        "campaigns:dry_result": Route("see", "-", DRY),
        "campaigns:dry_samples": Route("see", "-", DRY | {"node_id": "=mail"}),
        "campaigns:dry_body": Route("see", "-", DRY | {"node_id": "=mail", "message": "=m1"}),
        "campaigns:runs": Route("see", "-", SPRING),
        "campaigns:run": Route("see", "-", RUN),
        "campaigns:run_progress": Route("see", "-", RUN),
        "campaigns:compare": Route("see", "-", SPRING),
        "campaigns:step_control": Route("-", "decide", RUN | {"node_id": "=mail"}, {"action": "retry"}),
        "campaigns:node_live": Route("see", "-", NODE),
        "campaigns:why": Route("see", "-", SPRING),
        "campaigns:log": Route("see", "-", SPRING),
        "campaigns:log_csv": Route("see", "-", SPRING),
        "campaigns:control": Route("decide", "decide", RUN, {"action": "stop"}),
        "campaigns:confirm": Route("-", "decide", RUN | {"node_id": "=mail"}),
        "campaigns:run_file": Route("make", "-", RUN | {"file_id": "run_file"}),
        "campaigns:resolve": Route("-", "decide", RUN | {"doubtful_id": "doubt"}, {"resolution": "accepted"}),
        "campaigns:answer": Route("-", "decide", {"question_id": "question"}, {"answer": "yes"}),
        "campaigns:signals": Route("see", "make", SPRING, {"interval": "60"}),
        "campaigns:api_signal": Route("-", "token", SPRING),
        "campaigns:api_run": Route("token", "-", RUN),
        "campaigns:signal": Route("-", "decide", SPRING),
        "campaigns:govern": Route("decide", "decide", SPRING | {"verb": "=stop"}),
        "campaigns:read_alert": Route("-", "see", {"alert_id": "alert"}),
        # approvals and tasks
        "campaigns:submit": Route("make", "make", SUMMER),
        "campaigns:withdraw": Route("-", "author", SUMMER),
        "campaigns:publish": Route("decide", "decide", SUMMER),
        "campaigns:edit_again": Route("make", "make", SPRING),
        "campaigns:versions": Route("see", "-", SPRING),
        "campaigns:begin_version": Route("-", "make", SPRING),
        "campaigns:compare_versions": Route("see", "-", SPRING),
        "campaigns:restore_version": Route("-", "make", SPRING | {"number": "=2"}),
        "campaigns:approvals": Route("anyone", "-"),
        "campaigns:approval": Route("see", "-", {"approval_id": "approval"}),
        "campaigns:decide": Route("-", "decide", {"approval_id": "approval"}, {"decision": "approve"}),
        "campaigns:approve_many": Route(
            "-", "anyone", {}, {"approval": "x"}
        ),  # each that is named is asked for by itself
        "campaigns:delegate": Route("-", "decide", {"approval_id": "approval"}),
        "campaigns:take_back": Route("-", "decide", {"approval_id": "approval"}),
        "campaigns:evidence": Route("see", "-", {"approval_id": "approval"}),
        "campaigns:policies": Route("make", "-"),
        "campaigns:policy_create": Route("administer", "administer"),
        "campaigns:policy": Route("make", "-", {"policy_id": "policy"}),
        "campaigns:policy_change": Route("administer", "administer", {"policy_id": "policy"}),
        "campaigns:policy_delete": Route("administer", "administer", {"policy_id": "policy"}),
        "campaigns:policy_act": Route("-", "administer", {"policy_id": "policy", "verb": "=duplicate"}),
        # reports
        "campaigns:reports": Route("see", "-"),
        "campaigns:report": Route("see", "-", SPRING),
        "campaigns:report_csv": Route("see", "-", SPRING),
    }
)


def routes(resolver: URLResolver, space: str = "") -> Iterator[str]:
    """The names of all addresses but those of the administration, which has its own tests."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}"
        elif pattern.namespace != "admin":
            yield from routes(pattern, f"{pattern.namespace}:" if pattern.namespace else space)


def test_every_address_has_a_line_in_the_table():
    assert sorted(TABLE) == sorted(routes(get_resolver()))


@dataclass(frozen=True)
class Stage:
    folder: Path
    people: dict[str, Any]
    things: dict[str, object]


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Stage]:
    """One of everything, built once: each test undoes what it did to it."""
    folder = tmp_path_factory.mktemp("stage")
    (folder / "lake").mkdir()
    with (
        override_settings(DATA_DIR=folder, LAKE_DIR=folder / "lake"),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        people = {name: access_stage.sign_in(person(name, profile)) for name, profile in CAST.items()}
        yield Stage(folder, people, access_stage.build(people["mark"]))
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def data_dir(stage, settings) -> Path:
    """The folder and lake of the stage, not an empty one for every test."""
    settings.DATA_DIR, settings.LAKE_DIR = stage.folder, stage.folder / "lake"
    return stage.folder


@pytest.fixture
def people(stage, db) -> dict[str, Any]:
    return stage.people


@pytest.fixture
def things(stage, db) -> dict[str, object]:
    return stage.things


def address_of(name: str, things: dict[str, object]) -> str:
    names = {key: value[1:] if value.startswith("=") else things[value] for key, value in TABLE[name].names.items()}
    return reverse(name, kwargs=names)


WRITES = r'(INSERT|DELETE|UPDATE(?! "accounts_browsersession"))'  # when a session was last seen is nobody's deed


def ask(user, method: str, address: str, data: dict[str, str], **headers: str) -> tuple[HttpResponse, list[str]]:
    """The answer, and what it wrote; undone afterwards, so that the next person meets the same stage."""
    with transaction.atomic():
        client = Client(raise_request_exception=True)
        if key := getattr(user, "session_key", ""):
            client.cookies[django_settings.SESSION_COOKIE_NAME] = key
        elif user:
            client.force_login(user)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address, **headers) if method == "get" else client.post(address, data, **headers)
            body = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    response.text_of_page = body.decode(errors="replace")
    written = [query["sql"] for query in queries if re.match(WRITES, query["sql"])]
    return response, written


def asks_to_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and response["Location"].startswith(reverse("accounts:login"))


def complaint(route: Route, allowed: str, name: str, response: HttpResponse, written: list[str]) -> str:
    """What is wrong with an answer, in words; empty when it is right."""
    status = response.status_code
    if allowed == "token":
        return "" if status == 401 and not written else f"a token is asked for, got {status} and wrote {written}"
    if name == "anonymous" and allowed not in {"public", "-"}:
        return "" if asks_to_sign_in(response) else f"must sign in, got {status}"
    if allowed == "-":
        refused = status in {403, 404, 405} or (name == "anonymous" and asks_to_sign_in(response))
        return "" if refused else f"the method is not known here, got {status}"
    if name not in WHO[allowed]:
        if status not in {403, 404}:
            return f"must be refused, got {status}"
        return f"was refused but wrote {written}" if written else ""
    if asks_to_sign_in(response) and name != "anonymous" and allowed != "anyone":
        return "is signed in, but was asked to sign in"
    fine = {404} if route.absent else set()
    if status not in fine and (status in {401, 403, 405} or status >= 500 or (status == 404 and allowed != "public")):
        return "" if status == 503 and allowed == "public" else f"may do this, got {status}"
    return ""


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", TABLE)
def test_who_gets_through(name, method, things, people, settings):
    settings.DEMO = True
    route = TABLE[name]
    allowed = getattr(route, method)
    address = address_of(name, things)
    complaints = {}
    for who in ("anonymous", *PEOPLE):
        response, written = ask(people.get(who), method, address, route.data)
        if wrong := complaint(route, allowed, who, response, written):
            complaints[who] = wrong
    assert not complaints, f"{method.upper()} {address}"


@pytest.mark.parametrize("name", [name for name, route in TABLE.items() if route.get in {"public", "anyone"}])
def test_a_person_without_a_profile_reads_nothing_of_anybody_s(name, things, people, settings):
    settings.DEMO = True
    response, _written = ask(people["mallory"], "get", address_of(name, things), {})
    assert access_stage.SECRET not in response.text_of_page


@pytest.fixture
def nora(db):
    """She may do anything to campaigns, but none is shared with her; policies are the installation's, not a campaign's."""
    user = person("nora", None)
    profile = ProductProfile(label="Agency", everywhere=False)
    codes = [right.code for right in roles.RIGHTS if right.code.startswith("campaigns.")]
    roles.define(profile, [code for code in codes if not code.endswith("_approvalpolicy")])
    user.groups.add(profile.group)
    return user


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", [name for name in TABLE if name.startswith("campaigns:")])
def test_a_narrow_profile_reaches_nothing_that_is_not_shared(name, method, things, nora):
    route = TABLE[name]
    if getattr(route, method) == "-":
        return
    response, written = ask(nora, method, address_of(name, things), route.data)
    assert access_stage.SECRET not in response.text_of_page
    if route.names:
        assert response.status_code in ({401} if getattr(route, method) == "token" else {403, 404})
        assert not written


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", [name for name, route in TABLE.items() if route.get != "public"])
def test_a_refusal_tells_which_right_is_missing(name, method, things, people, settings):
    settings.DEMO = True
    route = TABLE[name]
    if getattr(route, method) in {"-", "anyone"}:
        return
    response, _written = ask(people["vera"], method, address_of(name, things), route.data)
    if response.status_code == 403:
        assert re.search(TOLD, response.text_of_page)
