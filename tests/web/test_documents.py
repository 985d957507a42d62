"""Files in YAML: a key stands once, and no alias multiplies what is written."""

from __future__ import annotations

import pytest

from orchcamp.web import documents


def refusal(tmp_path, text):
    file = tmp_path / "rule.yaml"
    file.write_text(text)
    with pytest.raises(documents.BadDocument) as refused:
        documents.read(file)
    return str(refused.value)


def test_a_key_that_stands_twice_is_refused(tmp_path):
    assert "line 3: not YAML (“value” is written twice)" in refusal(tmp_path, "attribute: age\nvalue: 5\nvalue: 6\n")


def test_aliases_are_refused_before_they_multiply(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "line 2: not YAML (an alias stands here; write its value out)" in refusal(tmp_path, "\n".join(lines))


def test_dates_stay_texts(tmp_path):
    file = tmp_path / "rule.yaml"
    file.write_text("value: 2026-03-31\nitems: [{on: 1}]\n")
    assert documents.read(file)["value"] == "2026-03-31"


def test_times_of_day_stay_texts_and_on_is_a_word(tmp_path):
    file = tmp_path / "schedule.yaml"
    file.write_text("on: day\nday: 31\nat: 10:00\ntimes: [09:30, 23:59:00]\nzero: 0\nyes: true\nanswer: no\n")
    assert documents.read(file) == {
        "on": "day",
        "day": 31,
        "at": "10:00",
        "times": ["09:30", "23:59:00"],
        "zero": 0,
        True: True,
        "answer": False,
    }
