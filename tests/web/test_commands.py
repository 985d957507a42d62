"""Commands answer in sentences and exit codes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management.base import CommandParser

from orchcamp.web.commands import SentenceCommand
from orchcamp.web.errors import Refused


class Count(SentenceCommand):
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", type=int)

    def handle(self, *args: Any, number: int, **options: Any) -> None:
        if number < 0:
            raise Refused("A count cannot be negative: give 0 or more.")
        self.answer({"count": number}, f"{number} rows")


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    try:
        Count().run_from_argv(["manage.py", "count", *arguments])
        code = 0
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(autouse=True)
def _open_connections(monkeypatch):
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)


def test_an_answer_is_text_or_json(capsys):
    assert run(capsys, "3") == (0, "3 rows\n", "")
    code, out, _err = run(capsys, "3", "--json")
    assert (code, json.loads(out)) == (0, {"count": 3})


def test_a_refusal_is_one_sentence_and_exit_code_1(capsys):
    code, out, err = run(capsys, "--", "-1")
    assert (code, out) == (1, "")
    assert err.strip().endswith("A count cannot be negative: give 0 or more.")
    assert "Traceback" not in err


def test_wrong_usage_is_exit_code_2(capsys):
    code, out, err = run(capsys, "three")
    assert (code, out) == (2, "")
    assert "invalid int value" in err
