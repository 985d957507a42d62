"""Short texts with fields in settings: file names, alerts, questions to people.

They know ``variables.NAME``, ``campaign``, ``date``, ``time``, and ``rows`` where they are known; the sandbox is that
of message content.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from orchcamp.messaging import content
from orchcamp.web.errors import Refused

from .forms import Scope
from .populations import ActivityError, Context

VARIABLES = "variables"
FACTS = ("campaign", "date", "time", "rows")


def render(text: str, ctx: Context, **facts: Any) -> str:
    """The text with its fields filled in; ``facts`` (``rows=12``) are known beside the usual ones."""
    moment = ctx.now.astimezone(ZoneInfo(ctx.timezone))
    known = {"campaign": ctx.campaign, "date": moment.date().isoformat(), "time": moment.strftime("%H:%M"), **facts}
    values = {name: shown for name, value in known.items() if (shown := _shown(value)) is not None}
    try:
        return content.phrase(text, {**values, VARIABLES: variables(ctx.variables)})
    except Refused as error:
        raise ActivityError(str(error)) from None


def problems(text: str, place: Context | Scope, *more: str) -> list[str]:
    """What keeps a text from being filled in: one sentence each; ``more`` are facts of this place."""
    try:
        asked = content.check_phrase(text)
    except Refused as error:
        return [str(error)]
    known = {*FACTS, *more, VARIABLES, *(f"{VARIABLES}.{name}" for name in place.variables)}
    return [_unknown(name, known) for name in sorted(asked - known)]


def variables(values: Mapping[str, Any]) -> dict[str, Any]:
    """The campaign's variables as templates see them: an empty one is not there."""
    return {name: shown for name, value in values.items() if (shown := _shown(value)) is not None}


def tried(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same for checks, where an empty one is known too."""
    return {name: "" if (shown := _shown(value)) is None else shown for name, value in values.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [content.plain(item) for item in value]
    return content.plain(value)


def _unknown(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return _("There is no “{name}” here; did you mean “{near}”?").format(name=name, near=near[0])
    names = ", ".join(sorted(known - {VARIABLES}))
    return _("There is no “{name}” here; there are: {names}.").format(name=name, names=names)
