"""Approval: the rows go on with the answer, or without one."""

from __future__ import annotations

from . import Case, some, untied

ASKED = {"title": "Send?", "group": "Approvers", "answers": [{"code": "yes"}, {"code": "no"}]}
LIMITED = ASKED | {"expiry": {"type": "duration", "value": 2, "unit": "days"}}
CASES = [
    Case("the rows go on with either answer", ASKED, arrived=[some(1, 2)], expected={"yes": [1, 2], "no": [1, 2]}),
    Case(
        "and when nobody answered, with the columns that nodes added",
        LIMITED,
        arrived=[some(1, 2, segment=("string", {1: "a"}))],
        expected={"yes": [1, 2], "no": [1, 2], "expired": [1, 2]},
    ),
    Case(
        "rows without counterpart", ASKED, arrived=[untied(1)], expected={"yes": [1, None, None], "no": [1, None, None]}
    ),
]
