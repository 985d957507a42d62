"""Signing in and out, one's own account, and what happens when a session is over."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from orchcamp.accounts.models import AuditEntry, User

LOGIN = "/login"
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/account/?a=1"}


@pytest.fixture
def strict(db) -> Client:
    """A browser whose forms need their token."""
    return Client(enforce_csrf_checks=True)


def sign_in(client, name: str = "mark", password: str = "correct horse", **more):
    return client.post(LOGIN, {"username": name, "password": password, **more})


def test_the_right_password_opens_the_start_page(client, mark):
    assert sign_in(client)["Location"] == reverse("campaigns:home")


def test_a_wrong_password_says_so_and_keeps_the_name(client, mark):
    answer = sign_in(client, password="wrong")
    assert answer.status_code == 200
    assert "callout-red" in answer.content.decode()
    assert 'value="mark"' in answer.content.decode()
    assert "wrong" not in answer.content.decode()


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/account/", "/account/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_stays_on_this_site(client, mark, wanted, reached):
    assert sign_in(client, next=wanted)["Location"] == reached


def test_too_many_failures_close_the_door_for_a_while(client, mark):
    for _attempt in range(8):
        answer = sign_in(client, password="wrong")
    assert answer.status_code == 429
    assert "15 minutes" in answer.content.decode()
    assert sign_in(client).status_code == 429  # the right password does not help either
    assert sign_in(Client(REMOTE_ADDR="10.0.0.9")).status_code == 302  # nobody can lock a colleague out from elsewhere


def test_the_four_demo_people_are_offered_in_the_demo_only(client, db, settings):
    assert "orchcamp</code>" not in client.get(LOGIN).content.decode()
    settings.DEMO = True
    page = client.get(LOGIN).content.decode()
    for name in ("administrator", "approver", "manager", "viewer"):
        assert f'name="username" value="{name}"' in page


def test_signing_out_needs_a_post(client, mark):
    client.force_login(mark)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout")["Location"] == LOGIN
    assert client.get("/account/").status_code == 302


def test_an_expired_session_makes_htmx_load_the_whole_page_and_come_back(client, db):
    answer = client.get("/account/", headers=HTMX)
    assert answer["HX-Redirect"] == "/login?next=%2Faccount%2F%3Fa%3D1"
    assert "<form" not in answer.content.decode()
    assert client.get("/account/")["Location"] == "/login?next=/account/"


def test_the_address_of_another_site_is_no_way_back(client, db):
    answer = client.get("/account/", headers=HTMX | {"HX-Current-URL": "https://evil.example/x"})
    assert "evil" not in answer["HX-Redirect"]


def test_one_changes_one_s_own_name_only(client, mark, vera):
    client.force_login(mark)
    data = {"part": "details", "first_name": "Marcus", "last_name": "M", "email": "m@example.org"}
    answer = client.post("/account/", data | {"username": "root", "is_superuser": "on", "id": vera.pk}, follow=True)
    assert "Your details are saved." in answer.content.decode()
    row = User.objects.get(pk=mark.pk)
    assert (row.first_name, row.username, row.is_superuser) == ("Marcus", "mark", False)


def test_a_bad_address_is_explained_and_nothing_is_saved(client, mark):
    client.force_login(mark)
    answer = client.post("/account/", {"part": "details", "first_name": "X", "email": "nonsense"})
    assert "valid email" in answer.content.decode()
    assert User.objects.get(pk=mark.pk).first_name == "Mark"


def test_a_new_password_keeps_this_browser_signed_in_and_signs_the_others_out(client, mark):
    other = Client()
    for browser in (client, other):
        browser.force_login(mark)
    new = {"new_password1": "longer and better", "new_password2": "longer and better"}
    assert client.post("/account/", {"part": "password", "old_password": "not mine", **new}).status_code == 200
    assert client.post("/account/", {"part": "password", "old_password": "correct horse", **new}).status_code == 302
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert AuditEntry.objects.get(verb="changed the password").actor == mark


def test_the_account_says_what_one_may_do(client, vera, mallory):
    client.force_login(vera)
    assert "See reports" in client.get("/account/").content.decode()
    client.force_login(mallory)
    assert "Ask an administrator" in client.get("/account/").content.decode()


def test_a_form_without_its_token_is_refused_in_words(strict, mark):
    answer = sign_in(strict)
    assert answer.status_code == 403
    assert "reload it" in answer.content.decode()
    strict.force_login(mark)
    answer = strict.post("/account/", headers=HTMX)
    assert (answer.status_code, answer["Content-Type"]) == (403, "text/plain; charset=utf-8")


def test_a_page_that_is_not_there_is_drawn_for_strangers_and_for_people(client, mark):
    stranger = client.get("/nowhere")
    client.force_login(mark)
    person = client.get("/nowhere")
    assert (stranger.status_code, person.status_code) == (404, 404)
    assert 'class="sidebar"' not in stranger.content.decode()
    assert 'class="sidebar"' in person.content.decode()
    assert client.get("/nowhere", headers=HTMX).content.decode().startswith("This is not here")


def test_the_menu_shows_what_one_may_open(client, ada, vera, mallory):
    def menu(person):
        client.force_login(person)
        page = client.get("/account/").content.decode()
        return page[page.index('class="menu-groups"') : page.index("</nav>")]

    assert all(address in menu(ada) for address in ('href="/data/"', 'href="/admin/"', 'href="/campaigns/"'))
    assert 'href="/campaigns/"' in menu(vera)
    assert not any(address in menu(vera) for address in ('href="/data/"', 'href="/admin/"', 'href="/channels/"'))
    assert 'href="/campaigns/"' not in menu(mallory)
