"""From who somebody is to being signed in: the second factor lies between, however they proved it."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from ..models import User
from . import codes

PENDING = "door.pending"  # in the session: who has shown the first factor, and when
FACTOR = "door.factor"  # in the session: which second factor was shown
LASTS = 600  # seconds in which the second must follow
BACKEND = "orchcamp.accounts.backends.PasswordBackend"  # finds the person of a session, whatever they signed in by
PASSWORD, SINGLE_SIGN_ON = "password", "single sign-on"
BY_PROVIDER = "provider"


def enter(request: HttpRequest, user: User, *, way: str, next_url: str = "") -> HttpResponse:
    """Sign the person in, or ask for their second factor first."""
    sso = settings.SINGLE_SIGN_ON
    if way == SINGLE_SIGN_ON and sso and not sso.asks_second_factor:
        return _finish(request, user, way, BY_PROVIDER, next_url)
    if not codes.is_on(user):
        return _finish(request, user, way, "", next_url)
    request.session.cycle_key()
    request.session[PENDING] = {
        "user": user.pk,
        "way": way,
        "next": next_url,
        "at": time.time(),
        "hash": user.get_session_auth_hash(),
    }
    return redirect("accounts:second_factor")


def waiting(request: HttpRequest) -> User | None:
    """Who has shown the first factor in this browser, a short while ago."""
    found = request.session.get(PENDING)
    if not found or time.time() - found["at"] > LASTS:
        return None
    user = User.objects.filter(pk=found["user"], is_active=True).first()
    return user if user and constant_time_compare(user.get_session_auth_hash(), found["hash"]) else None


def complete(request: HttpRequest, user: User, code: str) -> HttpResponse:
    """Sign in whoever waits, by a code. Raises codes.CodeError."""
    found = request.session[PENDING]
    try:
        factor = codes.check(user, code)
    except codes.CodeError:
        refused = {"username": user.username, "second_factor": True}
        user_login_failed.send(sender=__name__, credentials=refused, request=request)
        raise
    return _finish(request, user, found["way"], factor, found["next"])


def _finish(request: HttpRequest, user: User, way: str, factor: str, next_url: str) -> HttpResponse:
    request.signing_in = {"way": way, "second_factor": factor}  # type: ignore[attr-defined]  # for the audit trail
    login(request, user, backend=BACKEND)
    request.session.pop(PENDING, None)
    request.session[FACTOR] = factor
    return redirect(safe(request, next_url))


def safe(request: HttpRequest, address: Any) -> str:
    """The address, if it is one of this site; else the start page."""
    text, hosts = str(address or ""), {request.get_host()}
    if url_has_allowed_host_and_scheme(text, allowed_hosts=hosts, require_https=request.is_secure()):
        return text
    return resolve_url(settings.LOGIN_REDIRECT_URL)
