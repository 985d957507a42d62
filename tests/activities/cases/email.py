"""Email: whoever it goes to goes on; the plan has every row once, with the message's fields or the reason."""

from __future__ import annotations

from . import Case, some, untied
from ._plans import plan

MAIL = {"configuration": "newsletter", "subject": "Hello", "format": "html", "body": "<p>Hi</p>"}
FIELDS = MAIL | {"subject": "{{ name|default('you') }} of {{ city }}", "body": "<p>{{ points }} {{ age }}</p>"}
LISTS = MAIL | {"body": "{% for i in item %}{{ i.name }}{% endfor %}"}
CASES = [
    Case("the audience goes on", MAIL, arrived=[some(1, 2)], expected={"out": [1, 2]}),
    Case("no address, equal addresses, fields of every type", {}, tables=plan("email", FIELDS)),
    Case("several to one address", {}, tables=plan("email", FIELDS | {"one_per_address": False})),
    Case(
        "those who said no, by address or column, and those who are suppressed, by address or domain",
        {},
        tables=plan(
            "email",
            MAIL,
            suppressed=["zoe@example.org", "@example.com"],
            said_no=["eve@example.org"],
            consent_column="age",
        ),
    ),
    Case(
        "a transactional message asks for no consent",
        {},
        tables=plan(
            "email", MAIL | {"category": "transactional"}, said_no=["eve@example.org"], suppressed=["o@example.org"]
        ),
    ),
    Case(
        "an address that a node added, odd ones too",
        {},
        tables=plan(
            "email",
            MAIL | {"address": "other"},
            some(1, 2, 3, 4, other=("string", {1: " Émile@exämple.org ", 2: "a b@c.d", 3: "a@b", 4: "x@y.z\n"})),
        ),
    ),
    Case(
        "the items of a list",
        {},
        tables=plan(
            "email", LISTS, some(1, 2, item1_name=("string", {1: "pot"}), item2_name=("string", {1: "pan", 2: "cup"}))
        ),
    ),
    Case("rows without counterpart", {}, tables=plan("email", FIELDS, untied(1, 2))),
]
