"""One story for every activity type: how a person builds it, and the rows that a test and a live run give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from django.core.management import call_command

from campaigns.models import Alert, NodeRun, Run, RunFile, Signal
from orchcamp.datasets import audiences, engine, schema
from orchcamp.datasets.models import Audience, Dataset
from orchcamp.messaging.models import Delivery
from tests.campaigns.hands_stage import Hands

PARIS = json.dumps({"attribute": "city", "operator": "equals", "value": "Paris"})  # 1, 3 and 6
CONSENTS = json.dumps({"attribute": "consent", "operator": "equals", "value": True})  # 1, 2, 5 and 6
NOBODY = json.dumps({"attribute": "city", "operator": "equals", "value": "Atlantis"})
CLIENTS = "mail,gift,spent\nann@example.org,tea,12\nnobody@example.org,mug,7\nbob@example.org,pot,many\n"
Rows = dict[str, dict[str, int]]
Goes = Callable[[Hands, Run], Run]


@dataclass
class Told:
    """What a story says comes out."""

    test: Rows
    live: Rows | None = None  # the same as in a test, unless something else is said
    goes_on: Goes = lambda hands, run: run  # what people do on the screens while it is live
    command: dict[str, Any] = field(default_factory=dict)  # and what they say to ``run_campaign --live`` instead
    again: Callable[[str], None] | None = None  # or do between two of its calls
    left: Callable[[str], Any] = lambda slug: None  # what a live run of the campaign leaves behind
    leaves: Any = None


STORIES: dict[str, Callable[[Hands], Told]] = {}


def story(type: str) -> Callable[[Callable[[Hands], Told]], Callable[[Hands], Told]]:
    def keep(tell: Callable[[Hands], Told]) -> Callable[[Hands], Told]:
        STORIES[type] = tell
        return tell

    return keep


def people(hands: Hands, rule: str = "", after: str = "", dimension: str = "people") -> str:
    """An audience that the stories begin with."""
    return hands.put("build_audience", after, dimension=dimension, **({"rule": rule} if rule else {}))


# --- Data -----------------------------------------------------------------------------------------------


@story("build_audience")
def build_audience(hands: Hands) -> Told:
    a = people(hands, PARIS)
    hands.put("end", a)
    return Told({a: {"out": 3}})


@story("read_audience")
def read_audience(hands: Hands) -> Told:
    audiences.create("VIPs", Dataset.objects.get(slug="people"), slug="vips")
    saved, rows = Audience.objects.get(slug="vips"), schema.load().table("people")
    audiences.save(saved, audiences.Rows(rows.filter(rows.id <= 2).select("id")))
    a = hands.put("read_audience", audience="vips")
    hands.put("end", a)
    return Told({a: {"out": 2}})


@story("incremental_query")
def incremental_query(hands: Hands) -> Told:
    a = hands.put("incremental_query", dimension="people", rule=CONSENTS, mode="date", date_column="joined")
    hands.put("end", a)
    return Told({a: {"out": 4}})


@story("load_file")
def load_file(hands: Hands) -> Told:
    a = hands.put("load_file")
    hands.upload(a, "clients.csv", CLIENTS)
    hands.fill(a, columns__2__type="integer", errors_allowed="1", keep_rejects=True)
    hands.put("end", a)
    hands.put("end", f"{a}.rejects")
    return Told({a: {"out": 2, "rejects": 1}})


@story("extract_file")
def extract_file(hands: Hands) -> Told:
    a = people(hands, PARIS)
    e = hands.put(
        "extract_file", a, columns__0__source="id", columns__1__expression="Upper([city])", columns__1__label="town",
        file_name="people-{{ campaign }}", sort__0__by="id", sort__0__descending=True,
    )  # fmt: skip
    hands.put("end", e)
    return Told({a: {"out": 3}, e: {"out": 3}}, left=written, leaves="id,town\n6,PARIS\n3,PARIS\n1,PARIS\n")


def written(slug: str) -> str:
    file = RunFile.objects.filter(run__campaign__slug=slug, run__mode="live").get()
    return (engine.root() / file.path).read_text()


@story("update_data")
def update_data(hands: Hands) -> Told:
    a = people(hands, PARIS)
    u = hands.put(
        "update_data", a, dataset="cards", operation="update", identification__0__source="id",
        identification__0__destination="person", fields__0__destination="points", fields__0__expression="[id] * 10",
    )  # fmt: skip
    hands.put("end", u)
    hands.put("end", f"{u}.rejects")
    rows = {a: {"out": 3}, u: {"out": 3, "rejects": 1}}
    return Told(
        {a: {"out": 3}, u: {"out": 3, "rejects": 0}},
        rows,
        left=lambda slug: points(),
        leaves={1: 10.0, 2: None, 3: 30.0},
    )


def points() -> dict[int, float | None]:
    return {row["person"]: row["points"] for row in engine.rows(schema.load().table("cards"))}


@story("webhook")
def webhook(hands: Hands) -> Told:
    a = people(hands, PARIS)
    w = hands.put("webhook", a, url=hands.stage["program"].url, columns__0__source="id", batch_size="2")
    hands.put("end", w)
    return Told({a: {"out": 3}, w: {"out": 3, "rejects": 0}}, left=lambda slug: called(hands), leaves=[1, 3, 6])


def called(hands: Hands) -> list[int]:
    ids = sorted(row["id"] for row in hands.stage["program"].rows)
    hands.stage["program"].calls.clear()
    return ids


# --- Targeting ------------------------------------------------------------------------------------------


@story("split")
def split(hands: Hands) -> Told:
    a = people(hands)
    s = hands.put(
        "split", a, subsets__0__label="Parisians", subsets__0__code="paris", subsets__0__rule=PARIS,
        subsets__1__label="Half", subsets__1__code="half", subsets__1__limit__type="percent",
        subsets__1__limit__value="50", subsets__1__limit__of="remainder", complement=True,
    )  # fmt: skip
    for port in ("paris", "half", "complement"):
        hands.put("end", f"{s}.{port}")
    return Told({a: {"out": 6}, s: {"paris": 3, "half": 1, "complement": 2}})


@story("combine")
def combine(hands: Hands) -> Told:
    a, b = people(hands, PARIS), people(hands, CONSENTS)
    c = hands.put("combine", a, operation="intersection", complement=True)
    hands.join(b, c)
    hands.put("end", c)
    hands.put("end", f"{c}.complement")
    return Told({a: {"out": 3}, b: {"out": 4}, c: {"out": 2, "complement": 3}})


@story("deduplication")
def deduplication(hands: Hands) -> Told:
    a = people(hands)
    d = hands.put("deduplication", a, expressions="Lower([email])", complement=True)
    hands.put("end", d)
    hands.put("end", f"{d}.complement")
    return Told({a: {"out": 6}, d: {"out": 5, "complement": 1}})


@story("enrichment")
def enrichment(hands: Hands) -> Told:
    a = people(hands)
    e = hands.put(
        "enrichment", a, data__0__kind="aggregate", data__0__link="purchases", data__0__aggregate="count",
        data__0__alias="bought", data__1__kind="collection", data__1__link="purchases",
        data__1__columns=["amount"], data__1__lines="2", data__1__sort__by="amount", data__1__alias="item",
    )  # fmt: skip
    twice = {"attribute": "bought", "operator": "greater_or_equal", "value": 2}
    dear = {"attribute": "item2_amount", "operator": "greater_or_equal", "value": 100}
    rule = json.dumps({"group": "and", "items": [twice, dear]})
    s = hands.put("split", e, subsets__0__code="dear", subsets__0__rule=rule, complement=True)
    hands.put("end", f"{s}.dear")
    return Told({a: {"out": 6}, e: {"out": 6}, s: {"dear": 2, "complement": 4}})


@story("reconciliation")
def reconciliation(hands: Hands) -> Told:
    f = hands.put("load_file")
    hands.upload(f, "clients.csv", CLIENTS)
    r = hands.put(
        "reconciliation", f, dimension="people", pairs__0__source="mail", pairs__0__destination="email",
        complement=True,
    )  # fmt: skip
    hands.put("end", r)
    hands.put("end", f"{r}.complement")
    return Told({f: {"out": 3, "rejects": 0}, r: {"out": 2, "complement": 1}})


@story("change_dimension")
def change_dimension(hands: Hands) -> Told:
    a = people(hands)
    c = hands.put("change_dimension", a, dimension="purchases", complement=True)
    hands.put("end", c)
    hands.put("end", f"{c}.complement")
    return Told({a: {"out": 6}, c: {"out": 5, "complement": 3}})


@story("save_audience")
def save_audience(hands: Hands) -> Told:
    a = people(hands, PARIS)
    s = hands.put(
        "save_audience", a, audience="parisians", label="Parisians", operation="overwrite", columns__0__column="city",
        out=True,
    )  # fmt: skip
    hands.put("end", s)
    return Told({a: {"out": 3}, s: {"out": 3}}, left=lambda slug: members("parisians"), leaves=[1, 3, 6])


def members(slug: str) -> list[int]:
    return sorted(row["id"] for row in engine.rows(schema.load().audience_table(slug)))


# --- Flow -----------------------------------------------------------------------------------------------


@story("fork")
def fork(hands: Hands) -> Told:
    f = hands.put("fork", transitions__0__code="one", transitions__1__code="two", transitions__1__label="Second")
    a, b = people(hands, PARIS, f"{f}.one"), people(hands, CONSENTS, f"{f}.two")
    hands.put("end", a)
    hands.put("end", b)
    return Told({a: {"out": 3}, b: {"out": 4}})


@story("and_join")
def and_join(hands: Hands) -> Told:
    a, b, none = people(hands, PARIS), people(hands, CONSENTS), people(hands, NOBODY)
    j = hands.put("and_join", a)
    hands.join(none, j)
    hands.join(b, j)
    hands.fill(j, primary=f"{b}:out")
    hands.put("end", j)
    return Told({a: {"out": 3}, b: {"out": 4}, j: {"out": 4}})


@story("wait")
def wait(hands: Hands) -> Told:
    a = people(hands, PARIS)
    w = hands.put("wait", a, type="duration", value="1", unit="seconds")
    hands.put("end", w)
    return Told({a: {"out": 3}, w: {"out": 3}})


@story("test")
def test(hands: Hands) -> Told:
    a = people(hands, PARIS)
    t = hands.put(
        "test", a, conditions__0__code="many", conditions__0__label="Many", conditions__0__value="3",
        conditions__1__code="three", conditions__1__operator="equals", conditions__1__value="3",
    )  # fmt: skip
    hands.put("end", f"{t}.many")
    hands.put("end", f"{t}.three")
    return Told({a: {"out": 3}, t: {"three": 3}})


@story("approval")
def approval(hands: Hands) -> Told:
    a = people(hands, PARIS)
    q = hands.put("approval", a, title="Send to {{ rows }}?", group="Approver", answers__1__label="Not now")
    yes, no = hands.put("wait", f"{q}.yes", type="fixed", at="2026-01-01T09:00"), hands.put("end", f"{q}.no")
    hands.put("end", yes)
    return Told(
        {a: {"out": 3}, q: {"yes": 3}, yes: {"out": 3}},
        {a: {"out": 3}, q: {"no": 3}},
        goes_on=lambda hands, run: hands.answer(run, "no"),
        command={"answer": [f"{q}=no"], "by": "anna"},
        left=lambda slug: ended(slug, no),
        leaves="succeeded",
    )


def ended(slug: str, node: str) -> str:
    """How a node ended in the live run."""
    return NodeRun.objects.get(run__campaign__slug=slug, run__mode="live", node_id=node).status


@story("alert")
def alert(hands: Hands) -> Told:
    a = people(hands, PARIS)
    w = hands.put("alert", a, title="Only {{ rows }}", message="See {{ campaign }}.", severity="warning")
    hands.put("end", w)
    said = Alert.objects.values_list("title", "severity")
    return Told(
        {a: {"out": 3}, w: {"out": 3}},
        left=lambda slug: list(said.filter(run__campaign__slug=slug)),
        leaves=[("Only 3", "warning")],
    )


@story("external_signal")
def external_signal(hands: Hands) -> Told:
    first = people(hands, CONSENTS)
    s = hands.put("external_signal", first, parameters__0__name="town", parameters__0__value="Lyon")
    rule = json.dumps({"attribute": "city", "operator": "equals", "value": {"variable": "town"}})
    a = people(hands, rule, s)
    hands.put("end", a)
    return Told(
        {s: {"out": 4}, a: {"out": 1}},
        {s: {"out": 4}, a: {"out": 3}},
        goes_on=lambda hands, run: hands.signal(run, town="Paris"),
        again=lambda slug: call_command("send_signal", slug, by="anna", parameter=["town=Paris"]),
    )


@story("end")
def end(hands: Hands) -> Told:
    hands.stage["listener"]()
    a = people(hands, PARIS)
    hands.put(
        "end", a, signal__campaign="listener", signal__parameters__0__name="rows",
        signal__parameters__0__value="{{ rows }}",
    )  # fmt: skip
    return Told({a: {"out": 3}}, left=lambda slug: sent_signals(), leaves=["3"])


def sent_signals() -> list[Any]:
    call_command("run_campaign", "listener", "--live", stdout=StringIO())
    found = [signal.parameters["rows"] for signal in Signal.objects.all()]
    Signal.objects.all().delete()
    return found


# --- Channels -------------------------------------------------------------------------------------------


def channel(type: str, prepared: int, excluded: dict[str, int], dimension: str = "people", **fields: Any) -> None:
    """A story of a channel: everybody is targeted, and the plan says who is left out and why."""

    @story(type)
    def tell(hands: Hands) -> Told:
        a = people(hands, dimension=dimension)
        m = hands.put(type, a, configuration=hands.stage["configuration"](type), **fields)
        hands.put("end", m)
        all = prepared + sum(excluded.values())
        return Told(
            {a: {"out": all}},
            {a: {"out": all}, m: {"out": all}},
            goes_on=(lambda hands, run: hands.confirm(run, m)) if type == "email" else Told.goes_on,
            command={"confirm_by": "anna"} if type == "email" else {},
            left=planned,
            leaves=[(all, prepared, excluded)],
        )


def planned(slug: str) -> list[tuple[int, int, dict[str, int]]]:
    return list(Delivery.objects.filter(campaign=slug).values_list("targeted", "prepared", "excluded"))


channel(
    "email", 2, {"no_address": 1, "malformed": 1, "duplicate": 1, "no_consent": 1},
    subject="Hello {{ name }}", format="html", body="<p>Hello {{ name }}</p>",
)  # fmt: skip
channel("sms", 2, {"no_address": 1, "malformed": 1}, "folk", text="Hello {{ name }}", address="phone")
channel("push", 3, {"no_address": 1}, "folk", title="Hello", body="{{ name }}", address="token")
channel("direct_mail", 2, {"no_address": 2}, "folk", address=["name", "street"], columns=["id"])
