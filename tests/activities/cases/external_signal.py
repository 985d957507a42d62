"""External signal: the rows wait and go on, by either way."""

from __future__ import annotations

from . import Case, everyone, some, untied

LATE = {
    "parameters": [{"name": "town", "type": "text", "value": "Paris"}],
    "expiry": {"type": "duration", "value": 2, "unit": "days"},
}
CASES = [
    Case("the rows go on", {}, arrived=[some(1, 2)], expected={"out": [1, 2]}),
    Case(
        "when it came and when it did not, with the columns that nodes added",
        LATE,
        arrived=[some(1, 2, rank=("decimal", {1: 1}), seen=("datetime", {}))],
        expected={"out": [1, 2], "expired": [1, 2]},
    ),
    Case(
        "rows without counterpart",
        LATE,
        arrived=[untied(1)],
        expected={"out": [1, None, None], "expired": [1, None, None]},
    ),
    Case("a dimension of texts", {}, arrived=[everyone("stores")], expected={"out": ["p1", "l1", "x"]}),
]
