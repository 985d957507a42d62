"""Change dimension: to one row and to many, over texts with nulls, with columns that go along."""

from __future__ import annotations

from . import Case, everyone, some

PEOPLE = [
    {"id": 1, "city": "p1"}, {"id": 2, "city": "p1"}, {"id": 3, "city": None},
    {"id": 4, "city": ""}, {"id": 5, "city": "gone"}, {"id": 6, "city": "l1"},
]  # fmt: skip
CASES = [
    Case("to one row each", {"dimension": "stores", "complement": True}, people=PEOPLE,
         expected={"out": ["l1", "p1"], "complement": [3, 4, 5]}),
    Case("what has no counterpart is lost", {"dimension": "stores"}, people=PEOPLE, expected={"out": ["l1", "p1"]}),
    Case("to many rows", {"dimension": "people", "complement": True}, arrived=[everyone("stores")], people=PEOPLE,
         scope={"dimension": "stores"}, expected={"out": [1, 2, 6], "complement": ["x"]}),
    Case("a column goes along from one of them by lot", {"dimension": "stores"}, people=PEOPLE,
         arrived=[some(1, 2, 6, mark=("string", {1: "a", 2: "b", 6: "c"}), score=("float", {1: 0.1}))],
         expected={"out": ["l1", "p1"]}),
    Case("a column gives way to one of the new dimension", {"dimension": "stores"}, people=PEOPLE,
         arrived=[some(1, 6, region=("string", {1: "a"}), mine=("integer", {1: 2**40}))],
         expected={"out": ["l1", "p1"]}),
    Case("of nobody", {"dimension": "stores", "complement": True}, arrived=[some()], people=PEOPLE,
         expected={"out": [], "complement": []}),
]  # fmt: skip
