"""Tokens: secrets by which programs act in the name of the person who made them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from . import audit
from .models import ApiToken, User

START = "orch_"  # so that a secret that lies about is recognised for what it is
HINT = len(START) + 4
MOST = 50  # tokens in use of one person
USED_EVERY = timedelta(minutes=1)  # how exactly the last use is known


class TokenError(Refused):
    """A token that cannot be made or revoked."""


class NotAccepted(Refused):
    """A secret that opens nothing; ``token`` is the one that it once belonged to, where that is known."""

    def __init__(self, sentence: str, token: ApiToken | None = None):
        super().__init__(sentence)
        self.token = token


def digest(secret: str) -> str:
    """What is kept of a secret.

    A plain SHA-256: the secret is 256 random bits, so there is nothing to guess that a slow hash would protect, and
    it is asked for on every call.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def make(
    owner: User, name: str, *, expires_at: datetime | None = None, campaigns: Iterable[str] = ()
) -> tuple[ApiToken, str]:
    """A new token and its secret, which nobody can read ever again. Raises TokenError."""
    if owner.api_tokens.filter(revoked_at=None).count() >= MOST:
        raise TokenError(_("You have %(most)s tokens in use; revoke one that is not needed.") % {"most": MOST})
    secret = START + secrets.token_urlsafe(32)
    facts = {"hint": secret[:HINT], "campaigns": list(campaigns), "expires_at": expires_at}
    try:
        with transaction.atomic():
            token = ApiToken.objects.create(owner=owner, name=name, digest=digest(secret), **facts)
            until = expires_at.isoformat() if expires_at else None
            audit.record(owner, "made token", token, token=name, campaigns=token.campaigns, expires=until)
    except IntegrityError:
        raise TokenError(
            _("You have a token “%(name)s” in use already; revoke it, or choose another name.") % {"name": name}
        ) from None
    return token, secret


def revoke(token: ApiToken, *, by: User | None, **why: str) -> bool:
    """Close a token for good, with more facts for the trail; whether it was open until now."""
    with transaction.atomic():
        if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            return False
        audit.record(by, "revoked token", token, token=token.name, owner=str(token.owner), **why)
    return True


def leave_out(slug: str) -> None:
    """A campaign is gone: tokens made for it alone are revoked, for another may take its ID one day.

    To be called within the transaction that deletes it.
    """
    for token in ApiToken.objects.filter(revoked_at=None).exclude(campaigns=[]).select_related("owner"):
        rest = [name for name in token.campaigns if name != slug]
        if rest == token.campaigns:
            continue
        if not rest:
            revoke(token, by=None, campaign=slug)
        elif ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(campaigns=rest):
            facts = {"token": token.name, "owner": str(token.owner), "campaign": slug}
            audit.record(None, "took campaign out of token", token, **facts)


def read(secret: str) -> ApiToken:
    """The token of a secret, with its owner. Raises NotAccepted."""
    token = ApiToken.objects.select_related("owner").filter(digest=digest(secret)).first()
    if token is None:
        raise NotAccepted(_("This token is not known here; copy it again, or make a new one on your account page."))
    if token.revoked_at is not None:
        raise NotAccepted(_("The token “%(name)s” was revoked; make a new one.") % {"name": token.name}, token)
    if token.is_expired:
        raise NotAccepted(_("The token “%(name)s” has expired; make a new one.") % {"name": token.name}, token)
    if not token.owner.is_active:
        raise NotAccepted(_("The person for whom “%(name)s” acts may not sign in.") % {"name": token.name}, token)
    _used(token)
    return token


def _used(token: ApiToken) -> None:
    """Note the use, at most once a minute, so that reading stays reading."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
