"""Those who try tokens that open nothing, again and again: counted by their address, for a while."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest

MOST = 20  # refusals of one address
WHILE = 300  # seconds for which they are counted


def too_many(request: HttpRequest) -> bool:
    """Note one more refusal; whether there were too many of this address."""
    key = f"refused-tokens-{request.META.get('REMOTE_ADDR', '').replace(':', '.')[:60]}"
    if cache.add(key, 1, WHILE):
        return False
    try:
        return cache.incr(key) > MOST
    except ValueError:  # it ran out just now
        return False
