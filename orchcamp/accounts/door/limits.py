"""Those who guess codes: counted for each person, whatever address they come from."""

from __future__ import annotations

from django.core.cache import cache

from ..models import User

MOST = 5  # wrong codes of one person
WHILE = 900  # seconds for which they are counted


def too_many(user: User) -> bool:
    """Note one more attempt, before it is looked at; whether there were too many."""
    key = _key(user)
    if cache.add(key, 1, WHILE):
        return False
    try:
        return cache.incr(key) > MOST
    except ValueError:  # it ran out just now
        return False


def clear(user: User) -> None:
    """A code was right."""
    cache.delete(_key(user))


def _key(user: User) -> str:
    return f"second-factor-attempts-{user.pk}"
