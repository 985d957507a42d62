"""Wait: the rows go on as they came."""

from __future__ import annotations

from . import Case, some, untied

CASES = [
    Case(
        "with the columns that nodes added",
        {"type": "fixed", "at": "2026-12-01T09:00"},
        arrived=[some(1, 2, segment=("string", {1: "a"}), since=("date", {}))],
        expected={"out": [1, 2]},
    ),
    Case("until a weekday", {"type": "weekday", "weekday": "friday", "hour": "09:00"}, expected={"out": range(1, 9)}),
    Case(
        "rows without counterpart", {"type": "duration", "value": 2}, arrived=[untied()], expected={"out": [None, None]}
    ),
]
