"""What a person is told who may not do something: which right is missing, which profiles have it, and who gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

from django.db.models import Model, Q
from django.utils.functional import lazystr
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from .models import ProductProfile, User
from .roles import BY_CODE

NAMED = 3  # administrators; a sentence with more is not read
_kept: ContextVar[dict[str, Any] | None] = ContextVar("granting_kept", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """Ask once who holds and who gives a right, however many controls of one page say so."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


class Middleware:
    """Within one request it is asked once."""

    def __init__(self, get_response: Callable[..., Any]):
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        with asked_once():
            return self.get_response(request)


def _once(key: str, ask: Callable[[], Any]) -> Any:
    kept = _kept.get()
    if kept is None:
        return ask()
    if key not in kept:
        kept[key] = ask()
    return kept[key]


def missing(permission: str) -> str:
    """The sentence about a right that no profile of a person has; nothing is asked before somebody reads it."""
    return cast(str, lazystr(_Sentence(permission)))


class _Sentence:
    """What ``lazystr`` asks for its words."""

    def __init__(self, permission: str):
        self.permission = permission

    def __str__(self) -> str:
        right = BY_CODE.get(self.permission)
        if right is None:
            return _("You need a right that no product profile gives.")
        words = {"right": right.label, "profiles": get_text_list(profiles(self.permission), _("or"))}
        need = _("You need the right “%(right)s”, which these profiles have: %(profiles)s.") % words
        return f"{need} {who_gives()}"


def not_shared(permission: str, obj: Model) -> str:
    """The sentence for somebody whose profile has the right, about something that is not shared with them so far."""
    right, owner = BY_CODE.get(permission), getattr(obj, "owner", None)
    words = {"name": str(obj), "right": right.label if right else permission, "owner": str(owner or "")}
    need = _("“%(name)s” is shared with you, but not so far that you may “%(right)s”.") % words
    if owner is None or not owner.is_active:
        return f"{need} {_who_shares()}"
    return f"{need} {_('Its owner %(owner)s or an administrator can share it further.') % words}"


def profiles(permission: str) -> list[str]:
    """The names of the profiles that have a right, those of one's own too."""
    return _once("profiles", _profiles).get(permission) or [_("no profile yet")]


def _profiles() -> dict[str, list[str]]:
    """The same for every right that there is: a page that tells of one often tells of another."""
    right = ("group__permissions__content_type__app_label", "group__permissions__codename")
    found: dict[str, list[str]] = {}
    for label, app, code in ProductProfile.objects.order_by("-built_in", "pk").values_list("label", *right):
        found.setdefault(f"{app}.{code}", []).append(label)
    return found


def administrators() -> list[str]:
    """The names of those who give profiles to people, one more than are named."""
    gives = Q(
        groups__permissions__content_type__app_label="accounts",
        groups__permissions__codename="change_user",
    )
    people = User.objects.filter(gives | Q(is_superuser=True), is_active=True).order_by("first_name", "username", "pk")
    return _once("", lambda: [str(person) for person in people.distinct()[: NAMED + 1]])


def who_gives() -> str:
    """Who can give a right, by name."""
    names = _named()
    return _("%(names)s can give it.") % {"names": names} if names else _("An administrator can give it.")


def _who_shares() -> str:
    names = _named()
    sentence = _("%(names)s can share it further.") % {"names": names}
    return sentence if names else _("An administrator can share it further.")


def _named() -> str:
    names = administrators()
    told = [*names[:NAMED], _("another administrator")] if len(names) > NAMED else names
    return get_text_list(told, _("or"))
