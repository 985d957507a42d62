"""Every activity type as a story: built by the requests of the canvas, tried and published by people, then by the commands."""

from __future__ import annotations

import json
import threading
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from activities import catalogue
from campaigns.models import Campaign
from tests.builders import make_dataset, make_shop
from tests.campaigns.activity_stories import CLIENTS, STORIES, Told
from tests.campaigns.builders import audience, graph, make_campaign, make_configuration
from tests.campaigns.hands_stage import Hands, figures
from tests.campaigns.test_webhook import Program
from tests.messaging.smtp_server import running

pytestmark = pytest.mark.django_db
PORT = 9167
FOLK = [
    {"id": 1, "name": "Ann", "phone": "+33 (6) 12.34", "token": "t1", "street": "1 Rue A"},
    {"id": 2, "name": "Bob", "phone": "06123456789", "token": "t2"},
    {"id": 3, "name": "Cy", "phone": "ring twice", "token": "t3", "street": "3 Rue C"},
    {"id": 4, "name": "Di"},
]


@pytest.fixture(scope="module")
def mail_server():
    with running(PORT):
        yield


@pytest.fixture
def program(settings):
    """Another program that webhooks call."""
    found = Program()
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    threading.Thread(target=found.server.serve_forever, daemon=True).start()
    yield found
    found.server.shutdown()


@pytest.fixture
def hands(mark, anna, program) -> Hands:
    """A manager before an empty canvas, in a shop with everything that a story needs."""
    make_shop()
    rows = [{"person": 1, "points": 5.0}, {"person": 2}, {"person": 3}]
    make_dataset("cards", ["person"], {"person": "integer", "points": "float"}, rows)
    columns = {"id": "integer", "name": "string", "phone": "string", "token": "string", "street": "string"}
    make_dataset("folk", ["id"], columns, FOLK, target={"email": "name"})
    client = Client()
    client.force_login(mark)
    made = client.post(reverse("campaigns:create"), {"name": "Spring", "dimension": "people", "timezone": "UTC"})
    assert made.status_code == 302, made.content.decode()
    stage = {"program": program, "configuration": configured, "listener": listener}
    return Hands(Campaign.objects.get(), mark, anna, stage)


def configured(channel: str) -> str:
    """A configuration of a channel, by its slug."""
    consent = "consent" if channel == "email" else ""
    return make_configuration(
        f"{channel}-one".replace("_", "-"), channel=channel, port=PORT, consent_column=consent
    ).slug


def listener() -> None:
    """A live campaign that begins by a signal."""
    declared = [{"name": "rows", "type": "text", "value": ""}]
    canvas = graph({"a": ("build_audience", audience()), "z": ("end", {})}, "a>z")
    campaign = make_campaign(canvas, slug="listener", schedule={"frequency": "signal", "parameters": declared})
    now = campaign.created_at
    campaign.versions.update(frozen_at=now, approved_at=now, published_at=now)
    Campaign.objects.filter(pk=campaign.pk).update(status="live")


def call(*arguments: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def rows_of(found: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {id: {port: kept["rows"] for port, kept in one["outputs"].items()} for id, one in found["nodes"].items()}


def told(found: dict[str, dict[str, int]], rows: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """What was found of the nodes that the story speaks of."""
    return {id: found.get(id, {}) for id in rows}


@pytest.mark.parametrize("type", [kind.key for kind in catalogue.all_types()])
def test_it_is_built_tried_and_published_on_the_screens_and_by_the_commands(type, hands, mail_server, tmp_path):
    story: Told = STORIES[type](hands)
    assert type in {node.type for node in hands.campaign.latest_version().graph.nodes.values()}
    assert hands.alerts() == []
    run = hands.test()
    assert (run.status, told(figures(run), story.test)) == ("succeeded", story.test), run.error
    run = story.goes_on(hands, hands.publish())
    live = story.live or story.test
    run.refresh_from_db()
    assert (run.status, told(figures(run), live)) == ("succeeded", live), run.error
    assert story.left("spring") == story.leaves
    by_commands(story, tmp_path)


def by_commands(story: Told, folder: Path) -> None:
    """The same canvas under another name, without a screen: the same numbers."""
    document = json.loads(call("export_campaign", "spring"))
    document["campaign"]["slug"] = "copy"
    (folder / "copy.json").write_text(json.dumps(document))
    (folder / "clients.csv").write_text(CLIENTS)
    call("import_campaign", str(folder / "copy.json"), owner="mark")
    again = json.loads(call("export_campaign", "copy"))
    assert again["canvas"] == document["canvas"]
    found = json.loads(call("run_campaign", "copy", "--test", "--json"))
    assert (found["status"], told(rows_of(found), story.test)) == ("succeeded", story.test)
    call("approve_campaign", "copy", by="anna")
    call("publish_campaign", "copy", by="anna")
    found = json.loads(call("run_campaign", "copy", "--live", "--json", **story.command))
    if story.again is not None:
        assert found["status"] in ("running", "waiting")
        story.again("copy")
        found = json.loads(call("run_campaign", "copy", "--live", "--json"))
    live = story.live or story.test
    assert (found["status"], told(rows_of(found), live)) == ("succeeded", live)
    assert story.left("copy") == story.leaves


def test_every_type_has_its_story():
    assert set(STORIES) == {kind.key for kind in catalogue.all_types()}
