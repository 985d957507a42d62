"""How people of another directory sign in here: what the environment says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

PREFIX = "ORCHCAMP_OIDC_"
YES = frozenset({"1", "true", "yes", "on"})
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class SingleSignOn:
    """One provider of OpenID Connect, and what may come of its claims."""

    issuer: str
    client_id: str
    secret: str = ""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    label: str = "Single sign-on"
    groups_claim: str = ""
    profiles: tuple[tuple[str, str], ...] = ()  # value of the claim -> slug of a product profile
    creates: bool = False
    profile: str = ""  # slug, of people who are created
    links_by_email: bool = True
    asks_second_factor: bool = True  # the provider's own is not enough


def from_environment(environ: Mapping[str, str]) -> SingleSignOn | None:
    """None where no issuer is named."""

    def text(name: str, default: str = "") -> str:
        return (environ.get(PREFIX + name) or default).strip()

    def flag(name: str, default: str = "") -> bool:
        return text(name, default).lower() in YES

    issuer = text("ISSUER")
    if not issuer:
        return None
    address = urlsplit(issuer)
    if address.scheme != "https" and not (address.scheme == "http" and address.hostname in LOCAL):
        raise ImproperlyConfigured(f"{PREFIX}ISSUER must be an https:// address, not “{issuer}”.")
    if not text("CLIENT_ID"):
        raise ImproperlyConfigured(f"{PREFIX}CLIENT_ID is missing: the provider at {issuer} gives it to you.")
    scopes = tuple(dict.fromkeys(["openid", *text("SCOPES", "openid profile email").replace(",", " ").split()]))
    profiles = pairs(text("PROFILES"))
    if profiles and not text("GROUPS_CLAIM"):
        raise ImproperlyConfigured(f"{PREFIX}PROFILES needs {PREFIX}GROUPS_CLAIM: the claim whose values it names.")
    return SingleSignOn(
        issuer=issuer,
        client_id=text("CLIENT_ID"),
        secret=text("CLIENT_SECRET"),
        scopes=scopes,
        label=text("LABEL", "Single sign-on"),
        groups_claim=text("GROUPS_CLAIM"),
        profiles=profiles,
        creates=flag("CREATE"),
        profile=text("PROFILE").lower(),
        links_by_email=flag("LINK_BY_EMAIL", "on"),
        asks_second_factor=flag("SECOND_FACTOR", "on"),
    )


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """``staff=manager, heads=approver`` as pairs."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        value, sign, slug = (piece.strip() for piece in part.rpartition("="))
        if not (value and sign and slug):
            raise ImproperlyConfigured(
                f"{PREFIX}PROFILES must be pairs such as staff=manager, with commas between; “{part}” is none."
            )
        found.append((value, slug.lower()))
    return tuple(found)
