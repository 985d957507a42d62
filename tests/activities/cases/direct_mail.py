"""Direct mail: whoever it goes to goes on; the plan writes the address in lines, with further columns."""

from __future__ import annotations

from . import Case, some, untied
from ._plans import plan

LETTER = {"configuration": "printer", "address": ["name", "city"], "columns": ["points"], "format": "xlsx"}
CASES = [
    Case("the audience goes on", LETTER, arrived=[some(1, 2)], expected={"out": [1, 2]}),
    Case("an address of lines, of which none may be empty", {}, tables=plan("direct_mail", LETTER)),
    Case(
        "one line, and several to one address",
        {},
        tables=plan("direct_mail", {"address": ["city"], "one_per_address": False}),
    ),
    Case("rows without counterpart", {}, tables=plan("direct_mail", LETTER, untied(1, 2))),
]
