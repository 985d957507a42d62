"""Tokens: made and revoked by those for whom they act, seen and revoked by administrators, known to nobody."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from campaigns import lifecycle
from orchcamp.accounts import tokens
from orchcamp.accounts.models import ApiToken, AuditEntry, User
from tests.campaigns.builders import make_campaign

ACCOUNT = "/account/"
MAKE = "/account/tokens"
LIST = "/admin/accounts/apitoken/"
FORM = {"name": "Till", "days": "90", "campaigns": ""}


def test_the_secret_is_shown_once_and_only_a_digest_of_it_is_kept(client, mark):
    client.force_login(mark)
    answer = client.post(MAKE, FORM)
    (secret,) = re.findall(r'id="secret"[^>]*>(orch_[\w-]{43})<', answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    token = ApiToken.objects.get()
    assert tokens.read(secret) == token and token.owner == mark
    assert secret.startswith(token.hint) and len(token.hint) == 9
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)
    seen = client.get(ACCOUNT).content.decode()
    assert secret not in seen and token.hint in seen and "Good" in seen
    assert secret not in str([*ApiToken.objects.values(), *AuditEntry.objects.values()])


def test_two_secrets_are_never_alike_and_each_opens_its_own(mark, anna):
    made = [tokens.make(owner, f"Till {n}") for owner in (mark, anna) for n in range(3)]
    assert len({secret for _token, secret in made}) == 6
    assert all(tokens.read(secret) == token for token, secret in made)


def test_a_form_sent_twice_makes_one_token_and_says_so(client, mark):
    client.force_login(mark)
    client.post(MAKE, FORM)
    again = client.post(MAKE, FORM).content.decode()
    assert "You have a token “Till” in use already" in again and 'id="secret"' not in again
    assert ApiToken.objects.count() == 1


def test_a_name_is_free_again_once_its_token_is_revoked(mark, anna):
    token, _secret = tokens.make(mark, "Till")
    tokens.make(anna, "Till")
    assert tokens.revoke(token, by=mark) and not tokens.revoke(token, by=mark)
    tokens.make(mark, "Till")
    assert AuditEntry.objects.filter(verb="revoked token").count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"campaigns": "spring, two words!"}, "“words!” is no short name of a campaign"),
        ({"days": "7"}, "Select a valid choice"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_is_filled_in_wrong_is_said_and_makes_nothing(client, mark, change, sentence):
    client.force_login(mark)
    assert sentence in client.post(MAKE, FORM | change).content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_for_some_campaigns_for_good(client, mark):
    client.force_login(mark)
    assert 'value="spring"' in client.get(f"{ACCOUNT}?campaign=spring").content.decode()
    client.post(MAKE, FORM | {"days": "0", "campaigns": "spring summer, spring"})
    token = ApiToken.objects.get()
    assert (token.campaigns, token.expires_at) == (["spring", "summer"], None)
    assert token.covers("summer") and not token.covers("winter")


def test_one_has_so_many_tokens_at_most(mark, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 2)
    first, _secret = tokens.make(mark, "1")
    tokens.make(mark, "2")
    with pytest.raises(tokens.TokenError, match="2 tokens in use"):
        tokens.make(mark, "3")
    tokens.revoke(first, by=mark)
    tokens.make(mark, "3")


def test_a_person_revokes_their_own_and_nobody_else_s(client, mark, anna):
    token, secret = tokens.make(mark, "Till")
    address = reverse("accounts:revoke_token", args=[token.pk])
    client.force_login(anna)
    assert client.post(address).status_code == 404
    assert "Till" not in client.get(ACCOUNT).content.decode()
    tokens.read(secret)
    client.force_login(mark)
    assert "opens nothing any more" in client.post(address, follow=True).content.decode()
    with pytest.raises(tokens.NotAccepted, match="was revoked"):
        tokens.read(secret)


def test_the_last_use_is_known_to_the_minute(mark):
    _token, secret = tokens.make(mark, "Till")
    tokens.read(secret)
    first = ApiToken.objects.get().last_used_at
    tokens.read(secret)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    tokens.read(secret)
    assert ApiToken.objects.get().last_used_at > first


def test_an_administrator_sees_every_token_and_revokes_it_but_changes_and_makes_none(client, ada, mark):
    token, secret = tokens.make(mark, "Till")
    client.force_login(ada)
    seen = client.get(LIST).content.decode()
    assert "Till" in seen and secret not in seen and token.digest not in seen
    shown = client.get(f"{LIST}{token.pk}/change/").content.decode()
    assert token.digest not in shown and 'name="name"' not in shown
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{token.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(LIST, {"action": "revoke", "_selected_action": [token.pk]})
    assert ApiToken.objects.get().revoked_at is not None
    assert AuditEntry.objects.get(verb="revoked token").actor == ada


def test_nobody_else_opens_the_list_of_all_tokens(client, anna, mark):
    for person in (anna, mark):
        client.force_login(person)
        assert client.get(LIST, follow=True).status_code == 403


def test_tokens_go_with_the_person_for_whom_they_act(client, ada, mark):
    tokens.make(mark, "Till")
    client.force_login(ada)
    client.post(f"/admin/accounts/user/{mark.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=mark.pk).exists() and not ApiToken.objects.exists()


@pytest.mark.django_db
def test_the_rights_of_an_installation_that_is_updated_reach_its_administrators(ada):
    call_command("migrate", verbosity=0)
    assert User.objects.get(pk=ada.pk).has_perm("accounts.change_apitoken")


def test_a_token_for_a_campaign_that_is_gone_does_not_open_another_of_its_name(mark):
    campaign = make_campaign(owner=mark)
    one, secret = tokens.make(mark, "One", campaigns=["spring"])
    two, _secret = tokens.make(mark, "Two", campaigns=["spring", "summer"])
    everything, _secret = tokens.make(mark, "Everything")
    lifecycle.delete(campaign, by=mark)
    for token in (one, two, everything):
        token.refresh_from_db()
    with pytest.raises(tokens.NotAccepted, match="was revoked"):
        tokens.read(secret)
    assert (two.campaigns, two.revoked_at) == (["summer"], None)
    assert everything.revoked_at is None
    assert AuditEntry.objects.filter(verb="revoked token", facts__campaign="spring").count() == 1
