"""Rules and expressions that mean harm, by the requests of the builder and the editor: each is answered, and soon."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orchcamp.datasets import schema
from orchcamp.datasets.rules.forms import Nowhere, sealed
from tests.builders import make_shop
from tests.datasets.rule_stage import both, where
from tests.datasets.test_rules_hostile import PAD, SQL, bounded

CITY = where("city", "equals", "Paris")
DEEP = '{"group":"and","items":[' * 10_000 + "]}" * 10_000
LONG = "x" * 1_000_000
ASKED = ["rule_editor", "rule_count", "rule_rows", "rule_sql", "rule_figures"]
TREES: dict[str, str] = {
    "ten thousand levels": DEEP,
    "a list of 200,000 values": json.dumps(where("id", "in", list(range(200_000)))),
    "one value too many": json.dumps(where("id", "in", list(range(200_001)))),
    "a pattern that takes for ever": json.dumps(where("city", "matches", "(a+)+$")),
    "a megabyte of text": json.dumps(where("city", "equals", LONG)),
    "a megabyte of a name": json.dumps(where(LONG, "equals", "x")),
    "SQL in a text": json.dumps(both(*(where("city", "equals", text) for text in SQL))),
    "division by zero": json.dumps({"expression": "[id] / 0", "operator": "equals", "value": 1}),
    "a function that reads files": json.dumps(
        {"expression": "read_csv('/etc/passwd')", "operator": "equals", "value": "x"}
    ),
    "a text that grows": json.dumps(
        {"expression": f"Replace({PAD}, 'a', {PAD})", "operator": "equals", "value": "x"}
    ),
    "no rule": '{"group": {"link": []}, "items": "x"}',
    "no JSON": LONG,
    "a list": "[]",
}  # fmt: skip


@pytest.fixture
def place(db, client: Client, mark) -> Nowhere:
    make_shop()
    client.force_login(mark)
    return Nowhere(schema.load(), "people", {}, timezone.now())


@pytest.mark.parametrize("name", TREES)
def test_every_request_of_the_builder_is_answered(name, client, place):
    for url in ASKED:
        given = {"name": "rule", "rule": TREES[name], "rule:scope": sealed(place), "do": "refresh", "at": "0"}
        with bounded():
            response = client.post(reverse(f"datasets:{url}"), given)
        assert response.status_code in (200, 204, 400, 404, 422), url
        assert len(response.content) < 30_000_000


def counted(client: Client, place: Nowhere, rule: str) -> str:
    given = {"name": "rule", "rule": rule, "rule:scope": sealed(place)}
    return client.post(reverse("datasets:rule_count"), given).content.decode()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ten thousand levels", "nested"),
        ("one value too many", "more than 200,000 values"),
        ("a pattern that takes for ever", "could take for ever"),
        ("a megabyte of text", "longer than"),
        ("a function that reads files", "There is no function"),
        ("no JSON", "is not JSON"),
    ],
)
def test_it_is_answered_in_a_sentence(name, sentence, client, place):
    response = client.post(
        reverse("datasets:rule_count"), {"name": "rule", "rule": TREES[name], "rule:scope": sealed(place)}
    )
    assert sentence in response.content.decode() + response.headers.get("HX-Trigger", "")


EXPRESSIONS: list[Any] = [
    "(" * 10_000 + "1" + ")" * 10_000,
    LONG,
    "'" + LONG + "'",
    "read_csv('/etc/passwd')",
    "[id] / 0",
    "'; DROP TABLE people; --",
    f"Replace({PAD}, 'a', {PAD})",
    "JuxtWords(" * 30 + "[city]" + ", 'x')" * 30,
    "AddMonths(" * 60 + "[joined]" + ", 1)" * 60,
    "\0",
]


@pytest.mark.parametrize("text", EXPRESSIONS, ids=lambda text: text[:20].strip("\0") or "nul")
def test_every_expression_is_judged(text, client, place):
    for url in ("check", "editor"):
        with bounded():
            response = client.post(
                reverse(f"datasets:expression_{url}"), {"scope": sealed(place), "target": "id_x", "text": text}
            )
        assert response.status_code == 200
