"""CSV files that people open in a spreadsheet."""

from __future__ import annotations

import pytest

from orchcamp.web import csvs


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1"])
def test_what_spreadsheets_calculate_gets_an_apostrophe(text):
    assert csvs.harmless(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["", "Ann", "1-1", -1, None, 2.5])
def test_everything_else_stays_as_it_is(cell):
    assert csvs.harmless(cell) is cell


def test_a_table_is_downloaded_under_its_name():
    answer = csvs.download([["a", "b"], ["=x", -1]], "Spring: the log")
    assert answer["Content-Disposition"] == 'attachment; filename="spring-the-log.csv"'
    assert b"".join(answer).splitlines() == [b"a,b", b"'=x,-1"]
