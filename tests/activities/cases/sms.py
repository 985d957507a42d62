"""SMS: whoever it goes to goes on; the plan compares telephone numbers without blanks and brackets."""

from __future__ import annotations

from . import Case, some, untied
from ._plans import plan

TEXT = {"configuration": "texter", "text": "Hello {{ name }}", "address": "city"}
NUMBERS = {
    1: "+33 (0)6-12.34/56",
    2: "+33061 23456",
    3: "12",
    4: "++336123456",
    5: "",
    6: "0612345678",
    7: "O612345678",
}
CASES = [
    Case("the audience goes on", TEXT, arrived=[some(1, 2)], expected={"out": [1, 2]}),
    Case(
        "numbers as people write them",
        {},
        tables=plan(
            "sms",
            TEXT | {"address": "phone"},
            some(*range(1, 9), phone=("string", NUMBERS)),
            suppressed=["0612345678"],
        ),
    ),
    Case("texts that are no numbers", {}, tables=plan("sms", TEXT)),
    Case("a number over a link", {}, tables=plan("sms", TEXT | {"address": "home.region"})),
    Case("rows without counterpart", {}, tables=plan("sms", TEXT | {"text": "Hello {{ town }}"}, untied(1, 2))),
]
