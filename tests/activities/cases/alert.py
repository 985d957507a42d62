"""Alert: the rows go on."""

from __future__ import annotations

from . import Case, some, untied

TEXT = {"title": "Few: {{ rows }}", "message": "Only {{ rows }}."}
CASES = [
    Case("the rows go on", TEXT, arrived=[some(1, 2)], expected={"out": [1, 2]}),
    Case(
        "with columns that nodes added", TEXT, arrived=[some(1, 2, rank=("float", {1: 0.1}))], expected={"out": [1, 2]}
    ),
    Case("rows without counterpart", TEXT, arrived=[untied(1)], expected={"out": [1, None, None]}),
]
