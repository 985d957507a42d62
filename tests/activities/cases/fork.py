"""Fork: every branch gets the rows, or nobody where none arrive."""

from __future__ import annotations

from . import Case, everyone

BRANCHES = {"transitions": [{"code": "left", "label": "Left"}, {"code": "right"}]}
CASES = [
    Case("the rows go on in every branch", BRANCHES, expected={"left": range(1, 9), "right": range(1, 9)}),
    Case("a bare start has no rows", BRANCHES, arrived=(), expected={"left": [], "right": []}),
    Case("a dimension of texts", BRANCHES, arrived=[everyone("stores")], expected={"left": ["p1", "l1", "x"]}),
]
