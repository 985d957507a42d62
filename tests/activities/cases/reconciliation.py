"""Reconciliation: people tied to stores, with case, spaces, conditions and empty keys."""

from __future__ import annotations

from . import Case, everyone, some

PEOPLE = [
    {"id": 1, "city": "Paris", "name": "Ann"}, {"id": 2, "city": "paris", "name": "Bob"},
    {"id": 3, "city": " Lyon", "name": None}, {"id": 4, "city": "", "name": "Dee"},
    {"id": 5, "city": None, "name": "Eve"}, {"id": 6, "city": "Lyon", "name": "Fay"},
]  # fmt: skip
PAIRS = [{"source": "city", "destination": "region"}]
TIED = {"dimension": "stores", "pairs": PAIRS, "keep_unreconciled": False}
CASES = [
    Case("equal texts", {**TIED, "complement": True}, people=PEOPLE,
         expected={"out": ["l1", "p1"], "complement": [2, 3, 4, 5]}),
    Case("whatever their case and spaces", {**TIED, "ignore_case": True, "trim": True, "complement": True},
         people=PEOPLE, expected={"out": ["l1", "p1"], "complement": [4, 5]}),
    Case("rows without counterpart go on", {**TIED, "keep_unreconciled": True}, people=PEOPLE),
    Case("with columns that nodes added", {**TIED, "keep_unreconciled": True}, people=PEOPLE,
         arrived=[some(1, 2, 3, code=("string", {1: "own"}), mark=("decimal", {1: 1, 2: 2}))]),
    Case("several rows of the dimension fit", TIED, people=PEOPLE,
         stores=[{"code": "b", "region": "Paris"}, {"code": "a", "region": "Paris"}], expected={"out": ["a"]}),
    Case("a condition beside the pairs", {**TIED, "condition": "[name] <> 'Ann' and [there_code] <> 'x'"},
         people=PEOPLE, expected={"out": ["l1"]}),
    Case("a condition alone", {**TIED, "pairs": [], "condition": "Upper([there_region]) = Upper([city])"},
         people=PEOPLE, expected={"out": ["l1", "p1"]}),
    Case("only some rows of the dimension",
         {**TIED, "filter": {"attribute": "code", "operator": "not_equals", "value": "p1"}}, people=PEOPLE,
         expected={"out": ["l1"]}),
    Case("by number", {"dimension": "people", "pairs": [{"source": "age", "destination": "id"}], "complement": True},
         arrived=[everyone()]),
]  # fmt: skip
