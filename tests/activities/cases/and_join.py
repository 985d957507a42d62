"""And-join: the rows of one set, with those of the others as lost."""

from __future__ import annotations

from . import Case, everyone, some

CASES = [
    Case("the first", {}, arrived=[some(1, 2), everyone()], expected={"out": [1, 2]}),
    Case(
        "a named one with a column",
        {"primary": {"node": "n2", "port": "out"}},
        arrived=[everyone(), some(1, 3, mark=("string", {1: "a"}))],
        expected={"out": [1, 3]},
    ),
    Case("whose way was not taken", {"primary": {"node": "n9", "port": "out"}}, expected={"out": []}),
]
