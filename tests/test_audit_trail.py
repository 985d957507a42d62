"""Whatever a POST changes stands in the audit trail, and so does every file that is taken away; few are excepted, with a
reason each. Every address of the table of ``tests/test_access.py`` is asked, so a new one is asked too."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.test import Client

from orchcamp.accounts.models import AuditEntry
from tests.test_access import TABLE, WHO, address_of, data_dir, people, stage, things  # noqa: F401 - fixtures

# Tables in which it is only noted what a person looks at or arranges for themselves, or what a machine does.
OWN = {
    "django_session",
    "orchcamp_cache",
    "django_q_ormq",
    "django_q_task",
    "accounts_auditentry",
    "campaigns_presence",
    "campaigns_searchentry",
    "campaigns_beat",
    "accounts_browsersession",  # when a browser was seen last
    "campaigns_signal",  # a record itself: of what was refused too, and who sent it
    "datasets_attributemark",
}
UNTOLD = {  # addresses of which what they change is not told, and why
    "campaigns:arrange": "one's own columns",
    "campaigns:save_view": "one's own view",
    "campaigns:change_view": "one's own view",
    "campaigns:star": "one's own star",
    "campaigns:read_alert": "that one has read it",
    "campaigns:note_mention": "that one has read it",
    "campaigns:follow": "what one wants to be told of",
    "accounts:read_notification": "that one has read it",
    "accounts:read_notifications": "that one has read them",
    "accounts:notification_preferences": "what one wants to be written about",
    "datasets:filter_favourite": "one's own star",
}
DRAWN = {"campaigns:canvas_svg": "a drawing, without rows of anybody"}


def rows() -> dict[str, list[tuple]]:
    """Everything that is there, but what nobody has to be told of."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.django_table_names(only_existing=True)) - OWN):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own tables
            found[table] = sorted(cursor.fetchall(), key=str)
    return found


def actor(cast, word: str):
    """Somebody who gets through: the one who owns it, else who administers."""
    return cast["mark"] if "mark" in WHO[word] and "ada" not in WHO[word] else cast["ada"]


def deed(user, method: str, address: str, data: dict[str, str]):
    """The answer, the tables that it changed, and the entries it left; undone afterwards."""
    with transaction.atomic():
        client = Client()
        client.cookies[django_settings.SESSION_COOKIE_NAME] = user.session_key
        before = AuditEntry.objects.count()
        was = rows() if method == "post" else {}
        response = getattr(client, method)(address, data)
        if response.streaming:
            b"".join(response.streaming_content)
        now = rows() if method == "post" else {}
        entries = list(AuditEntry.objects.all()[: AuditEntry.objects.count() - before])
        transaction.set_rollback(True)
    return response, {table for table in now if now[table] != was[table]}, entries


POSTS = [name for name, route in TABLE.items() if route.post not in {"-", "token", "public"}]
ANSWERED = [(name, method) for name, route in TABLE.items() for method in ("get", "post")
            if getattr(route, method) not in {"-", "token", "public"}]  # fmt: skip


@pytest.mark.parametrize("name", POSTS)
def test_what_a_post_changes_stands_in_the_trail(name, things, people, settings):  # noqa: F811
    settings.DEMO = True
    route = TABLE[name]
    response, tables, entries = deed(actor(people, route.post), "post", address_of(name, things), route.data)
    assert response.status_code < 500
    if name in UNTOLD:
        assert not entries, f"{name} is told now: take it off the list"
    elif tables:
        assert entries, f"{name} wrote to {sorted(tables)} and says nothing"
        assert all(entry.source == "127.0.0.1" for entry in entries)


@pytest.mark.parametrize(("name", "method"), ANSWERED, ids=str)
def test_a_file_that_is_taken_away_stands_in_the_trail(name, method, things, people, settings):  # noqa: F811
    settings.DEMO = True
    route = TABLE[name]
    user = actor(people, getattr(route, method))
    response, _tables, entries = deed(user, method, address_of(name, things), route.data)
    taken = "attachment" in response.get("Content-Disposition", "")
    assert name in DRAWN or not taken or entries


def test_nothing_is_excepted_that_is_not_there():
    assert {*UNTOLD, *DRAWN} <= set(TABLE)
