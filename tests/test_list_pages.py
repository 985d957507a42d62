"""Every page that lists rows asks for little, and for no more when there are more rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings as configured
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from campaigns import finding
from orchcamp.accounts.models import User
from orchcamp.datasets import schema
from tests import crowd
from tests.list_pages import MOST_QUERIES, PAGES

pytestmark = pytest.mark.django_db
FEW, MANY = crowd.Amounts(10, 5, 5, shares=4), crowd.Amounts(50, 50, 50, shares=4)  # ten: a campaign of each status
OPEN = [name for name in PAGES if not name.startswith("admin") and name != "suppression"]
READERS = {  # a manager who reaches only what is shared, and an administrator
    "shared": OPEN,
    "chief": ["home", "campaigns", "search", *(name for name in PAGES if name not in OPEN)],
}
Asked = dict[tuple[str, str], list[int]]  # reader, page -> queries with few rows and with many


@pytest.fixture(scope="module")
def asked(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Asked]:
    """Both sizes looked at by everybody, once for all tests."""
    folder = tmp_path_factory.mktemp("lists")
    (folder / "lake").mkdir()
    with (
        override_settings(DATA_DIR=folder, LAKE_DIR=folder / "lake"),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        people, found, before = crowd.society(60, 5), {}, crowd.Amounts()
        for amounts in (FEW, MANY):
            crowd.fill(people, before, amounts)
            finding.refresh()
            schema.load()  # kept by each process until the data changes
            look(people.readers, found)
            before = amounts
        yield found
        transaction.set_rollback(True)


def look(readers: list[User], found: Asked) -> None:
    for reader in readers:
        client = Client()
        client.force_login(reader, backend=configured.AUTHENTICATION_BACKENDS[1])
        for name in READERS.get(reader.username, ()):
            with CaptureQueriesContext(connection) as queries:
                response = client.get(PAGES[name])
            assert response.status_code == 200, (name, response.status_code)
            asked = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
            found.setdefault((reader.username, name), []).append(len(asked))


@pytest.mark.parametrize(("reader", "name"), [(reader, name) for reader in READERS for name in READERS[reader]])
def test_a_list_asks_little_and_no_more_for_more_rows(asked, reader, name):
    few, many = asked[reader, name]
    assert many <= MOST_QUERIES
    assert many <= few
