"""Who reads the data model: of audiences that they may not see they learn neither name nor size.

Within a request the model is that of the person who asks (``schema.load``). An audience that is hidden from them goes on
working in what uses it already: it has its columns and its rows, but another label, no number and ``hidden``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from orchcamp.accounts import access
from orchcamp.web.errors import Refused

if TYPE_CHECKING:
    from .schema import DataModel

_reader: ContextVar[Callable[[], Any] | None] = ContextVar("reader", default=None)


@contextmanager
def read_by(reader: Callable[[], Any] | None) -> Iterator[None]:
    """The model is read for this person meanwhile, who is asked for when it is; None: for the system."""
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)


class Middleware:
    """What a request reads is read by the person who sent it."""

    def __init__(self, get_response: Callable[..., Any]):
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        with read_by(lambda: request.user):
            return self.get_response(request)


def seen(model: DataModel) -> DataModel:
    """The model as whoever reads it may see it; the very same for those who see and use every audience."""
    from .models import Audience

    reader = _reader.get()
    user = reader() if reader else None
    if user is None or not user.is_authenticated or not model.audiences:
        return model
    see, use = (access.codename(Audience, action) for action in ("view", "use"))
    everywhere = [user.has_perm(code) and access.reaches_everywhere(user, code) for code in (see, use)]
    if all(everywhere):
        return model
    known = frozenset(model.audiences)
    visible = known if everywhere[0] else _slugs(Audience.objects.for_user(user, "view"))
    usable = known if everywhere[1] else _slugs(Audience.objects.for_user(user, "use")) & visible
    facts: dict[str, Any] = {"label": _("an audience that you may not see"), "rows": 0, "maker": "", "hidden": True}
    audiences = {slug: shape if slug in visible else replace(shape, **facts) for slug, shape in model.audiences.items()}
    return replace(model, audiences=audiences, usable=usable)


def _slugs(audiences: Any) -> frozenset[str]:
    return frozenset(audiences.order_by().values_list("slug", flat=True))


def hidden_in(model: DataModel, value: Any, *, deep: bool = False) -> bool:
    """Whether a rule or settings name an audience that the reader may not see; ``deep``: through filters too."""
    slugs = named(value, model) if deep else named(value)
    return any((shape := model.audiences.get(slug)) is not None and shape.hidden for slug in slugs)


def named(value: Any, model: DataModel | None = None) -> set[str]:
    """The audiences that a rule or settings name, by slug: themselves, or with a model through filters too."""
    from . import usage
    from .schema import AUDIENCE, DataModel

    found = usage.names(model or DataModel({}), value)
    return {name.removeprefix(AUDIENCE) for name in found if name.startswith(AUDIENCE)}


def demand_seen(model: DataModel, value: Any, *, deep: bool = False) -> None:
    """Raise Refused when a rule or settings name an audience that the reader may not see."""
    if hidden_in(model, value, deep=deep):
        raise Refused(hidden_sentence())


def hidden_sentence() -> str:
    return _("This uses an audience that you may not see; its owner or an administrator can share it with you.")


def demand_usable(user: Any, before: Any, after: Any, action: str = "use") -> None:
    """Raise Refused when ``after`` names an audience that ``before`` does not, and that the person may not use."""
    from .models import Audience

    new = named(after) - named(before) if user is not None else set()
    if not new:
        return
    found = {audience.slug: audience for audience in Audience.objects.filter(slug__in=new).select_related("owner")}
    allowed = access.among(user, action, found.values())
    for slug, audience in sorted(found.items()):
        if audience.pk in allowed:
            continue
        if not access.may(user, "view", audience):
            raise Refused(_("There is no audience “%(slug)s” that you may use; choose another.") % {"slug": slug})
        raise Refused(access.why_not(user, action, audience))
