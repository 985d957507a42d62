"""Sessions: listed in words, ended from elsewhere, and noted without work for every page."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orchcamp.accounts import devices, forgetting
from orchcamp.accounts.models import AuditEntry, BrowserSession, PeopleImport

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/account/"}


def browser(name: str = "mark", agent: str = FIREFOX, address: str = "10.0.0.1") -> Client:
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    assert client.post("/login", {"username": name, "password": "correct horse"}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_account_lists_where_one_is_signed_in_and_marks_this_browser(mark):
    browser(agent=IPHONE, address="10.0.0.2")
    page = browser().get("/account/").content.decode()
    assert "Firefox on Windows" in page and "Safari on iPhone" in page
    assert "10.0.0.1" in page and "10.0.0.2" in page and "by password" in page
    assert page.count("This browser") == 1
    assert page.index("This browser") > page.index("Firefox on Windows")


def test_the_keys_of_sessions_are_on_no_page(client, ada, mark):
    other = browser()
    client.force_login(ada)
    keys = BrowserSession.objects.values_list("session_key", flat=True)
    pages = other.get("/account/").content.decode() + client.get(f"/people/{mark.pk}").content.decode()
    assert not any(key in pages for key in keys)


def test_one_other_browser_is_signed_out_and_asked_to_sign_in_at_its_next_request(mark):
    here, there = browser(), browser(agent=IPHONE)
    handle = BrowserSession.objects.get(agent=IPHONE).handle
    assert here.post("/account/sessions", {"handle": handle}).status_code == 302
    assert is_in(here)
    assert there.get("/account/", headers=HTMX)["HX-Redirect"].startswith("/login?next=")
    assert there.get("/account/")["Location"].startswith("/login?next=")
    entry = AuditEntry.objects.get(verb="ended a session")
    assert entry.facts == {"device": "Safari on iPhone", "address": "10.0.0.1"}


def test_all_others_are_signed_out(mark):
    here, *others = browser(), browser(), browser(agent=IPHONE)
    here.post("/account/sessions")
    assert is_in(here)
    assert not any(is_in(each) for each in others)
    assert AuditEntry.objects.get(verb="ended all other sessions").facts["n"] == 2


def test_nobody_ends_the_session_of_another_on_their_own_page(mark, vera):
    there, here = browser("vera"), browser()
    here.post("/account/sessions", {"handle": BrowserSession.objects.get(user=vera).handle})
    assert is_in(there)


def test_an_administrator_sees_and_ends_those_of_anybody(client, ada, mark):
    there = browser()
    client.force_login(ada)
    page = client.get(f"/admin/accounts/user/{mark.pk}/signing-in", follow=True)
    assert "Firefox on Windows" in page.content.decode()
    client.post(f"/people/{mark.pk}/sessions")
    assert not is_in(there)
    assert is_in(client)
    assert AuditEntry.objects.get(verb="ended all sessions").actor == ada


def test_another_password_ends_the_others(mark):
    here, there = browser(), browser()
    new = {"new_password1": "longer and better", "new_password2": "longer and better"}
    here.post("/account/", {"part": "password", "old_password": "correct horse", **new})
    assert is_in(here)
    assert not is_in(there)
    assert BrowserSession.objects.filter(user=mark).count() == 1


def test_another_password_by_an_administrator_ends_all(client, ada, mark):
    there = browser()
    client.force_login(ada)
    new = {"password1": "longer and better", "password2": "longer and better", "usable_password": "true"}
    assert client.post(f"/admin/accounts/user/{mark.pk}/password/", new).status_code == 302
    assert not BrowserSession.objects.filter(user=mark).exists()
    assert not is_in(there)


def test_who_is_deactivated_is_signed_out(client, ada, mark):
    there = browser()
    client.force_login(ada)
    client.post(f"/admin/accounts/user/{mark.pk}/change/", {"username": "mark", "email": mark.email})
    assert not BrowserSession.objects.filter(user=mark).exists()
    assert not is_in(there)


def test_signing_out_takes_the_row_away(mark):
    browser().post("/logout")
    assert not BrowserSession.objects.filter(user=mark).exists()


def test_a_sign_of_life_is_written_once_a_minute_and_costs_no_other_query(mark):
    with time_machine.travel(datetime.fromisoformat("2030-05-01T12:00+00:00"), tick=False) as clock:
        client = browser()
        client.get("/account/")
        for seconds, writes in ((10, 0), (40, 0), (15, 1), (10, 0), (60, 1)):
            clock.shift(seconds)
            with CaptureQueriesContext(connection) as queries:
                client.get("/account/tokens")  # refused: nothing but session and person is read
            about = [query["sql"] for query in queries if "accounts_browsersession" in query["sql"]]
            assert len(about) == 1 + writes
        row = BrowserSession.objects.get()
        assert row.last_seen_at - row.signed_in_at == timedelta(seconds=135)


def test_what_a_session_holds_survives_a_sign_of_life(mark):
    """The sign is written into its own column: a slow request never writes back what it read a while ago."""
    client = browser()
    row = BrowserSession.objects.get()
    BrowserSession.objects.update(last_seen_at=row.last_seen_at - timedelta(hours=1))
    held = BrowserSession.objects.get().session_data
    client.get("/account/tokens")
    now = BrowserSession.objects.get()
    assert now.session_data == held
    assert now.last_seen_at > row.last_seen_at - timedelta(minutes=5)


def test_a_person_takes_their_sessions_along(mark):
    browser()
    mark.delete()
    assert not BrowserSession.objects.exists()


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (FIREFOX, "Firefox on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/537 Chrome/140 Safari/537 Edg/140",
            "Edge on macOS",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "A program (curl)"),
        ("", "Unknown"),
        ("<script>alert(1)</script>" * 50, "A program (<script>alert(1)<)"),
    ],
)
def test_a_browser_in_words(agent, told):
    assert devices.words(agent) == told


def test_what_ran_out_is_forgotten_with_files_that_nobody_applied(mark):
    client = browser()
    old = timezone.now() - timedelta(days=2)
    browser(agent=IPHONE)
    BrowserSession.objects.filter(agent=IPHONE).update(expire_date=old)
    PeopleImport.objects.create(by=mark, name="old.csv", text="username\nx", made_at=old)
    PeopleImport.objects.create(by=mark, name="new.csv", text="username\nx")
    forgetting.forget()
    assert is_in(client)
    assert BrowserSession.objects.count() == 1
    assert PeopleImport.objects.get().name == "new.csv"


def test_who_has_no_password_is_not_asked_to_change_it(client, mark):
    mark.set_unusable_password()
    mark.save()
    client.force_login(mark)
    assert "you have no password here" in client.get("/account/").content.decode()
