"""Webhook: a real server on the loopback that takes, refuses, fails, hangs and leads elsewhere."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from activities.types import webhook as module
from campaigns import execution
from campaigns.models import NodeRun, Run
from campaigns.store import RunStore
from orchcamp.datasets import engine
from orchcamp.messaging import secrets, webhooks
from orchcamp.messaging.models import Connection
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign
from tests.campaigns.files_stage import again, ending_in, run

pytestmark = pytest.mark.django_db
WRAPPED = ["::ffff:10.1.2.3", "64:ff9b::a01:203", "2002:a01:203::", "224.0.0.1", "fe80::1%eth0"]


class Program:
    """The other program: answers with what ``plan`` says, then with 200; remembers every call."""

    def __init__(self):
        self.calls: list[dict] = []
        self.plan: list = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.calls.append({"path": self.path, "headers": dict(self.headers), "body": body})
                answer = outer.plan.pop(0) if outer.plan else 200
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                if status == "hang":
                    time.sleep(3)
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"so it is")

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def rows(self) -> list[dict]:
        return [row for call in self.calls for row in json.loads(call["body"])["rows"]]


@pytest.fixture
def program(settings):
    program = Program()
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    threading.Thread(target=program.server.serve_forever, daemon=True).start()
    yield program
    program.server.shutdown()


@pytest.fixture(autouse=True)
def shop(db, monkeypatch):
    make_shop()
    monkeypatch.setattr(webhooks.Caller, "first_wait", 0.01)


def settings_of(program, **more) -> dict:
    columns = [{"source": "id"}, {"source": "born"}, {"expression": "Upper([city])", "label": "town"}]
    return {"url": program.url, "columns": columns, "batch_size": 4, **more}


def rejected(found) -> dict:
    rejects = RunStore(found).population("it", "rejects")
    return {} if rejects is None else {row["id"]: row["reason"] for row in engine.rows(rejects.table)}


def test_rows_are_posted_in_batches_with_a_key_each(program):
    found, node = run(ending_in("webhook", settings_of(program)), timezone="Europe/Paris")
    assert found.status == "succeeded", node.error
    assert [row["id"] for row in program.rows] == [1, 2, 3, 4, 5, 6]
    assert program.rows[0] == {"id": 1, "born": "1980-05-01", "town": "PARIS"}
    assert program.rows[3]["town"] is None
    told = json.loads(program.calls[1]["body"])
    assert {name: told[name] for name in ("campaign", "node", "run", "batch")} == {
        "campaign": "spring",
        "node": "it",
        "run": str(found.pk),
        "batch": 1,
    }
    assert [call["headers"]["Idempotency-Key"] for call in program.calls] == [f"{found.pk}-it-0", f"{found.pk}-it-1"]
    assert node.outputs["out"]["rows"] == 6 and "rejects" not in node.follows


def test_calls_are_signed_with_a_secret_that_stands_nowhere(program, monkeypatch):
    secret = {"secret": secrets.encrypted("sesame"), "slug": "shop", "label": "Shop", "kind": "webhook"}
    Connection.objects.create(**secret)
    found, node = run(ending_in("webhook", settings_of(program, signature="shop")))
    assert found.status == "succeeded", node.error
    call = program.calls[0]
    moment = call["headers"]["X-Orchcamp-Timestamp"]
    assert call["headers"]["X-Orchcamp-Signature"] == webhooks.signature("sesame", moment, call["body"])
    assert "sesame" not in json.dumps(found.document)


def test_headers_are_sent_along(program):
    run(ending_in("webhook", settings_of(program, headers=[{"name": "X-Shop", "value": "north"}])))
    assert program.calls[0]["headers"]["X-Shop"] == "north"


@pytest.mark.parametrize("trouble", [500, 503, (429, {"Retry-After": "0"}), (503, {"Retry-After": "junk"})])
def test_what_may_come_right_is_tried_again_under_the_same_key(program, trouble):
    program.plan = [trouble, trouble]
    found, node = run(ending_in("webhook", settings_of(program, batch_size=100)))
    assert found.status == "succeeded", node.error
    assert len({call["headers"]["Idempotency-Key"] for call in program.calls}) == 1
    assert len(program.calls) == 3


def test_a_program_that_hangs_or_is_not_there_fails_the_node_in_words(program):
    program.plan = [("hang", {})]
    found, node = run(ending_in("webhook", settings_of(program, seconds=1, tries=1)))
    assert "could not be reached after 1 tries" in node.error
    program.server.server_close()
    _found, node = run(ending_in("webhook", settings_of(program, tries=2)), slug="b")
    assert "could not be reached after 2 tries" in node.error
    assert found.status == "failed"


def test_a_refused_call_rejects_its_rows_and_the_others_go_on(program):
    program.plan = [(422, {}), 200]
    found, node = run(ending_in("webhook", settings_of(program), port="rejects"))
    assert found.status == "succeeded", node.error
    assert rejected(found) == dict.fromkeys([1, 2, 3, 4], "answered 422 so it is")
    assert (node.outputs["rejects"]["rows"], node.outputs["out"]["rows"]) == (4, 6)


def test_nobody_is_followed_elsewhere(program):
    program.plan = [(302, {"Location": "http://127.0.0.1:1/secret"})]
    found, _node = run(ending_in("webhook", settings_of(program, batch_size=100), port="rejects"))
    assert len(program.calls) == 1
    assert rejected(found)[1].startswith("answered 302")


def test_after_a_crash_only_the_open_call_is_repeated_under_its_key(program, monkeypatch):
    noted = module.Progress.note

    def crash(self, number, **told):
        if number == 1:
            raise KeyboardInterrupt
        noted(self, number, **told)

    monkeypatch.setattr(module.Progress, "note", crash)
    with pytest.raises(KeyboardInterrupt):
        run(ending_in("webhook", settings_of(program, batch_size=2)))
    monkeypatch.setattr(module.Progress, "note", noted)
    assert again(Run.objects.get()).status == "succeeded"
    keys = [call["headers"]["Idempotency-Key"].rpartition("-")[2] for call in program.calls]
    assert keys == ["0", "1", "1", "2"]
    assert program.calls[1]["body"] == program.calls[2]["body"]


def test_a_line_that_a_crash_cut_off_is_no_answer(tmp_path):
    progress = module.Progress("runs/1/it/progress.jsonl")
    progress.note(0, refused="")
    with progress.place.open("a") as file:
        file.write('{"batch": 1, "refu')
    progress = module.Progress("runs/1/it/progress.jsonl")
    assert progress.done == {0: ""}
    progress.note(1, refused="no")
    assert module.Progress("runs/1/it/progress.jsonl").done == {0: "", 1: "no"}


def test_a_worker_is_let_go_while_the_program_asks_for_patience(program):
    program.plan = [(429, {"Retry-After": "3600"})]
    campaign = make_campaign(ending_in("webhook", settings_of(program, batch_size=100)), status="live")
    version = campaign.latest_version()
    version.published_at = version.approved_at = version.frozen_at = "2026-01-01T00:00Z"
    version.save()
    found = execution.start(version, mode="live")
    for _round in range(2):
        for pk in execution.claim_ready(found):
            execution.execute(pk)
    node = found.nodes.get(node_id="it")
    assert (node.status, node.waiting_for) == (NodeRun.Status.WAITING, "time")
    assert again(found).status == "succeeded"
    assert len(program.calls) == 2


def test_long_work_is_done_in_slices(program, monkeypatch):
    moments = iter([0, 1, 99, 100, 101, *range(102, 200)])
    monkeypatch.setattr(module, "now", lambda: next(moments))
    found, node = run(ending_in("webhook", settings_of(program, batch_size=3)))
    assert found.status == "succeeded", node.error
    assert [row["id"] for row in program.rows] == [1, 2, 3, 4, 5, 6]
    assert node.attempts > 1


def test_a_test_run_calls_nobody(program):
    found, node = run(ending_in("webhook", settings_of(program)), mode="test")
    assert (found.status, node.outputs["out"]["rows"], program.calls) == ("succeeded", 6, [])


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://example.org/x", "must be called by https"),
        ("https://localhost/x", "private network"),
        ("https://user:pass@example.org/", "no web address"),
        ("ftp://example.org/", "no web address"),
        ("https://[::1/", "no web address"),
        ("https://example.org:port/", "no web address"),
        ("javascript:alert(1)", "no web address"),
        ("https://:secret@example.org/", "no web address"),
        ("https://exa\u0001mple.org/", "no web address"),
        ("https://example..org/", "no web address"),
        (f"https://{'a' * 64}.org/", "no web address"),
        ("https://münchen.example/", "no web address"),
    ],
)
def test_an_address_that_is_not_called_is_refused_when_it_is_written(url, sentence):
    with pytest.raises(webhooks.Unusable, match=sentence):
        webhooks.check(url)


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "127.0.0.2", "169.254.169.254", "192.168.0.1", "fd00::1", "0.0.0.0", *WRAPPED]
)  # noqa: S104
def test_a_name_that_leads_into_a_private_network_is_refused(monkeypatch, address):
    monkeypatch.setattr(webhooks.socket, "getaddrinfo", lambda *a, **k: [(0, 0, 0, "", (address, 443))])
    with pytest.raises(webhooks.Unusable, match="private network"):
        webhooks.Caller("https://inside.example.org/x", {}).post(b"{}", "k")
