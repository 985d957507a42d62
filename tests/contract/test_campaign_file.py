"""The campaign file of formats.md, written by hand in its shortest form, and spoilt in every way."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Campaign
from tests.builders import make_shop

PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}
EVERYONE = {"type": "build_audience", "settings": {"dimension": "people", "rule": {"group": "and"}}}


@pytest.fixture(autouse=True)
def shop(db) -> None:
    make_shop()


def document(nodes: dict[str, Any], edges: list[Any] | None = None, **properties: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "kind": "campaign",
        "campaign": {"slug": "spring", "name": "Spring", **properties},
        "canvas": {"nodes": nodes, "edges": edges or []},
    }


def run(command: str, *arguments: str, **options: Any) -> Any:
    out = StringIO()
    call_command(command, *arguments, stdout=out, **options)
    return json.loads(out.getvalue())


def imported(folder: Path, content: Any, name: str = "campaign.json") -> None:
    place = folder / name
    place.write_text(content if isinstance(content, str) else json.dumps(content))
    run("import_campaign", str(place), "--json")


def rows(found: dict[str, Any], node: str) -> dict[str, int]:
    return {port: output["rows"] for port, output in found["nodes"][node]["outputs"].items()}


def test_the_shortest_form_of_every_setting_runs(tmp_path):
    nodes = {
        "n1": EVERYONE,
        "n2": {
            "type": "split",
            "settings": {
                "subsets": [
                    {"code": "paris", "rule": PARIS},
                    {"code": "half", "limit": {"type": "percent", "value": 50}},
                ],
                "complement": True,
            },
        },
        "n3": {"type": "deduplication", "settings": {"fields": ["city"]}},
        "n4": {"type": "wait", "settings": {"value": 1, "unit": "seconds"}},
        "n5": {"type": "end"},
    }
    edges = [
        {"source": "n1", "target": "n2"},
        {"source": "n2", "source_port": "paris", "target": "n3"},
        {"source": "n2", "source_port": "complement", "target": "n4"},
        {"source": "n4", "target": "n5"},
    ]
    imported(tmp_path, document(nodes, edges))
    found = run("run_campaign", "spring", "--test", "--json")
    assert found["status"] == "succeeded"
    assert rows(found, "n1") == {"out": 6}
    assert rows(found, "n2") == {"paris": 3, "half": 3, "complement": 0}
    assert rows(found, "n3") == {"out": 1}


@pytest.mark.parametrize(
    ("body", "errors"), [("<p>Hello</p>", 0), ("<mjml><mj-body></mj-body></mjml>", 0), ("<mjml>", 1)]
)
def test_an_email_without_format_is_read_by_its_body(tmp_path, newsletter, body, errors):
    mail = {"type": "email", "settings": {"configuration": "newsletter", "subject": "Hello", "body": body}}
    imported(tmp_path, document({"n1": EVERYONE, "n2": mail}, [{"source": "n1", "target": "n2"}]))
    out = StringIO()
    try:
        call_command("check_campaign", "spring", "--json", stdout=out)
    except CommandError as error:
        assert error.returncode == 1
    assert len(json.loads(out.getvalue())["errors"]) == errors


@pytest.fixture
def newsletter() -> None:
    from orchcamp.messaging.models import ChannelConfiguration

    ChannelConfiguration.objects.create(
        slug="newsletter", label="News", channel="email", sender_address="news@example.org", host="127.0.0.1"
    )


def test_a_missing_or_null_optional_property_has_its_default(tmp_path):
    nothing = dict.fromkeys(["description", "tags", "dimension", "timezone", "variables", "schedule", "settings"])
    imported(tmp_path, document({"n1": EVERYONE}, **nothing))
    campaign = Campaign.objects.get(slug="spring")
    assert (campaign.tags, campaign.variables, campaign.schedule, campaign.timezone) == ([], {}, {}, "UTC")


def test_a_variable_may_be_a_list(tmp_path):
    rule = {"attribute": "city", "operator": "in", "value": {"variable": "cities"}}
    nodes = {"n1": {"type": "build_audience", "settings": {"dimension": "people", "rule": rule}}}
    imported(tmp_path, document(nodes, variables={"cities": ["Paris"]}))
    assert rows(run("run_campaign", "spring", "--test", "--json"), "n1") == {"out": 3}


def test_two_exports_are_the_same_and_come_back(tmp_path):
    imported(tmp_path, document({"n2": {"type": "end"}, "n1": EVERYONE}, [{"source": "n1", "target": "n2"}]))
    texts = []
    for _again in range(2):
        out = StringIO()
        call_command("export_campaign", "spring", stdout=out)
        texts.append(out.getvalue())
        imported(tmp_path, texts[-1])
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["canvas"]["edges"] == [
        {"source": "n1", "source_port": "out", "target": "n2", "target_port": "in"}
    ]


WHOLE = json.dumps(document({"n1": EVERYONE}, variables={"x": 1}))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (WHOLE.replace('{"x": 1}', '{"x": NaN}'), "NaN"),
        (WHOLE.replace('{"x": 1}', '{"x": 1e999}'), "JSON cannot hold"),
        (WHOLE.replace('{"x": 1}', '{"x": ' + "9" * 5000 + "}"), "cannot be read"),
        (WHOLE.replace('{"x": 1}', '{"x": "\\u0000"}'), "zero character"),
        (WHOLE.replace('{"x": 1}', '{"x": "\\ud800"}'), "JSON cannot hold"),
        (WHOLE.replace('{"x": 1}', '{"x": {}}'), "The variable “x”"),
        (WHOLE.replace('{"x": 1}', '{"x": 1, "x": 2}'), "“x” stands twice"),
        (WHOLE.replace('"schema": 1', '"schema": true'), "“schema” is True"),
        (WHOLE.replace('"edges": []', '"edges": [{"source": "n1"}]'), "Edge 1 needs “target”"),
        (
            WHOLE.replace('"edges": []', '"edges": [{"source": "n1", "source_port": 5, "target": "n1"}]'),
            "“source_port”",
        ),
        ("[" * 100_000, "nested too deeply"),
        ("", "not JSON"),
    ],
)
def test_a_spoilt_file_gets_a_sentence_and_leaves_nothing(tmp_path, content, sentence):
    with pytest.raises(CommandError, match=sentence):
        imported(tmp_path, content)
    assert not Campaign.objects.exists()


def test_a_run_in_the_foreground_says_why_it_waits(tmp_path, newsletter, mark, ada, monkeypatch, settings):
    settings.SENDING_BACKOFF = [1]
    mail = {"configuration": "newsletter", "subject": "Hello", "body": "<p>Hello</p>", "without_confirmation": True}
    nodes = {"n1": EVERYONE, "n2": {"type": "email", "settings": {**mail, "category": "transactional"}}}
    place = tmp_path / "mail.json"
    place.write_text(json.dumps(document(nodes, [{"source": "n1", "target": "n2"}])))
    call_command("import_campaign", str(place), owner=mark.username, stdout=StringIO())
    call_command("approve_campaign", "spring", by=ada.username, stdout=StringIO())
    call_command("publish_campaign", "spring", by=ada.username, stdout=StringIO())

    class Enough(BaseException):
        pass

    def stop(_seconds: float) -> None:
        raise Enough

    monkeypatch.setattr("campaigns.execution.time.sleep", stop)
    warnings = StringIO()
    with pytest.raises(Enough):
        call_command("run_campaign", "spring", "--live", stdout=StringIO(), stderr=warnings)
    assert "the sending goes on by itself in" in warnings.getvalue()


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        ({"frequency": "hourly"}, "schedule.frequency"),
        ({"frequency": "weekly", "at": "09:00"}, "schedule.weekdays"),
        ({"frequency": "daily", "at": "9 o'clock"}, "Write a time of day such as 09:00."),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_with_its_field(tmp_path, schedule, sentence):
    with pytest.raises(CommandError, match=sentence):
        imported(tmp_path, document({"n1": EVERYONE}, schedule=schedule))
    assert not Campaign.objects.exists()


def test_a_schedule_in_yaml_keeps_its_times_of_day_and_its_words(tmp_path):
    text = """
schema: 1
kind: campaign
campaign: {slug: spring, name: Spring, schedule: {frequency: monthly, on: nth, nth: last, weekday: friday, at: 10:00}}
canvas: {nodes: {}, edges: []}
"""
    (tmp_path / "campaign.yaml").write_text(text)
    call_command("import_campaign", tmp_path / "campaign.yaml", stdout=StringIO())
    assert Campaign.objects.get().schedule == {
        "frequency": "monthly",
        "on": "nth",
        "nth": "last",
        "weekday": "friday",
        "at": "10:00",
    }
