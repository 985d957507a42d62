"""Looking as another person: what they see, nothing changed, never as somebody above, and all of it told."""

from __future__ import annotations

from datetime import datetime

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client

from campaigns.models import Campaign
from orchcamp.accounts import audit, roles
from orchcamp.accounts.looking import guard
from orchcamp.accounts.models import AuditEntry, ProductProfile, User
from tests.campaigns.builders import make_campaign
from tests.conftest import person

HTMX = {"HX-Request": "true"}
NOON = datetime.fromisoformat("2030-05-01T12:00+00:00")


@pytest.fixture
def looking(client, ada, vera) -> Client:
    """ada, who looks as vera."""
    client.force_login(ada)
    assert client.post(f"/people/{vera.pk}/look").status_code == 302
    return client


def told(verb: str) -> AuditEntry:
    return AuditEntry.objects.get(verb=verb)


def test_the_pages_are_those_of_the_other_person_and_say_so(looking, vera):
    page = looking.get("/").content.decode()
    assert "You look as Vera" in page and 'action="/looking/end"' in page
    assert looking.get("/data/").status_code == 403  # a viewer sees no customer data
    assert "/admin/" not in page and 'action="/logout"' not in page
    assert "You look as Vera" in looking.get("/nowhere").content.decode()


def test_the_administration_says_so_too(client, ada):
    eve = person("eve", "administrator")
    client.force_login(ada)
    client.post(f"/people/{eve.pk}/look")
    page = client.get("/admin/accounts/user/").content.decode()
    assert "You look as Eve" in page
    assert client.post("/admin/accounts/user/add/", {"username": "x"}).status_code == 403


def test_ending_it_leads_back_and_both_are_told(looking, ada, vera):
    assert looking.post("/looking/end")["Location"] == f"/people/{vera.pk}"
    assert "You look as" not in looking.get("/").content.decode()
    assert looking.get("/admin/").status_code == 200
    for verb in ("began to look as", "stopped looking as"):
        assert (told(verb).actor, told(verb).label) == (ada, "Vera")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_nothing_is_changed_and_the_refusal_is_one_sentence(looking, ada, mark, method, headers):
    make_campaign(owner=mark, slug="spring")
    answer = getattr(looking, method)("/campaigns/spring/star", {"starred": "1"}, headers=headers)
    assert answer.status_code == 403
    assert "nothing can be changed until you end it" in answer.content.decode()
    if headers:
        assert answer["Content-Type"].startswith("text/plain")
    assert not Campaign.favourite_of.through.objects.exists()


def test_a_statement_that_changes_something_is_stopped_even_where_a_view_reads(looking):
    with connection.execute_wrapper(guard.reads_only("only looking")):
        Campaign.objects.count()
        audit.record(None, "looked")
        for change in (
            lambda: Campaign.objects.update(name="x"),
            lambda: Campaign.objects.filter(pk=0)._raw_delete("default"),
            lambda: User.objects.create(username="x"),
            lambda: User.objects.bulk_create([User(username="y")]),
        ):
            with pytest.raises(PermissionDenied, match="only looking"):
                change()


def test_it_ends_after_half_an_hour(client, ada, vera):
    with time_machine.travel(NOON, tick=False) as clock:
        client.force_login(ada)
        client.post(f"/people/{vera.pk}/look")
        clock.shift(29 * 60)
        assert "in 1 minute." in client.get("/").content.decode()
        clock.shift(61)
        page = client.get("/").content.decode()
        assert "ended after 30 minutes" in page and "You look as" not in page
        assert "30 minutes" in told("stopped looking as").facts["why"]


def test_what_a_page_of_the_other_person_asks_for_later_is_not_done_in_one_s_own_name(client, ada, vera):
    with time_machine.travel(NOON, tick=False) as clock:
        client.force_login(ada)
        client.post(f"/people/{vera.pk}/look")
        clock.shift(1801)
        assert client.post("/account/tokens", {"name": "x", "days": "30"}).status_code == 403
        assert not ada.api_tokens.exists()
        assert client.post("/account/tokens", {"name": "x", "days": "30"}).status_code == 200


def test_a_fragment_of_a_page_that_is_over_makes_it_load_anew(client, ada, vera):
    with time_machine.travel(NOON, tick=False) as clock:
        client.force_login(ada)
        client.post(f"/people/{vera.pk}/look")
        clock.shift(1801)
        assert client.get("/campaigns/", headers=HTMX)["HX-Refresh"] == "true"


def test_it_ends_with_the_session(looking, ada):
    looking.cookies.clear()
    looking.force_login(ada)
    assert "You look as" not in looking.get("/").content.decode()


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"is_superuser": True}],
    ids=["the other may not sign in", "the other is above"],
)
def test_it_ends_when_one_may_not_any_more(looking, vera, change):
    User.objects.filter(pk=vera.pk).update(**change)
    assert "You look as" not in looking.get("/").content.decode()


def test_it_ends_when_the_right_is_taken_away(looking, ada):
    ada.groups.clear()
    assert "You look as" not in looking.get("/").content.decode()
    assert looking.get("/admin/", follow=True).status_code == 403


def test_only_administrators_look(client, anna, mark, vera, mallory):
    for who in (anna, mark, vera, mallory):
        client.force_login(who)
        answer = client.post(f"/people/{who.pk}/look")
        assert answer.status_code == 403
        assert "look as another person" in answer.content.decode()


def test_nobody_looks_as_somebody_above_as_themselves_or_as_who_is_not_active(client, ada, vera, mark):
    User.objects.filter(pk=vera.pk).update(is_superuser=True)
    User.objects.filter(pk=mark.pk).update(is_active=False)
    client.force_login(ada)
    for who, sentence in ((vera, "superuser"), (ada, "yourself"), (mark, "may not sign in")):
        answer = client.post(f"/people/{who.pk}/look")
        assert answer.status_code == 403
        assert sentence in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="began to look as").exists()


def test_a_superuser_looks_as_another(client, ada, vera):
    User.objects.update(is_superuser=True)
    client.force_login(ada)
    assert client.post(f"/people/{vera.pk}/look").status_code == 302


def test_nobody_looks_further_from_there(looking, ada, mark):
    assert looking.post(f"/people/{mark.pk}/look").status_code == 403


def test_what_is_recorded_meanwhile_names_who_really_looks(looking, ada, vera, mark):
    with audit.really(ada, vera):
        audit.record(vera, "exported", vera)
        audit.record(mark, "created", vera)
    assert (told("exported").actor, told("exported").facts) == (ada, {"looking_as": "vera"})
    assert told("created").actor == mark


def test_secrets_of_the_other_person_stay_theirs(looking):
    assert looking.get("/account/two-factor").status_code == 403


# --- Personal data -----------------------------------------------------------------------------------


@pytest.fixture
def keeper(db) -> User:
    """May look as others, but not see personal data."""
    who = person("kim", None)
    profile = ProductProfile(label="Help desk", everywhere=True)
    roles.define(profile, ["accounts.look_as", "accounts.change_user", "accounts.view_user"])
    who.groups.add(profile.group)
    return who


def test_personal_data_are_masked_as_for_the_person_looked_at(looking):
    user = looking.get("/").wsgi_request.user
    assert user.username == "vera" and not user.has_perm("datasets.view_personal")


def test_who_may_not_see_personal_data_does_not_see_it_by_looking(client, keeper, mark):
    client.force_login(keeper)
    client.post(f"/people/{mark.pk}/look")
    user = client.get("/").wsgi_request.user
    assert user.username == "mark" and user.has_perm("campaigns.change_campaign")
    assert not user.has_perm("datasets.view_personal")
    assert mark.has_perm("datasets.view_personal")


def test_who_must_have_a_second_factor_is_not_asked_for_that_of_the_other(client, keeper, anna, settings):
    settings.REQUIRE_TWO_FACTOR = frozenset({"approver"})
    client.force_login(keeper)
    client.post(f"/people/{anna.pk}/look")
    assert client.get("/campaigns/").status_code == 200
