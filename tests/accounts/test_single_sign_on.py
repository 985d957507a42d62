"""Signing in by OpenID Connect, against a provider that runs: who gets in, as whom, and who does not."""

from __future__ import annotations

import re
import time
from html import unescape
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from orchcamp.accounts.door import single_sign_on
from orchcamp.accounts.models import AuditEntry, User
from tests.accounts import oidc_provider
from tests.accounts.oidc_provider import CLIENT, SECRET

START, BACK = "/login/sso", "/login/sso/callback"


@pytest.fixture(scope="module")
def server():
    with oidc_provider.running() as found:
        yield found


@pytest.fixture
def provider(server, settings):
    address = server.address
    server.__init__()
    server.address = address
    settings.SINGLE_SIGN_ON = single_sign_on.SingleSignOn(address, CLIENT, SECRET, label="Company account")
    return server


@pytest.fixture
def sso(settings, provider):
    """Set the site up otherwise."""

    def change(**facts):
        settings.SINGLE_SIGN_ON = single_sign_on.SingleSignOn(provider.address, CLIENT, SECRET, **facts)

    return change


def leave(client: Client, next_url: str = "") -> dict[str, str]:
    """Go to the provider: what it is asked."""
    page = client.post(START, {"next": next_url}).content.decode()
    address = unescape(re.search(r'content="0; url=([^"]+)"', page).group(1))
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def come_back(client: Client, provider, asked: dict[str, str]):
    address = urlsplit(provider.authorize(asked))
    return client.get(f"{address.path}?{address.query}")


def sign_in(client: Client, provider, next_url: str = ""):
    return come_back(client, provider, leave(client, next_url))


def refused(client: Client, answer) -> str:
    """The sentence of the page for signing in; nobody is signed in, and the trail knows why."""
    assert answer["Location"] == reverse("accounts:login")
    assert client.get("/account/").status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert AuditEntry.objects.filter(verb="could not sign in", facts__way="single sign-on").exists()
    assert not AuditEntry.objects.filter(verb="signed in").exists()
    return unescape(re.search(r"callout-red.*?<p>(.*?)</p>", page, re.DOTALL).group(1))


def test_somebody_who_is_here_is_found_by_a_verified_address_and_stays_linked(client, mark, provider):
    assert sign_in(client, provider, "/account/")["Location"] == "/account/"
    assert client.get("/account/").wsgi_request.user == mark
    told = AuditEntry.objects.get(verb="signed in")
    assert (told.actor, told.facts["way"]) == (mark, "single sign-on")
    assert AuditEntry.objects.get(verb="linked with single sign-on").facts["subject"] == "s-1"
    provider.claims["email"] = "other@example.org"  # from now on the subject counts, whatever the address
    other = Client()
    sign_in(other, provider)
    assert other.get("/account/").wsgi_request.user == mark
    assert SocialAccount.objects.get().extra_data == provider.claims  # no tokens, no groups


def test_the_page_offers_the_provider_by_its_label(client, db, provider):
    page = client.get("/login").content.decode()
    assert "Company account" in page
    assert f'action="{START}"' in page


def test_without_a_provider_there_is_no_such_way_in(client, db):
    assert "/login/sso" not in client.get("/login").content.decode()
    assert client.post(START).status_code == 404
    assert client.get(BACK).status_code == 404


def test_the_browser_leaves_with_state_nonce_and_proof_of_the_key(client, db, provider):
    asked = leave(client)
    assert asked["client_id"] == CLIENT
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"].endswith(BACK)
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert len(asked["nonce"]) > 20 and len(asked["state"]) > 10


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(client, mark, provider, wanted):
    assert sign_in(client, provider, wanted)["Location"] == "/"


WRONG = {
    "nonce": {"nonce": "of another attempt"},
    "no nonce": {"nonce": None},
    "audience": {"aud": "another client"},
    "party": {"aud": [CLIENT, "x"], "azp": "x"},
    "issuer": {"iss": "https://evil.example"},
    "expired": {"exp": int(time.time()) - 3600},
    "no expiry": {"exp": None},
    "from the future": {"iat": int(time.time()) + 3600},
    "subject of nobody": {"sub": None},
    "another subject than the user info": {"sub": "s-2"},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_an_id_token_with_a_wrong_claim_opens_nothing(client, mark, provider, claims):
    provider.id_token = claims
    assert "did not work" in refused(client, sign_in(client, provider))
    assert not SocialAccount.objects.exists()


def test_an_id_token_of_another_key_opens_nothing(client, mark, provider):
    provider.key = oidc_provider.OTHER_KEY
    refused(client, sign_in(client, provider))


def test_an_id_token_without_a_signature_opens_nothing(client, mark, provider):
    provider.key, provider.algorithm = None, "none"
    refused(client, sign_in(client, provider))


def test_an_id_token_signed_with_the_public_key_as_a_shared_secret_opens_nothing(client, mark, provider):
    provider.key, provider.algorithm = jwt.utils.base64url_encode(b"x" * 64), "HS256"
    refused(client, sign_in(client, provider))


def test_a_code_without_the_state_of_this_browser_opens_nothing(client, mark, provider):
    """Somebody sends another their own way back: it is not good in another browser."""
    asked = leave(Client())
    refused(client, come_back(client, provider, asked))


def test_a_way_back_is_good_once(client, mark, provider):
    asked = leave(client)
    come_back(client, provider, asked)
    client.post("/logout")
    AuditEntry.objects.filter(verb="signed in")._raw_delete("default")
    refused(client, come_back(client, provider, asked))


def test_calling_it_off_there_is_said_here(client, mark, provider):
    asked = leave(client)
    answer = client.get(BACK, {"state": asked["state"], "error": "access_denied"})
    assert "called signing in off" in refused(client, answer)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks", "/userinfo"])
def test_a_provider_that_is_broken_lets_nobody_in_and_breaks_nothing(client, mark, provider, path):
    asked = leave(client)
    provider.broken = path
    refused(client, come_back(client, provider, asked))


def test_a_provider_that_is_another_one_is_not_gone_to(client, mark, provider):
    provider.discovery = {"issuer": "https://evil.example"}
    assert "does not answer as it should" in refused(client, client.post(START))


UNLINKED = "ask an administrator"


def test_an_address_that_is_not_verified_takes_over_nobody(client, mark, provider):
    for claim in (False, None, "false", 1):
        provider.claims["email_verified"] = claim
        assert UNLINKED in refused(client, sign_in(client, provider))
    assert not SocialAccount.objects.exists()


def test_a_superuser_is_never_linked_by_address(client, mark, provider):
    User.objects.filter(pk=mark.pk).update(is_superuser=True)
    assert UNLINKED in refused(client, sign_in(client, provider))


def test_an_address_of_two_people_links_neither(client, mark, vera, provider):
    User.objects.filter(pk=vera.pk).update(email="MARK@example.org")
    assert UNLINKED in refused(client, sign_in(client, provider))


def test_a_second_subject_with_the_same_address_is_not_let_in(client, mark, provider):
    sign_in(client, provider)
    AuditEntry.objects.filter(verb="signed in")._raw_delete("default")
    provider.claims["sub"] = "s-2"
    other = Client()
    assert UNLINKED in refused(other, sign_in(other, provider))


def test_linking_by_address_can_be_closed(client, mark, sso, provider):
    sso(links_by_email=False)
    assert UNLINKED in refused(client, sign_in(client, provider))


def test_who_comes_in_by_address_cannot_choose_the_address(client, mark, provider):
    client.force_login(mark)
    client.post("/account/", {"part": "details", "first_name": "Mark", "email": "boss@example.org"})
    assert User.objects.get(pk=mark.pk).email == "mark@example.org"


def test_somebody_unknown_is_refused_in_a_sentence(client, db, provider):
    assert "not known here" in refused(client, sign_in(client, provider))
    assert not User.objects.exists()


def test_somebody_unknown_is_made_where_that_is_set_with_the_profile_that_is_set(client, mark, sso, provider):
    sso(creates=True, profile="viewer")
    provider.claims = {"sub": "s-9", "email": "nina@example.org", "email_verified": True, "preferred_username": "mark"}
    provider.claims |= {"name": "Nina Berg", "is_superuser": True, "groups": ["root"]}
    assert sign_in(client, provider).status_code == 302
    nina = User.objects.get(email="nina@example.org")
    assert (nina.username, str(nina), nina.is_superuser, nina.has_usable_password()) == (
        "mark-2",
        "Nina Berg",
        False,
        False,
    )
    assert [group.name for group in nina.groups.all()] == ["Viewer"]


def test_somebody_unknown_gets_no_profile_by_default_and_no_address_that_is_not_verified(client, db, sso, provider):
    sso(creates=True)
    provider.claims["email_verified"] = False
    sign_in(client, provider)
    made = User.objects.get()
    assert (made.email, made.groups.count()) == ("", 0)


def test_profiles_follow_the_claim_that_is_set_and_no_other(client, mark, sso, provider):
    sso(groups_claim="groups", profiles=(("heads", "approver"), ("staff", "manager")))
    mark.groups.add(Group.objects.get(profile__slug="viewer"))
    provider.claims["groups"] = ["heads", "unknown"]
    sign_in(client, provider)
    assert sorted(mark.groups.values_list("name", flat=True)) == ["Approver", "Viewer"]
    entry = AuditEntry.objects.get(verb="changed")
    assert entry.facts["changes"]["profiles"] == [["manager", "viewer"], ["approver", "viewer"]]


def test_a_claim_never_takes_the_last_administrator(client, ada, sso, provider):
    sso(groups_claim="groups", profiles=(("root", "administrator"),))
    provider.claims["email"] = ada.email
    sign_in(client, provider)
    assert ada.groups.filter(profile__slug="administrator").exists()


def test_who_is_not_active_is_not_let_in(client, mark, provider):
    User.objects.filter(pk=mark.pk).update(is_active=False)
    assert "may not sign in" in refused(client, sign_in(client, provider))
    assert not SocialAccount.objects.exists()


def test_with_passwords_closed_only_a_superuser_comes_in_by_one(client, mark, provider, settings):
    settings.PASSWORD_SIGN_IN = False
    name = {"username": "mark", "password": "correct horse"}
    assert client.post("/login", name).status_code == 200
    assert "for superusers" in client.get("/login").content.decode()
    User.objects.filter(pk=mark.pk).update(is_superuser=True)
    assert client.post("/login", name).status_code == 302


def test_allauth_brings_no_page_of_its_own(client, ada, provider):
    client.force_login(ada)
    for path in (
        "/accounts/signup/",
        "/accounts/login/",
        "/accounts/email/",
        "/accounts/social/connections/",
        "/signup/",
    ):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"ISSUER": "http://example.org", "CLIENT_ID": "x"}, "https"),
        ({"ISSUER": "https://example.org"}, "CLIENT_ID"),
        ({"ISSUER": "https://example.org", "CLIENT_ID": "x", "PROFILES": "a=b"}, "GROUPS_CLAIM"),
        ({"ISSUER": "https://example.org", "CLIENT_ID": "x", "PROFILES": "a", "GROUPS_CLAIM": "g"}, "pairs"),
    ],
)
def test_settings_that_cannot_work_are_said_at_the_start(environ, told):
    with pytest.raises(ImproperlyConfigured, match=told):
        single_sign_on.from_environment({f"ORCHCAMP_OIDC_{name}": value for name, value in environ.items()})


def test_settings_are_read_from_the_environment():
    environ = {"ISSUER": "https://example.org", "CLIENT_ID": "x", "SCOPES": "email groups", "GROUPS_CLAIM": "groups"}
    environ |= {"PROFILES": "cn=heads,x=approver, staff=Manager", "CREATE": "yes", "LINK_BY_EMAIL": "no"}
    found = single_sign_on.from_environment({f"ORCHCAMP_OIDC_{n}": v for n, v in environ.items() if n != "PROFILES"})
    assert (found.scopes, found.creates, found.links_by_email) == (("openid", "email", "groups"), True, False)
    assert single_sign_on.pairs("dept=heads=approver, staff=Manager") == (
        ("dept=heads", "approver"),
        ("staff", "manager"),
    )
    assert single_sign_on.from_environment({}) is None
