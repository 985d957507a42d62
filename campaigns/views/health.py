"""Whether everything that must be there is there: for load balancers and people who look."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error as DatabaseFailure
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import RedisError

from campaigns.models import Beat
from orchcamp.datasets import engine
from orchcamp.web.errors import Refused

FRESH = timedelta(seconds=60)


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


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when database, cache, lake and worker are well, else 503 that names what is not, and why."""
    parts: dict[str, str] = {}
    for name, check in PARTS.items():
        try:
            check()
            parts[name] = "ok"
        except Refused as problem:
            parts[name] = str(problem)
    well = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if well else "unwell", "parts": parts}, status=200 if well else 503)
