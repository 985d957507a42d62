"""The plan: everyone is in it once, with a batch or the one reason not to."""

from __future__ import annotations

import hashlib

import ibis
import pyarrow as pa
import pytest

from orchcamp.datasets import engine, schema
from orchcamp.messaging import consent, plan
from orchcamp.messaging.models import ChannelConfiguration, Consent, Suppression
from tests.builders import make_shop


def configuration(**given) -> ChannelConfiguration:
    return ChannelConfiguration.objects.create(
        **{
            "slug": "news",
            "label": "News",
            "sender_name": "Shop",
            "sender_address": "news@example.org",
            "host": "127.0.0.1",
            "port": 2525,
            "security": "none",
        }
        | given
    )


def planned(table, given=None, **options) -> dict:
    given = given or configuration()
    expression = plan.make(
        table,
        **{"key": ["id"], "address_column": "email", "reference": "1-n1", "columns": {"name"}, "configuration": given}
        | options,
    )
    engine.write(expression, "runs/1/n1/plan", order_by=["batch", "message_id"])
    return {row["id"]: row for row in engine.rows(engine.table("runs/1/n1/plan"))}


def people(*addresses, **columns) -> ibis.Table:
    rows = {"id": list(range(1, len(addresses) + 1)), "email": list(addresses), "name": ["x"] * len(addresses)}
    return ibis.memtable(
        rows | columns,
        schema={"id": "int64", "email": "string", "name": "string"} | dict.fromkeys(columns, "boolean"),
    )


def reasons(rows: dict) -> list:
    return [rows[id]["reason"] for id in sorted(rows)]


def test_the_shop_gives_each_reason_once(db):
    make_shop()
    rows = planned(schema.load().table("people"), configuration(consent_column="consent"))
    assert reasons(rows) == [None, None, "no_consent", "no_address", "malformed", "duplicate"]
    assert plan.summary("runs/1/n1/plan") == (
        6, 2, {"no_address": 1, "malformed": 1, "duplicate": 1, "no_consent": 1}
    )  # fmt: skip
    assert rows[1]["message_id"] == hashlib.md5(b"1-n1:1").hexdigest()
    assert rows[1]["f_name"] == "Ann" and rows[3]["batch"] is None


def test_the_first_reason_is_the_only_one(db):
    given = configuration()
    Suppression.objects.create(address="a@example.org")
    consent.say("email", "a@example.org", granted=False, source="test")
    assert reasons(planned(people("a@example.org", "A@example.org "), given)) == ["no_consent", "duplicate"]


def test_the_last_word_goes_before_the_column(db):
    given = configuration(consent_column="ok")
    consent.say("email", "YES@example.org ", granted=True, source="test")
    consent.say("email", "no@example.org", granted=False, source="test")
    table = people("yes@example.org", "No@example.org", "c@example.org", "d@example.org", ok=[False, True, False, None])
    assert reasons(planned(table, given)) == [None, "no_consent", "no_consent", None]


def test_a_transactional_message_needs_no_consent_but_minds_suppression(db):
    given = configuration(consent_column="ok")
    Suppression.objects.create(address="b@example.org")
    table = people("a@example.org", "b@example.org", ok=[False, True])
    assert reasons(planned(table, given, category="transactional")) == [None, "suppressed"]


def test_a_suppressed_domain_takes_all_its_addresses_and_no_other(db):
    Suppression.objects.create(address="@example.org")
    Suppression.objects.create(address="sms@example.net", channel="sms")
    table = people("a@example.org", "a@sub.example.org", "b@EXAMPLE.org", "sms@example.net")
    assert reasons(planned(table)) == ["suppressed", None, "suppressed", None]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("a@example.org", None),
        ("o'neil+x@mail.example.co", None),
        ("a@bücher.example", None),
        (None, "no_address"),
        ("", "no_address"),
        ("  \t", "no_address"),
        ("plain", "malformed"),
        ("a@b", "malformed"),
        ("a b@example.org", "malformed"),
        ("a@@example.org", "malformed"),
        ("a@example..org", "malformed"),
        (".a@example.org", "malformed"),
        ("a@example.org\r\nRCPT TO:<b@example.org>", "malformed"),
        ("<a@example.org>", "malformed"),
        ("é@example.org", "malformed"),
        ("a@example.org,b@example.org", "malformed"),
        ("a" * 250 + "@example.org", "malformed"),
    ],
)
def test_addresses_are_judged(db, address, reason):
    assert reasons(planned(people(address))) == [reason]


def test_one_household_address_may_get_one_message_per_person_when_asked(db):
    assert reasons(planned(people("a@example.org", "a@example.org"), one_per_address=False)) == [None, None]


def test_batches_are_full_and_the_same_each_time(db):
    given = configuration()
    table = people(*[f"p{n}@example.org" if n % 5 else None for n in range(1, 101)])
    rows = planned(table, given, batch_size=30)
    assert plan.sizes("runs/1/n1/plan") == {0: 30, 1: 30, 2: 20}
    engine.drop("runs/1/n1/plan")
    assert planned(table, given, batch_size=30) == rows
    assert [row["message_id"] for row in plan.batch("runs/1/n1/plan", 2)] == sorted(
        row["message_id"] for row in rows.values() if row["batch"] == 2
    )


def test_a_column_called_like_the_plans_own_does_no_harm(db):
    table = ibis.memtable(pa.table({"address": ["k1"], "reason": ["because"], "email": ["a@example.org"]}))
    expression = plan.make(
        table, key=["address"], address_column="email", reference="r", columns={"reason", "address"},
        configuration=configuration(),
    )  # fmt: skip
    (row,) = engine.rows(expression)
    assert row["key_address"] == "k1" and row["address"] == "a@example.org" and row["reason"] is None
    assert plan.fields(row) == {"address": "k1", "reason": "because"}


def test_a_consent_column_that_is_not_there_is_refused_by_name(db):
    with pytest.raises(plan.PlanError, match="consent from column “gone”"):
        planned(people("a@example.org"), configuration(consent_column="gone"))


def test_what_is_blocked_now_is_asked_again_for_a_batch(db):
    Suppression.objects.create(address="@spam.example")
    consent.say("email", "no@example.org", granted=False, source="test")
    consent.say("email", "no@example.org", granted=False, source="again")
    assert Consent.objects.count() == 1
    addresses = ["No@example.org", "x@spam.example", "ok@example.org"]
    assert consent.blocked("email", addresses, marketing=True) == {
        "no@example.org": "no_consent", "x@spam.example": "suppressed",
    }  # fmt: skip
    assert consent.blocked("email", addresses, marketing=False) == {"x@spam.example": "suppressed"}
