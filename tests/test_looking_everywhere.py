"""Every address while looking as another: nothing is posted anywhere, and what they may read is read, writing nothing."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver, reverse

from tests.test_access import (  # noqa: F401 - its fixtures
    TABLE,
    address_of,
    data_dir,
    people,
    routes,
    stage,
    things,
)

ALLOWED = {"accounts:end_looking"}
OWN = ("accounts_browsersession", "accounts_auditentry", "cache_entries")


def eyes(people, name: str) -> Client:  # noqa: F811
    """ada, who looks as somebody."""
    client = Client()
    client.force_login(people["ada"])
    assert client.post(reverse("accounts:look", args=[people[name].pk])).status_code == 302
    return client


@pytest.mark.parametrize("name", sorted(TABLE))
def test_nothing_is_posted_anywhere_but_the_end(name, things, people, settings):  # noqa: F811
    settings.DEMO = True
    with transaction.atomic():
        client = eyes(people, "mark")
        with CaptureQueriesContext(connection) as queries:
            plain = client.post(address_of(name, things), TABLE[name].data)
            htmx = client.post(address_of(name, things), TABLE[name].data, headers={"HX-Request": "true"})
        written = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        transaction.set_rollback(True)
    if name in ALLOWED:
        assert plain.status_code == 302
        return
    assert (plain.status_code, htmx.status_code) == (403, 403)
    assert not [sql for sql in written if not any(table in sql for table in OWN)]


@pytest.mark.parametrize("who", ["anna"])
@pytest.mark.parametrize("name", [name for name, route in sorted(TABLE.items()) if route.get not in {"-", "token"}])
def test_what_the_other_may_read_is_read_and_nothing_is_written(name, who, things, people, settings):  # noqa: F811
    settings.DEMO = True
    with transaction.atomic():
        client = Client()
        client.force_login(people[who])
        theirs = client.get(address_of(name, things)).status_code
        transaction.set_rollback(True)
    with transaction.atomic():
        client = eyes(people, who)
        with CaptureQueriesContext(connection) as queries:
            seen = client.get(address_of(name, things)).status_code
        transaction.set_rollback(True)
    written = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert seen == (403 if name == "accounts:two_factor" else theirs)
    assert not [sql for sql in written if not any(table in sql for table in OWN)]


def test_the_administration_takes_no_post_either(people, things):  # noqa: F811
    """Every address of the administration, as another administrator."""
    addresses = set()
    for pattern in get_resolver().url_patterns:
        if getattr(pattern, "namespace", "") == "admin":
            for found in _named(pattern):
                addresses.add(found)
    with transaction.atomic():
        second = people["anna"]
        second.groups.set(people["ada"].groups.all())
        client = eyes(people, "anna")
        answers = {path: client.post(path).status_code for path in addresses}
        transaction.set_rollback(True)
    assert len(addresses) > 20
    assert {path: status for path, status in answers.items() if status != 403} == {}


def _named(resolver, before: str = "/") -> list[str]:
    found = []
    for pattern in resolver.url_patterns:
        here = before + str(resolver.pattern)
        if isinstance(pattern, URLPattern):
            path = here + str(pattern.pattern)
            if not path.startswith("/admin/(?P") and "(?P" not in path:
                for part, value in (
                    ("<int:import_id>", "1"),
                    ("<path:object_id>", "1"),
                    ("<int:content_type_id>", "1"),
                ):
                    path = path.replace(part, value)
                if "<" not in path:
                    found.append(path)
        else:
            found += _named(pattern, here)
    return found


def test_every_address_is_walked():
    assert sorted(TABLE) == sorted(routes(get_resolver()))
