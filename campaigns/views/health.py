"""Whether everything that must be there is there: for load balancers, and for programs that watch."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error as DatabaseFailure
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import RedisError

from campaigns.health import looking
from campaigns.health import metrics as exposition
from campaigns.models import Beat, Installation
from orchcamp.accounts.access import may
from orchcamp.datasets import engine
from orchcamp.web.errors import Refused

FRESH = timedelta(seconds=60)
LOCAL = frozenset({"127.0.0.1", "::1"})


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseFailure:
        raise Refused(_("The database does not answer.")) from None


def _cache() -> None:
    key = f"health-{uuid.uuid4().hex}"
    try:
        cache.set(key, "well", 10)
        found = cache.get(key)
        cache.delete(key)
    except (DatabaseFailure, OSError, RedisError):
        raise Refused(_("The cache does not answer.")) from None
    if found != "well":
        raise Refused(_("The cache does not keep what it is given."))


def _lake() -> None:
    try:
        engine.root().mkdir(parents=True, exist_ok=True)
        place = engine.root() / f".health-{uuid.uuid4().hex}"
        place.write_bytes(b"well")
        place.unlink()
    except OSError:
        raise Refused(_("The lake cannot be written; look at its folder, its rights and the free space.")) from None


def _worker() -> None:
    try:
        last = Beat.objects.filter(name__startswith="worker:").order_by("-at").values_list("at", flat=True).first()
    except DatabaseFailure:
        raise Refused(_("The database does not answer.")) from None
    if last is None:
        raise Refused(_("No worker has been heard of; start one with “manage.py worker”."))
    if timezone.now() - last > FRESH:
        seconds = int((timezone.now() - last).total_seconds())
        raise Refused(_("The worker was last heard of %(n)s seconds ago; look at “manage.py worker”.") % {"n": seconds})


PARTS: dict[str, Callable[[], None]] = {"database": _database, "cache": _cache, "lake": _lake, "worker": _worker}


def _may_look_closer(request: HttpRequest) -> bool:
    """Whoever shows the token; without one, who asks from this very host. An answer to a proxy goes anywhere."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        return constant_time_compare(given, settings.METRICS_TOKEN)
    forwarded = any(name.startswith("HTTP_X_FORWARDED") or name == "HTTP_FORWARDED" for name in request.META)
    return not forwarded and request.META.get("REMOTE_ADDR") in LOCAL


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The measures for Prometheus."""
    if not _may_look_closer(request):
        sentence = _(
            "Show the token of ORCHCAMP_METRICS_TOKEN as “Authorization: Bearer …”, or ask from the same host."
        )
        return HttpResponse(sentence, status=403, content_type="text/plain; charset=utf-8")
    return HttpResponse(exposition.text(looking.look()), content_type=exposition.CONTENT_TYPE)


def _details(request: HttpRequest) -> list[dict[str, Any]]:
    """Every measure, for the token and for who may see the health of the installation."""
    by_token = bool(settings.METRICS_TOKEN) and _may_look_closer(request)
    if not by_token and not may(request.user, "view", Installation):
        return []
    names = ("key", "level", "shown", "sentence", "mend")
    return [{name: str(getattr(measure, name)) for name in names} for measure in looking.look()]


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when database, cache, lake and worker are well, else 503 that names what is not, and why.

    ``?details`` adds every measure, for those who may see it.
    """
    parts: dict[str, str] = {}
    for name, check in PARTS.items():
        try:
            check()
            parts[name] = "ok"
        except Refused as problem:
            parts[name] = str(problem)
    well = all(state == "ok" for state in parts.values())
    answer: dict[str, Any] = {"status": "ok" if well else "unwell", "parts": parts}
    if "details" in request.GET and parts["database"] == "ok" and (details := _details(request)):
        answer["measures"] = details
    return JsonResponse(answer, status=200 if well else 503)
