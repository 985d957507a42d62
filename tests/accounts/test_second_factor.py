"""The second factor: switched on by a code, asked for at the door, good once, demanded of whom it is set, and reset."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client

from orchcamp.accounts.door import codes
from orchcamp.accounts.models import AuditEntry, BrowserSession, User
from tests.accounts.one_time_codes import code, secret_of, wrong

SET_UP, CHANGE, ASKED = "/account/two-factor", "/account/two-factor/change", "/login/code"
PASSWORD = "correct horse"
NOON = datetime.fromisoformat("2030-05-01T12:00:07+00:00")


@pytest.fixture(autouse=True)
def clean_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def clock():
    """A time that stands until it is moved."""
    with time_machine.travel(NOON, tick=False) as found:
        yield found


def first(client: Client, name: str = "mark", **more):
    return client.post("/login", {"username": name, "password": PASSWORD, **more})


def set_up(client: Client) -> tuple[str, list[str]]:
    """The secret and the recovery codes of whoever is signed in."""
    secret = secret_of(client.get(SET_UP).content.decode())
    return secret, recovery_codes(client.post(SET_UP, {"code": code(secret)}).content.decode())


def recovery_codes(page: str) -> list[str]:
    return re.search(r"<pre[^>]*>([\d\s]+)</pre>", page).group(1).split()


@pytest.fixture
def secret(client, mark, clock) -> str:
    """mark's, switched on a while ago, by a browser that has left."""
    other = Client()
    first(other)
    found, _recovery = set_up(other)
    other.post("/logout")
    clock.shift(120)
    return found


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_it_is_set_up_with_a_picture_and_a_code_and_recovery_codes_are_shown_once(client, mark, clock):
    first(client)
    page = client.get(SET_UP).content.decode()
    assert "<svg" in page and "style=" not in page[page.index("<svg") : page.index("</svg>")]
    secret, recovery = set_up(client)
    assert len(set(recovery)) == 10
    again = client.get(SET_UP).content.decode()
    assert secret not in again.replace(" ", "") and not any(each in again for each in recovery)
    assert "10 recovery codes" in again
    assert AuditEntry.objects.get(verb="switched on the second factor").actor == mark


def test_recovery_codes_can_be_kept_as_a_text_without_a_script(client, mark, clock):
    first(client)
    secret = secret_of(client.get(SET_UP).content.decode())
    answer = client.post(SET_UP, {"code": code(secret)})
    assert "download=" in answer.content.decode() and "no-store" in answer["Cache-Control"]


def test_the_secret_lies_encrypted_in_the_database(client, mark, secret):
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))


def test_a_wrong_first_code_switches_nothing_on(client, mark, clock):
    first(client)
    secret = secret_of(client.get(SET_UP).content.decode())
    assert "not the code of the moment" in client.post(SET_UP, {"code": wrong(secret)}).content.decode()
    assert not codes.is_on(mark)
    assert secret_of(client.get(SET_UP).content.decode()) == secret  # the picture that was scanned stays good


def test_long_after_signing_in_the_password_is_asked_for_before_it_is_switched_on(client, mark, clock):
    first(client)
    clock.shift(3600)
    secret = secret_of(client.get(SET_UP).content.decode())
    client.post(SET_UP, {"code": code(secret), "password": "wrong"})
    assert not codes.is_on(mark)
    client.post(SET_UP, {"code": code(secret), "password": PASSWORD})
    assert codes.is_on(mark)


def test_a_password_alone_opens_nothing_any_more(client, secret):
    assert first(client, next="/account/")["Location"] == ASKED
    assert not is_in(client)
    answer = client.post(ASKED, {"code": code(secret)})
    assert answer["Location"] == "/account/"
    assert is_in(client)
    entry = AuditEntry.objects.filter(verb="signed in").first()
    assert (entry.facts["way"], entry.facts["second_factor"]) == ("password", "totp")


@pytest.mark.parametrize(("seconds", "opens"), [(-29, True), (-90, False), (0, True), (31, True), (90, False)])
def test_a_clock_may_be_wrong_by_one_code(client, secret, clock, seconds, opens):
    first(client)
    client.post(ASKED, {"code": code(secret, NOON.timestamp() + 120 + seconds)})
    assert is_in(client) is opens


def test_a_code_is_good_once(client, secret):
    first(client)
    used = code(secret)
    client.post(ASKED, {"code": used})
    other = Client()
    first(other)
    assert "good once" in other.post(ASKED, {"code": used}).content.decode()
    assert not is_in(other)


def test_the_code_that_switched_it_on_is_used_up(client, mark, clock):
    first(client)
    secret, _recovery = set_up(client)
    other = Client()
    first(other)
    other.post(ASKED, {"code": code(secret)})
    assert not is_in(other)


def test_spaces_between_the_digits_are_fine(client, secret):
    first(client)
    found = code(secret)
    client.post(ASKED, {"code": f"{found[:3]} {found[3:]}"})
    assert is_in(client)


def test_a_recovery_code_opens_once_and_is_told_of(client, mark, clock):
    first(client)
    _secret, recovery = set_up(client)
    for number, browser in enumerate((Client(), Client())):
        first(browser)
        browser.post(ASKED, {"code": recovery[3]})
        assert is_in(browser) is (number == 0)
    assert AuditEntry.objects.get(verb="used a recovery code").facts["left"] == 9


def test_too_many_wrong_codes_close_the_second_door_even_for_the_right_one(client, secret):
    """Counted for the person, whatever address or browser they come from."""
    for number in range(5):
        browser = Client(REMOTE_ADDR=f"10.0.0.{number}")
        first(browser)
        assert browser.post(ASKED, {"code": wrong(secret)}).status_code == 200
    first(client)
    assert "too many wrong codes" in client.post(ASKED, {"code": code(secret)}).content.decode()
    assert not is_in(client)
    assert AuditEntry.objects.filter(verb="gave a wrong code").count() == 6


def test_after_a_while_the_door_opens_again(client, secret, clock):
    first(client)
    for _time in range(6):
        client.post(ASKED, {"code": wrong(secret)})
    clock.shift(901)
    first(client)
    client.post(ASKED, {"code": code(secret)})
    assert is_in(client)


def test_what_is_begun_must_go_on_within_ten_minutes(client, secret, clock):
    first(client)
    clock.shift(601)
    answer = client.post(ASKED, {"code": code(secret)}, follow=True)
    assert "took too long" in answer.content.decode()
    assert not is_in(client)


def test_nobody_steps_in_without_the_first_factor(client, secret):
    assert client.post(ASKED, {"code": code(secret)})["Location"] == "/login"
    assert not is_in(client)


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!changed"}])
def test_what_changes_between_the_two_factors_closes_the_door(client, secret, change):
    first(client)
    User.objects.update(**change)
    client.post(ASKED, {"code": code(secret)})
    assert not is_in(client)


def test_the_administration_has_the_same_door(client, ada, clock):
    first(client, "ada")
    secret, _recovery = set_up(client)
    other = Client()
    data = {"username": "ada", "password": PASSWORD, "next": "/admin/"}
    assert other.post("/admin/login/", data)["Location"].startswith("/login")
    assert other.get("/admin/", follow=True).request["PATH_INFO"] == "/login"
    first(other, "ada", next="/admin/")
    assert other.get("/admin/").status_code == 302
    clock.shift(60)
    assert other.post(ASKED, {"code": code(secret)})["Location"] == "/admin/"
    assert other.get("/admin/").status_code == 200


# --- Switching off, and other recovery codes ---------------------------------------------------------


@pytest.mark.parametrize("by_code", [True, False])
def test_it_is_switched_off_with_the_password_or_a_code(client, mark, secret, by_code, clock):
    first(client)
    client.post(ASKED, {"code": code(secret)})
    client.post(CHANGE, {"do": "off", "proof": "wrong"})
    assert codes.is_on(mark)
    clock.shift(60)
    client.post(CHANGE, {"do": "off", "proof": code(secret) if by_code else PASSWORD})
    assert not codes.is_on(mark)
    assert AuditEntry.objects.get(verb="switched off the second factor").actor == mark
    assert first(Client())["Location"] == "/"


def test_passwords_are_not_guessed_where_it_is_switched_off(client, mark, secret):
    first(client)
    client.post(ASKED, {"code": code(secret)})
    for _time in range(5):
        client.post(CHANGE, {"do": "off", "proof": "wrong"})
    assert "too many" in client.post(CHANGE, {"do": "off", "proof": PASSWORD}).content.decode()
    assert codes.is_on(mark)


def test_other_recovery_codes_replace_the_old(client, mark, clock):
    first(client)
    _secret, old = set_up(client)
    page = client.post(CHANGE, {"do": "renew", "proof": PASSWORD}).content.decode()
    assert not set(recovery_codes(page)) & set(old)
    other = Client()
    first(other)
    other.post(ASKED, {"code": old[0]})
    assert not is_in(other)


# --- Demanded of a profile ---------------------------------------------------------------------------


@pytest.fixture
def demanded(settings):
    settings.REQUIRE_TWO_FACTOR = frozenset({"administrator", "approver"})


def test_whose_profile_demands_it_is_led_to_set_it_up_before_anything_else(client, anna, demanded, clock):
    assert first(client, "anna").status_code == 302
    for path in ("/", "/campaigns/", "/account/", "/admin/", "/nowhere/else"):
        answer = client.get(path)
        assert answer.status_code == 404 or answer["Location"] == SET_UP
    assert client.post("/account/tokens", {"name": "x", "days": "30"})["Location"] == SET_UP
    assert client.get("/", headers={"HX-Request": "true"})["HX-Redirect"] == SET_UP
    there = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{SET_UP}"}
    answer = client.get("/work/numbers", headers=there)  # what that page asks for by itself must not load it anew
    assert answer.status_code == 204 and "HX-Redirect" not in answer
    assert "only be used with a second factor" in client.get(SET_UP).content.decode()
    set_up(client)
    assert client.get("/campaigns/").status_code == 200


def test_a_superuser_counts_as_administrator(client, mallory, demanded):
    User.objects.update(is_superuser=True)
    first(client, "mallory")
    assert client.get("/")["Location"] == SET_UP


def test_nobody_else_is_asked(client, mark, demanded):
    first(client)
    assert client.get("/").status_code == 200


def test_who_is_given_such_a_profile_is_asked_from_the_next_page_on(client, mark, anna, demanded):
    first(client)
    mark.groups.set(anna.groups.all())
    assert client.get("/")["Location"] == SET_UP


def test_who_must_have_it_cannot_switch_it_off(client, anna, demanded, clock):
    first(client, "anna")
    set_up(client)
    assert "demands" in client.post(CHANGE, {"do": "off", "proof": PASSWORD}).content.decode()
    assert codes.is_on(anna)


def test_signing_out_stays_possible(client, anna, demanded):
    first(client, "anna")
    assert client.post("/logout")["Location"] == "/login"


# --- Reset by an administrator -----------------------------------------------------------------------


def test_an_administrator_resets_it_for_who_lost_the_phone_and_ends_their_sessions(client, ada, mark, secret):
    browser = Client()
    first(browser)
    browser.post(ASKED, {"code": code(secret)})
    client.force_login(ada)
    client.post(f"/people/{mark.pk}/second-factor")
    assert not codes.is_on(mark)
    assert not is_in(browser)
    assert AuditEntry.objects.get(verb="reset the second factor").actor == ada
    assert not BrowserSession.objects.filter(user=mark).exists()


def test_nobody_else_resets_it_and_nobody_that_of_a_superuser(client, ada, anna, mark, secret):
    client.force_login(anna)
    assert client.post(f"/people/{mark.pk}/second-factor").status_code == 403
    User.objects.filter(pk=mark.pk).update(is_superuser=True)
    client.force_login(ada)
    assert client.post(f"/people/{mark.pk}/second-factor").status_code == 403
    assert codes.is_on(mark)
