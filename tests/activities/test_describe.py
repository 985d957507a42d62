"""JSON Schema and the reference page: derived, and current."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from activities import catalogue, describe

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "activities.md"


def test_the_reference_page_is_what_the_code_says():
    assert PAGE.read_text() == describe.reference().rstrip("\n") + "\n", "Write it again: make docs"


def test_a_schema_names_every_setting_with_type_and_default():
    described = describe.schema(catalogue.get("split"))
    subset = described["properties"]["subsets"]["items"]
    assert described["additionalProperties"] is False
    assert subset["required"] == ["code"]
    assert subset["properties"]["limit"]["properties"]["of"]["default"] == "inbound"
    assert subset["properties"]["limit"]["type"] == ["object", "null"]
    email = describe.schema(catalogue.get("email"))
    assert set(email["required"]) == {"configuration", "subject", "body"}
    assert email["properties"]["format"]["enum"] == ["mjml", "html"]
    assert email["properties"]["track_opens"] | {"title": "", "description": ""} == {
        "title": "",
        "description": "",
        "type": "boolean",
        "default": True,
    }


@pytest.mark.parametrize("kind", catalogue.all_types(), ids=lambda kind: kind.key)
def test_the_schema_describes_exactly_what_the_form_gives(kind):
    properties = describe.schema(kind)["properties"]
    assert list(properties) == list(kind.initial())
    json.dumps(properties)


def test_the_command_prints_one_type_all_types_or_a_sentence():
    out = StringIO()
    call_command("describe_activity", "wait", stdout=out)
    assert json.loads(out.getvalue())["title"] == "Wait"
    out = StringIO()
    call_command("describe_activity", "--json", stdout=out)
    assert set(json.loads(out.getvalue())) == {kind.key for kind in catalogue.all_types()}
    with pytest.raises(CommandError, match="no activity “teleport”"):
        call_command("describe_activity", "teleport")
