"""formats.md §7, Canvas: the lines about saved audiences and incremental queries, through the commands."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns.models import Campaign, CampaignVersion
from orchcamp.datasets.models import Audience
from tests.builders import make_shop

pytestmark = pytest.mark.django_db
PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}


@pytest.fixture(autouse=True)
def shop(db) -> None:
    make_shop()


@pytest.fixture
def campaign(tmp_path: Path):
    """Import a campaign file and publish it, as if it had been approved."""

    def load(slug: str, nodes: dict[str, Any], *edges: tuple[str, str]) -> None:
        document = {
            "schema": 1,
            "kind": "campaign",
            "campaign": {"slug": slug, "name": slug.title()},
            "canvas": {
                "nodes": nodes,
                "edges": [{"source": a, "source_port": "out", "target": b, "target_port": "in"} for a, b in edges],
            },
        }
        (tmp_path / f"{slug}.json").write_text(json.dumps(document))
        call_command("import_campaign", str(tmp_path / f"{slug}.json"), stdout=StringIO())
        now = timezone.now()
        CampaignVersion.objects.filter(campaign__slug=slug).update(frozen_at=now, approved_at=now, published_at=now)
        Campaign.objects.filter(slug=slug).update(status="live")

    return load


def run(slug: str, mode: str) -> dict[str, Any]:
    out = StringIO()
    call_command("run_campaign", slug, mode, "--json", stdout=out)
    return json.loads(out.getvalue())


def rows(found: dict[str, Any], node: str) -> int:
    return found["nodes"][node]["outputs"].get("out", {"rows": 0})["rows"]


WHO = {"type": "build_audience", "settings": {"dimension": "people", "rule": PARIS}}
SAVE = {"type": "save_audience", "settings": {"audience": "parisians", "label": "Parisians", "operation": "create"}}
MEMBERS = {"type": "build_audience", "settings": {"dimension": "people", "rule": {"audience": "parisians"}}}
READ = {"type": "read_audience", "settings": {"audience": "parisians"}}


def test_save_audience_is_left_out_in_a_test(campaign):
    campaign("save", {"who": WHO, "save": SAVE}, ("who", "save"))
    found = run("save", "--test")
    assert found["status"] == "succeeded"
    assert (found["nodes"]["save"]["status"], found["nodes"]["save"]["outputs"]) == ("skipped", {})
    assert not Audience.objects.exists()


def test_a_rule_and_read_audience_see_what_the_last_live_run_saved(campaign):
    campaign("save", {"who": WHO, "save": SAVE}, ("who", "save"))
    run("save", "--live")
    outside = {"audience": "parisians", "member": False}
    others = {"type": "build_audience", "settings": {"dimension": "people", "rule": outside}}
    campaign("use", {"rule": MEMBERS, "not": others, "read": READ})
    for mode in ("--test", "--live"):
        found = run("use", mode)
        assert (rows(found, "rule"), rows(found, "not"), rows(found, "read")) == (3, 3, 3)
    version = CampaignVersion.objects.get(campaign__slug="save")
    version.document["nodes"]["who"]["settings"]["rule"] = {**PARIS, "value": "Lyon"}
    version.save()
    run("save", "--test")
    assert rows(run("use", "--test"), "read") == 3  # a test has saved nothing
    run("save", "--live")
    found = run("use", "--live")
    assert (rows(found, "rule"), rows(found, "read")) == (1, 1)


def test_an_audience_that_is_missing_here_is_named_at_the_import(campaign):
    with pytest.raises(CommandError, match="parisians"):
        campaign("use", {"read": READ, "rule": MEMBERS})


def test_an_incremental_query_with_nothing_new_ends_its_path_without_error(campaign):
    query = {"dimension": "people", "mode": "date", "date_column": "joined"}
    nodes = {"new": {"type": "incremental_query", "settings": query}, "end": {"type": "end", "settings": {}}}
    campaign("daily", nodes, ("new", "end"))
    assert rows(run("daily", "--live"), "new") == 6
    found = run("daily", "--live")
    assert (found["status"], found["nodes"]["new"]["status"], rows(found, "new")) == ("succeeded", "succeeded", 0)
    assert (found["nodes"]["end"]["status"], found["nodes"]["end"]["outputs"]) == ("skipped", {})


def test_an_empty_saved_audience_ends_its_path_unless_the_option_says_otherwise(campaign):
    nobody = {
        "type": "build_audience",
        "settings": {"dimension": "people", "rule": {**PARIS, "value": "X"}, "keep_empty": True},
    }
    campaign("save", {"who": nobody, "save": SAVE}, ("who", "save"))
    assert run("save", "--live")["status"] == "succeeded"
    end = {"type": "end", "settings": {}}
    on = {"type": "read_audience", "settings": {"audience": "parisians", "keep_empty": True}}
    campaign("use", {"read": READ, "end": end, "on": on, "then": end}, ("read", "end"), ("on", "then"))
    found = run("use", "--test")
    assert (found["nodes"]["end"]["status"], found["nodes"]["then"]["status"]) == ("skipped", "succeeded")
