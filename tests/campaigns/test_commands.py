"""The commands: JSON and nothing else on standard output, sentences on standard error, 0, 1 or 2 as exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns import execution, lifecycle, portable
from campaigns.models import Campaign, CampaignVersion, Run
from tests.builders import make_shop
from tests.campaigns.builders import graph, make_campaign, make_configuration, simple_graph, targeting_graph

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()
    make_configuration()


@pytest.fixture
def command(capsys):
    """Run a command; its standard output, or the sentence that it refused with."""

    def run(name: str, *arguments: object) -> str:
        capsys.readouterr()
        call_command(name, *map(str, arguments))
        return capsys.readouterr().out

    return run


def refused(name: str, *arguments: object) -> str:
    with pytest.raises(CommandError) as caught:
        call_command(name, *map(str, arguments))
    assert caught.value.returncode == 1
    return str(caught.value)


def write(path: Path, document: dict) -> Path:
    path.write_text(json.dumps(document))
    return path


def exported(canvas=None, **changes) -> dict:
    campaign = make_campaign(canvas or targeting_graph(), **changes)
    document = json.loads(portable.dump(campaign))
    campaign.delete()
    return document


# --- Files --------------------------------------------------------------------------------------------


def test_a_campaign_survives_export_and_import_byte_for_byte(command, tmp_path):
    make_campaign(targeting_graph(), tags=["b", "a"], variables={"z": 1, "a": "x"}, timezone="Europe/Paris")
    first = command("export_campaign", "spring")
    Campaign.objects.all().delete()
    (tmp_path / "c.json").write_text(first)
    assert json.loads(command("import_campaign", tmp_path / "c.json", "--json"))["slug"] == "spring"
    assert command("export_campaign", "spring") == first == command("export_campaign", "spring")


def test_yaml_is_read_too_and_its_dates_stay_texts(command, tmp_path):
    (tmp_path / "c.yaml").write_text(
        """
schema: 1
kind: campaign
campaign: {slug: summer, name: Summer, dimension: people, schedule: {frequency: once, at: 2026-12-01}}
canvas:
  nodes:
    n1: {type: build_audience, name: Young, settings: {dimension: people, rule: {attribute: born,
         operator: greater_than, value: 1985-01-01}}}
  edges: []
"""
    )
    command("import_campaign", tmp_path / "c.yaml")
    campaign = Campaign.objects.get(slug="summer")
    assert campaign.schedule == {"frequency": "once", "at": "2026-12-01"}
    found = json.loads(command("run_campaign", "summer", "--test", "--json"))
    assert found["nodes"]["n1"]["outputs"] == {"out": {"rows": 3}}


def test_the_owner_is_the_author(command, tmp_path, mark):
    command("import_campaign", write(tmp_path / "c.json", exported()), "--owner", "mark")
    assert (Campaign.objects.get().owner, CampaignVersion.objects.get().author) == (mark, mark)


def test_importing_over_a_draft_replaces_it(command, tmp_path):
    document = exported()
    make_campaign(simple_graph(), name="Old")
    document["campaign"]["name"] = "New"
    command("import_campaign", write(tmp_path / "c.json", document))
    campaign = Campaign.objects.get()
    assert (campaign.name, set(campaign.draft().graph.nodes)) == ("New", {"paris", "split", "yes", "rest"})


def test_names_that_mean_nothing_here_are_said(tmp_path, capsys):
    document = exported()
    node = min(document["canvas"]["nodes"])
    document["campaign"]["mood"] = document["canvas"]["nodes"][node]["setings"] = 1
    document["canvas"]["edges"][0]["port"] = "out"
    call_command("import_campaign", str(write(tmp_path / "one.json", document)))
    said = f"campaign.mood, canvas.nodes.{node}.setings, canvas.edges[0].port"
    assert f"Ignored, as this version does not know it: {said}." in capsys.readouterr().err


def test_importing_over_a_campaign_beyond_draft_is_refused(tmp_path):
    document = exported()
    make_campaign(simple_graph(), status="live")
    CampaignVersion.objects.update(frozen_at="2026-01-01T00:00Z")
    assert "already, and it is live" in refused("import_campaign", write(tmp_path / "c.json", document))
    assert "mail" in CampaignVersion.objects.get().graph.nodes


def change(document: dict, *path: str, value: object) -> dict:
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (["kind"], "filter", "not a campaign file"),
        (["schema"], 2, "“schema” is 2"),
        (["campaign"], [], "“campaign” must be an object"),
        (["campaign", "slug"], "", "“slug” of the campaign is needed"),
        (["campaign", "slug"], "a b/..", "may hold letters"),
        (["campaign", "name"], 7, "“name” of the campaign must be a text"),
        (["campaign", "tags"], [1], "“tags”"),
        (["campaign", "variables"], {"x": {}}, "variable"),
        (["campaign", "timezone"], "Mars/Base", "Mars/Base"),
        (["campaign", "timezone"], "../../etc/passwd", "time zone"),
        (["campaign", "dimension"], "martians", "no dataset “martians”"),
        (["canvas", "nodes", "paris", "settings", "dimension"], "martians", "“Paris” (paris)"),
        (["canvas", "nodes", "paris", "settings", "rule"], {"attribute": "shoe", "operator": "is_empty"}, "shoe"),
        (["canvas", "nodes", "paris"], "x", "Node “paris”"),
        (["canvas", "nodes", "../up"], {"type": "end"}, "node id “../up”"),
        (["canvas", "edges"], [{"source": "paris"}], "Edge 1"),
        (["canvas", "edges"], [{"source": "paris", "source_port": "out", "target": "nobody"}], "nobody"),
    ],
)
def test_a_bad_file_is_refused_with_the_place_and_leaves_nothing(tmp_path, path, value, sentence):
    document = change(exported(), *path, value=value)
    assert sentence in refused("import_campaign", write(tmp_path / "c.json", document))
    assert not Campaign.objects.exists()


def test_a_missing_channel_configuration_is_named_with_its_node(tmp_path):
    document = exported(simple_graph(configuration="elsewhere"))
    sentence = refused("import_campaign", write(tmp_path / "c.json", document))
    assert "“Mail” (mail)" in sentence
    assert "elsewhere" in sentence


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("c.json", b'{"a": ', "line 1"),
        ("c.json", b"\xff\xfe\x00", "UTF-8"),
        ("c.json", b'{"a": NaN}', "NaN"),
        ("c.yaml", b"a: [1", "not YAML"),
        ("c.json", b"[" * 200_000, "nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    assert sentence in refused("import_campaign", tmp_path / name)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path):
    assert "No such file" in refused("import_campaign", tmp_path / "none.json")


def test_an_unknown_owner_or_campaign_is_named(tmp_path):
    assert "“nobody”" in refused("import_campaign", write(tmp_path / "c.json", exported()), "--owner", "nobody")
    assert "no campaign “other”; there are: none" in refused("export_campaign", "other")


# --- Check and run --------------------------------------------------------------------------------------


def test_check_tells_errors_by_node_and_exits_with_one(capsys):
    make_campaign(simple_graph(subject=""))
    assert refused("check_campaign", "spring", "--json") == "“spring” has 1 error."
    found = json.loads(capsys.readouterr().out)
    assert [error["node"] for error in found["errors"]] == ["mail"]


def test_check_of_a_sound_campaign_exits_with_nothing(command):
    make_campaign(simple_graph())
    assert json.loads(command("check_campaign", "spring", "--json"))["errors"] == []


def test_a_test_run_as_json(command):
    make_campaign(targeting_graph())
    found = json.loads(command("run_campaign", "spring", "--test", "--json"))
    assert found["status"] == "succeeded"
    assert found["nodes"]["split"] == {
        "status": "succeeded",
        "outputs": {"yes": {"rows": 2}, "complement": {"rows": 1}},
        "error": "",
        "lost": [],
    }
    assert found["deliveries"] == []


def test_a_failed_run_prints_its_json_and_exits_with_one(capsys, data_dir):
    make_campaign(targeting_graph())
    (data_dir / "lake/datasets/people/1.parquet").write_bytes(b"broken")
    assert "“Paris”" in refused("run_campaign", "spring", "--test", "--json")
    found = json.loads(capsys.readouterr().out)
    assert (found["status"], found["nodes"]["paris"]["status"]) == ("failed", "failed")


def test_a_draft_does_not_run_live():
    make_campaign()
    assert "no published version" in refused("run_campaign", "spring", "--live")


def test_mode_is_asked_for():
    with pytest.raises(CommandError, match="--test --live"):
        call_command("run_campaign", "spring")


# --- Rights -----------------------------------------------------------------------------------------------


def test_the_whole_way_on_the_command_line(command, capsys, mark, anna):
    make_campaign(owner=mark)
    assert json.loads(command("approve_campaign", "spring", "--by", "anna", "--json"))["status"] == "approved"
    run = json.loads(command("publish_campaign", "spring", "--by", "anna", "--json"))["run"]
    found = json.loads(command("run_campaign", "spring", "--live", "--json"))
    assert (found["run"], found["status"], found["nodes"]["mail"]["status"]) == (run, "running", "waiting")
    (delivery,) = found["deliveries"]
    assert (delivery["node"], delivery["targeted"]) == ("mail", 6)
    assert delivery["targeted"] == delivery["prepared"] + sum(delivery["excluded"].values())
    execution.stop(Run.objects.get(pk=run), by=anna)
    assert "is stopped" in refused("run_campaign", "spring", "--live")


def test_the_author_cannot_approve_and_nothing_is_frozen_by_trying(ada):
    make_campaign(owner=ada)
    assert "somebody else" in refused("approve_campaign", "spring", "--by", "ada")
    assert Campaign.objects.get().status == "draft"


@pytest.mark.parametrize("who", ["mark", "vera", "mallory"])
def test_those_without_the_right_decide_nothing(who, mark, vera, mallory, anna):
    campaign = make_campaign(owner=anna)
    assert "campaigns.approve_campaign" in refused("approve_campaign", "spring", "--by", who)
    assert "campaigns.publish_campaign" in refused("publish_campaign", "spring", "--by", who)
    assert "campaigns.confirm_campaign" in refused("run_campaign", "spring", "--test", "--confirm-by", who)
    assert campaign.runs.count() == 0


def test_a_second_approval_is_refused(mark, anna, ada):
    campaign = make_campaign(owner=mark)
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    assert "frozen already" in refused("approve_campaign", "spring", "--by", "ada")


def test_publishing_without_approval_is_refused(ada):
    make_campaign()
    assert "Only an approved campaign" in refused("publish_campaign", "spring", "--by", "ada")


# --- Dry runs ---------------------------------------------------------------------------------------------


def test_a_dry_run_as_json(command):
    make_campaign(simple_graph(body="<p>{{ city }}</p>", subject="Hello {{ born|number }}"))
    found = json.loads(command("run_campaign", "spring", "--dry", "--json"))
    assert (found["status"], found["nodes"]["mail"]["outputs"]) == ("succeeded", {"out": {"rows": 6}})
    (delivery,) = found["deliveries"]
    assert (delivery["node"], delivery["targeted"], delivery["prepared"]) == ("mail", 6, 2)
    assert delivery["excluded"] == {"no_address": 1, "malformed": 1, "duplicate": 1, "no_consent": 1}
    (error,) = delivery["render_errors"]
    assert (delivery["rendered"], error["messages"], set(error["example"])) == (2, 2, {"id"})
    assert found["reach"][0]["persons"] == 2 and found["time"]["known"] is False


def test_a_dry_run_in_words_and_what_it_is_to_assume(command):
    nodes = {
        "a": ("build_audience", {"dimension": "people", "rule": {}}),
        "q": ("approval", {"title": "Send?", "group": "Approver"}),
        "mail": ("email", simple_graph().node("mail").settings),
    }
    make_campaign(graph(nodes, "a>q", "q.yes>mail"))
    said = command("run_campaign", "spring", "--dry")
    assert "mail: targeted 6, excluded" in said and "would be sent 2" in said
    assert "would be sent" not in command("run_campaign", "spring", "--dry", "--answer", "q=no")
    assert "it has: yes, no" in refused("run_campaign", "spring", "--dry", "--answer", "q=perhaps")
