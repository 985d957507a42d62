"""Push: whoever it goes to goes on; the plan takes any token."""

from __future__ import annotations

from . import Case, some, untied
from ._plans import plan

TEXT = {"configuration": "app", "title": "Hello", "body": "Come in.", "address": "email"}
CASES = [
    Case("the audience goes on", TEXT, arrived=[some(1, 2)], expected={"out": [1, 2]}),
    Case("any token", {}, tables=plan("push", TEXT | {"link": "https://example.org/{{ id }}"})),
    Case(
        "fields over a link",
        {},
        tables=plan("push", TEXT | {"body": "{{ home.region|default('there') }}", "one_per_address": False}),
    ),
    Case("rows without counterpart", {}, tables=plan("push", TEXT, untied(1, 2))),
]
