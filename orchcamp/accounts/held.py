"""What a person holds through their profiles, asked once for each time that they are loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import F

PERSONAL = "datasets.view_personal"


@dataclass(frozen=True)
class Held:
    """What a person holds through their profiles."""

    names: tuple[str, ...]
    rights: frozenset[str]
    everywhere: frozenset[str]  # the rights of those profiles that reach everywhere
    slugs: frozenset[str]  # of the profiles


def held(user: Any) -> Held:
    """One query for a person who was not loaded with it (``person``), when it is first asked."""
    if not hasattr(user, "_held"):
        rows = getattr(user, "_held_rows", None)
        if rows is None:
            rows = list(user.groups.order_by("name").values_list(*HELD))
        hidden = _hidden_from(user)
        held = [(everywhere, f"{app}.{code}") for _name, _slug, everywhere, app, code in rows if code]
        user._held = Held(
            tuple(dict.fromkeys(name for name, slug, *_rest in rows if slug)),
            frozenset(code for _everywhere, code in held) - hidden,
            frozenset(code for everywhere, code in held if everywhere) - hidden,
            frozenset(slug for _name, slug, *_rest in rows if slug),
        )
    return user._held


HELD = (
    "name",
    "profile__slug",
    "profile__everywhere",
    "permissions__content_type__app_label",
    "permissions__codename",
)


def person(pk: Any) -> Any:
    """The person with what their profiles hold, in one query; None where there is nobody of this key."""
    held = {f"held_{number}": F(f"groups__{name}") for number, name in enumerate(HELD)}
    rows = list(get_user_model()._default_manager.filter(pk=pk).annotate(**held).order_by("groups__name"))
    if not rows:
        return None
    rows[0]._held_rows = [tuple(getattr(row, name) for name in held) for row in rows]
    return rows[0]


def _hidden_from(user: Any) -> frozenset[str]:
    """Who looks as somebody else sees no personal data that they may not see themselves."""
    looker = getattr(user, "looked_at_by", None)
    return frozenset() if looker is None or looker.has_perm(PERSONAL) else frozenset({PERSONAL})
