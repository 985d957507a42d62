"""Combine: union, intersection, exclusion, with columns that only some sets have."""

from __future__ import annotations

from . import Case, everyone, some

ONE = some(1, 2, 3, segment=("string", {1: "a", 2: "a"}), score=("float", {1: 0.1, 3: 2.5}))
TWO = some(2, 3, 4, segment=("string", {2: "b", 4: "b"}))
CASES = [
    Case("a union of keys", {}, arrived=[some(1, 2), some(2, 3), some()], expected={"out": [1, 2, 3]}),
    Case("a union of one", {}, arrived=[ONE], expected={"out": [1, 2, 3]}),
    Case("a union keeps the columns of the first", {}, arrived=[ONE, TWO], expected={"out": [1, 2, 3, 4]}),
    Case(
        "an intersection",
        {"operation": "intersection", "complement": True},
        arrived=[ONE, TWO, everyone()],
        expected={"out": [2, 3], "complement": [1, 4, 5, 6, 7, 8]},
    ),
    Case(
        "an exclusion",
        {"operation": "exclusion", "complement": True},
        arrived=[everyone(), ONE, TWO],
        expected={"out": [5, 6, 7, 8], "complement": [1, 2, 3, 4]},
    ),
    Case("of nobody", {"operation": "exclusion"}, arrived=[some(), ONE], expected={"out": []}),
    Case(
        "texts as keys",
        {},
        arrived=[everyone("stores"), some("x", dimension="stores")],
        expected={"out": ["l1", "p1", "x"]},
    ),
    Case(
        "by columns, an intersection",
        {"operation": "intersection", "match": "columns", "columns": ["segment"], "complement": True},
        arrived=[ONE, TWO],
    ),
    Case("by columns, a union", {"match": "columns", "columns": ["segment"]}, arrived=[ONE, TWO]),
    Case(
        "another dimension taken away by equal columns",
        {
            "operation": "exclusion",
            "complement": True,
            "rules": [{"set": {"node": "n2", "port": "out"}, "pairs": [{"source": "region", "destination": "city"}]}],
        },
        arrived=[everyone(), everyone("stores")],
        scope={"choices": {}},
        expected={"out": [2, 4, 5, 7], "complement": [1, 3, 6, 8]},
    ),
]
ON_CITY = {"match": "columns", "columns": ["city"], "complement": True}
NEAR = some("p1", "x", dimension="stores", city=("string", {"p1": "Paris", "x": None}))
BY_CITY = {"set": {"node": "n2", "port": "out"}, "pairs": [{"source": "region", "destination": "city"}]}
CASES += [
    Case("a union that keeps the columns of the primary set", {"kept_columns": "primary",
         "primary": {"node": "n2", "port": "out"}}, arrived=[TWO, ONE], expected={"out": [1, 2, 3, 4]}),
    Case("a union of two dimensions on a column", ON_CITY, arrived=[everyone(), NEAR], scope={"dimension": ""}),
    Case("a union of one dimension on a column", ON_CITY, arrived=[some(1, 3), everyone()], scope={"dimension": ""}),
    Case("an intersection on a column", {**ON_CITY, "operation": "intersection"}, arrived=[everyone(), NEAR],
         scope={"dimension": ""}),
    Case("an exclusion on a column", {**ON_CITY, "operation": "exclusion"}, arrived=[everyone(), NEAR],
         scope={"dimension": ""}, expected={"out": [2, 3, 4, 5, 6, 7], "complement": [1, 8]}),
    Case("an exclusion of another dimension by equal columns", {"operation": "exclusion", "rules": [BY_CITY]},
         arrived=[everyone(), everyone("stores")], scope={"dimension": ""}, expected={"out": [2, 4, 5, 7]}),
    Case("an exclusion of another dimension over a link",
         {"operation": "exclusion", "rules": [{"set": {"node": "n2", "port": "out"}, "link": "home"}]},
         arrived=[everyone(), everyone("stores")], people=[{"id": 1, "city": "p1"}, {"id": 2, "city": None}],
         scope={"dimension": ""}, expected={"out": [2]}),
]  # fmt: skip
NO_CITY = some(4, 5, 6)  # "", null and Lyon
CASES += [
    Case("an empty text is equal to none: a union", ON_CITY, arrived=[some(4), NO_CITY, some(3, 5)],
         scope={"dimension": ""}, expected={"out": [4, 5, 6]}),
    Case("an empty text is equal to none: an intersection", {**ON_CITY, "operation": "intersection"},
         arrived=[everyone(), NO_CITY], scope={"dimension": ""}, expected={"out": [3, 6]}),
    Case("an empty text is equal to none: an exclusion", {**ON_CITY, "operation": "exclusion"},
         arrived=[some(3, 4, 5), NO_CITY], scope={"dimension": ""}, expected={"out": [4, 5], "complement": [3]}),
    Case("an empty text is equal to none: by pairs", {"operation": "exclusion", "rules": [BY_CITY]},
         arrived=[everyone(), everyone("stores")], stores=[{"code": "e", "region": ""}, {"code": "l", "region": "Lyon"}],
         scope={"dimension": ""}, expected={"out": [1, 2, 4, 5, 7, 8]}),
]  # fmt: skip
