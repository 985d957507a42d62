"""Beginning to look as somebody, and ending it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from .. import access, audit
from ..models import User

RIGHT = "accounts.look_as"
LOOKING = "looking"  # in the session: as whom, and until when
LASTS = 1800  # seconds


class LookError(Refused):
    """Somebody as whom one cannot look."""


@dataclass(frozen=True)
class Looking:
    by: User
    at: User
    until: float

    @property
    def minutes(self) -> int:
        """How many are left."""
        return max(1, round((self.until - time.time()) / 60))

    @property
    def sentence(self) -> str:
        names = {"name": str(self.at)}
        return _("You look as %(name)s, who is not asked: nothing can be changed until you end it.") % names


def begin(request: HttpRequest, person: User) -> None:
    """From now on this browser shows what the person sees. Raises LookError."""
    by = request.user
    if reason := refusal(by, person):
        raise LookError(reason)
    request.session[LOOKING] = {"at": person.pk, "until": time.time() + LASTS}
    audit.record(by, "began to look as", person)


def refusal(by: Any, person: User) -> str:
    """Why one may not look as the person; empty when one may."""
    names = {"name": str(person)}
    if not access.holds(by, RIGHT):
        return access.missing_right(RIGHT)
    if person.pk == by.pk:
        return _("You look as yourself already.")
    if person.is_superuser and not by.is_superuser:
        return _("%(name)s is a superuser: only another superuser may look as them.") % names
    if not person.is_active:
        return _("%(name)s may not sign in, so there is nothing that they see.") % names
    return ""


def current(request: HttpRequest) -> Looking | None:
    """As whom this browser looks, good or not any more."""
    found = request.session.get(LOOKING)
    if not found or not request.user.is_authenticated:
        return None
    person = User.objects.filter(pk=found["at"]).first()
    return Looking(request.user, person, found["until"]) if person else None  # type: ignore[arg-type]


def is_over(looking: Looking) -> str:
    """Why it may not go on; empty while it may."""
    if time.time() >= looking.until:
        return _("Looking as %(name)s ended after %(n)d minutes.") % {"name": looking.at, "n": LASTS // 60}
    return refusal(looking.by, looking.at)


def end(request: HttpRequest, looking: Looking, why: str = "") -> None:
    """Be oneself again."""
    request.session.pop(LOOKING, None)
    audit.record(looking.by, "stopped looking as", looking.at, **({"why": str(why)} if why else {}))
