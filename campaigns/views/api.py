"""The addresses for programs: JSON in and out, a token instead of a session (docs/reference/api.md)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from campaigns import api, tasks
from campaigns.api import ApiError
from campaigns.models import Campaign, Run
from orchcamp.accounts import audit, floods, tokens
from orchcamp.accounts.access import get_for
from orchcamp.accounts.models import ApiToken

logger = logging.getLogger(__name__)
Answer = tuple[int, dict[str, Any]]


def endpoint(*methods: str) -> Callable[[Callable[..., Answer]], Callable[..., HttpResponse]]:
    """A view for programs: it gets the token of the call, and answers with a status and JSON, or raises ApiError."""

    def wrapped(view: Callable[..., Answer]) -> Callable[..., HttpResponse]:
        @csrf_exempt  # no cookie of ours opens anything here: the token does
        @login_not_required
        @never_cache
        @wraps(view)
        def answer(request: HttpRequest, slug: str, **place: Any) -> HttpResponse:
            token = None
            try:
                _demand_method(request, methods)
                token = _token(request)
                status, found = view(request, token, slug, **place)
            except ApiError as refusal:
                _note(token, slug, refusal)
                return JsonResponse(refusal.as_json(), status=refusal.status, headers=dict(refusal.headers))
            return JsonResponse(found, status=status)

        return answer

    return wrapped


def _demand_method(request: HttpRequest, methods: tuple[str, ...]) -> None:
    if request.method not in methods:
        allowed = ", ".join(methods)
        sentence = _("This address answers to %(methods)s only.") % {"methods": allowed}
        raise ApiError(405, "method", sentence, headers={"Allow": allowed})


def _token(request: HttpRequest) -> ApiToken:
    """The token that the call shows. Raises ApiError: 401, or 429 for an address that tries too many."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer" or not secret.strip():
            raise tokens.NotAccepted(_("Show a token, as “Authorization: Bearer orch_…”."))
        return tokens.read(secret.strip())
    except tokens.NotAccepted as refusal:
        if refusal.token is not None:
            audit.record(refusal.token.owner, "was refused", refusal.token, token=refusal.token.name)
        logger.warning("A call from %s with no good token", request.META.get("REMOTE_ADDR", ""))
        if floods.too_many(request):
            wait = {"Retry-After": str(floods.WHILE)}
            raise ApiError(
                429, "too_many", _("Too many calls without a good token come from your address."), headers=wait
            ) from None
        wanted = {"WWW-Authenticate": 'Bearer realm="Orchcamp"'}
        raise ApiError(401, "token", str(refusal), headers=wanted) from None


def _note(token: ApiToken | None, slug: str, refusal: ApiError) -> None:
    """Every call that a known token made and that was refused is in the audit trail, the secret never."""
    if token is not None:
        campaign = Campaign.objects.for_user(token.owner).filter(slug=slug).first()
        facts = {"token": token.name, "slug": slug, "status": refusal.status, "code": refusal.code}
        audit.record(token.owner, "was refused", campaign, **facts)


def _campaign(token: ApiToken, action: str, slug: str) -> Campaign:
    """The campaign, if the owner of the token may do this to it and the token is meant for it. Raises ApiError."""
    try:
        campaign = get_for(token.owner, action, Campaign.objects.all(), slug=slug)
    except Http404:
        sentence = _("There is no campaign “%(slug)s” that the person of this token sees.") % {"slug": slug}
        raise ApiError(404, "no_campaign", sentence) from None
    except PermissionDenied as refusal:
        raise ApiError(403, "right", str(refusal)) from None
    if not token.covers(slug):
        said = {"name": token.name, "campaigns": ", ".join(token.campaigns)}
        raise ApiError(403, "other_campaigns", _("“%(name)s” is only for: %(campaigns)s.") % said)
    return campaign


def _body(request: HttpRequest) -> bytes:
    """What the call brings, not too long and said to be JSON. Raises ApiError."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length) > api.MOST_BYTES:
        raise ApiError(413, "too_long", _("The body is longer than 64 kB; send fewer or shorter parameters."))
    if request.body and request.content_type != "application/json":
        raise ApiError(415, "content_type", _("Send JSON, with “Content-Type: application/json”."))
    return request.body


@endpoint("POST")
def signal(request: HttpRequest, token: ApiToken, slug: str) -> Answer:
    """Send a campaign a signal."""
    body = _body(request)
    campaign = _campaign(token, "publish", slug)
    key = api.signal_key(token, request.headers.get("Idempotency-Key", ""))
    sent, again = api.send(campaign, token, api.parameters_in(body), key=key)
    if not again:
        tasks.run_async(sent.run)
    return 200 if again else 202, api.brief(sent.run)


@endpoint("GET", "HEAD")
def run(request: HttpRequest, token: ApiToken, slug: str, run_id: int) -> Answer:
    """How far a live run is."""
    campaign = _campaign(token, "view", slug)
    try:
        found = get_object_or_404(Run.objects.live().select_related("campaign"), campaign=campaign, pk=run_id)
    except Http404:
        said = {"name": campaign.name, "run": run_id}
        raise ApiError(404, "no_run", _("“%(name)s” has no live run %(run)s.") % said) from None
    return 200, api.run_as_json(found)
