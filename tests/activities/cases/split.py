"""Split: rules, limits and orders; overlap and remainder."""

from __future__ import annotations

from typing import Any

from . import Case, everyone, some

PARIS = {"group": "and", "items": [{"attribute": "city", "operator": "equals", "value": "Paris", "ignore_case": True}]}
RICH = {"group": "and", "items": [{"attribute": "points", "operator": "greater_than", "value": 1}]}
ADULT = {"group": "except", "items": [{"group": "and"}, {"attribute": "age", "operator": "less_than", "value": 18}]}


def subsets(*listed: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"subsets": [{"code": code, **one} for code, one in zip("abc", listed, strict=False)], **more}


def limit(value: float, type: str = "number", of: str = "inbound") -> dict[str, Any]:
    return {"limit": {"type": type, "value": value, "of": of}}


CASES = [
    Case(
        "by rules, in their order",
        subsets({"rule": PARIS}, {"rule": RICH}, complement=True),
        expected={"a": [1, 2, 8], "b": [5, 7], "complement": [3, 4, 6]},
    ),
    Case(
        "overlapping",
        subsets({"rule": PARIS}, {"rule": RICH}, complement=True, overlap=True),
        expected={"a": [1, 2, 8], "b": [1, 5, 7, 8], "complement": [3, 4, 6]},
    ),
    Case("by lot", subsets(limit(3), limit(50, "percent", "remainder"), complement=True)),
    Case("percent of the inbound", subsets(limit(30, "percent"), limit(30, "percent"), complement=True)),
    Case(
        "the best, empty last",
        subsets({**limit(2), "sort": {"by": "points", "descending": True}}, complement=True),
        expected={"a": [5, 7], "complement": [1, 2, 3, 4, 6, 8]},
    ),
    Case("the first names", subsets({**limit(3), "sort": {"by": "name"}}), expected={"a": [1, 2, 4]}),
    Case(
        "rules with limits",
        subsets({"rule": ADULT, **limit(2)}, {"rule": RICH, **limit(50, "percent")}, {}, complement=True),
    ),
    Case("nobody arrives", subsets({"rule": PARIS}, limit(3), complement=True), arrived=[some()], expected={"a": []}),
    Case(
        "with a column that a node added",
        subsets(
            {"rule": {"group": "and", "items": [{"attribute": "score", "operator": "greater_than", "value": 1.5}]}},
            {**limit(1), "sort": {"by": "score"}},
            complement=True,
        ),
        arrived=[some(1, 2, 3, 4, score=("decimal", {1: 2, 2: 1, 3: 0}))],
        expected={"a": [1], "b": [3], "complement": [2, 4]},
    ),
    Case("a dimension of texts", subsets(limit(50, "percent"), complement=True), arrived=[everyone("stores")]),
]
CASES += [
    Case("all subsets in one transition", {"same_table": True, "complement": True, "subsets": [
        {"code": "a", "segment": "first", "limit": {"type": "number", "value": 2}, "sort": {"by": "age"}},
        {"code": "b", "limit": {"type": "percent", "value": 40, "of": "remainder"}}]}),
]  # fmt: skip
