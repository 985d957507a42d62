"""How a campaign runs: what an error does, whom it is told to, how long a node may take, and what is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .errors import CampaignError

SUSPEND, IGNORE, ABORT = "suspend", "ignore", "abort"
ON_ERROR = (
    (SUSPEND, gettext_lazy("Suspend: nothing new begins; mend the node and resume")),
    (IGNORE, gettext_lazy("Ignore: what follows the node is left out, the rest goes on")),
    (ABORT, gettext_lazy("Abort: the run ends at once, and the campaign is stopped")),
)
MOST_ERRORS = 1000
LONGEST_HISTORY = 3650  # days
LONGEST_NODE = 7 * 24 * 60  # minutes


class BadSettings(CampaignError):
    """Settings that cannot be; the sentence names the place and what may stand there."""


@dataclass(frozen=True)
class NodeSettings:
    """What one node has of its own; nothing means as the campaign has it."""

    on_error: str = ""
    max_minutes: int | None = None


@dataclass(frozen=True)
class RunningSettings:
    """The settings of a campaign, read."""

    on_error: str = SUSPEND
    consecutive_errors: int = 0  # so many in a row are ignored; 0: as many as there are
    groups: tuple[str, ...] = ()  # supervisors: the members of these groups …
    people: tuple[str, ...] = ()  # … and these people, by user name: names travel between installations, keys do not
    keep_interim: bool = False
    history_days: int | None = None  # None: as the installation has it
    max_minutes: int | None = None
    nodes: Mapping[str, NodeSettings] = field(default_factory=dict)

    def on_error_of(self, node_id: str) -> str:
        """The error policy that holds for one node."""
        own = self.nodes.get(node_id)
        return own.on_error if own and own.on_error else self.on_error

    def limit_of(self, node_id: str) -> timedelta | None:
        """How long a node may be worked on; None: as long as it takes."""
        own = self.nodes.get(node_id)
        minutes = own.max_minutes if own and own.max_minutes else self.max_minutes
        return timedelta(minutes=minutes) if minutes else None

    def to_json(self) -> dict[str, Any]:
        """As the campaign keeps it; what is as it is by itself is left out, but for the error policy."""
        found: dict[str, Any] = {"on_error": self.on_error}
        if self.consecutive_errors:
            found["consecutive_errors"] = self.consecutive_errors
        if self.groups or self.people:
            found["supervisors"] = {"groups": list(self.groups), "people": list(self.people)}
        if self.keep_interim:
            found["keep_interim"] = True
        for name in ("history_days", "max_minutes"):
            if (value := getattr(self, name)) is not None:
                found[name] = value
        nodes = {id: _node_json(node) for id, node in sorted(self.nodes.items())}
        if own := {id: node for id, node in nodes.items() if node}:
            found["nodes"] = own
        return found


def _node_json(node: NodeSettings) -> dict[str, Any]:
    return {name: value for name, value in vars(node).items() if value}


# --- Reading ------------------------------------------------------------------------------------------


def read(value: Any) -> RunningSettings:
    """The settings of a campaign. Raises BadSettings that names the first place that cannot be so."""
    if not isinstance(value, Mapping):
        raise BadSettings(_("“settings” of the campaign must be an object."))
    for name, (sound, words) in FIELDS.items():
        if name in value and not sound(value[name]):
            raise BadSettings(
                _("“settings.%(name)s” of the campaign must be %(words)s.") % {"name": name, "words": words}
            )
    return _built(value)


def lenient(value: Any) -> RunningSettings:
    """The same of whatever is kept: what cannot be is as if it were not there. A run never fails by its settings."""
    kept = value if isinstance(value, Mapping) else {}
    return _built({name: kept[name] for name, (sound, _words) in FIELDS.items() if name in kept and sound(kept[name])})


def _built(value: Mapping[str, Any]) -> RunningSettings:
    supervisors = value.get("supervisors") or {}
    nodes = {
        id: NodeSettings(own.get("on_error") or "", own.get("max_minutes"))
        for id, own in (value.get("nodes") or {}).items()
    }
    return RunningSettings(
        on_error=value.get("on_error") or SUSPEND,
        consecutive_errors=value.get("consecutive_errors") or 0,
        groups=tuple(supervisors.get("groups") or ()),
        people=tuple(supervisors.get("people") or ()),
        keep_interim=bool(value.get("keep_interim")),
        history_days=value.get("history_days"),
        max_minutes=value.get("max_minutes"),
        nodes=nodes,
    )


def _whole(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: (
        value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= most)
    )


def _policy(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value in {"", SUSPEND, IGNORE, ABORT})


def _supervisors(value: Any) -> bool:
    def names(found: Any) -> bool:
        return isinstance(found, list) and all(isinstance(name, str) and 0 < len(name) <= 150 for name in found)

    return isinstance(value, Mapping) and set(value) <= {"groups", "people"} and all(map(names, value.values()))


def _nodes(value: Any) -> bool:
    minutes = _whole(1, LONGEST_NODE)
    return isinstance(value, Mapping) and all(
        isinstance(own, Mapping) and _policy(own.get("on_error")) and minutes(own.get("max_minutes"))
        for own in value.values()
    )


FIELDS: dict[str, tuple[Callable[[Any], bool], Any]] = {
    "on_error": (_policy, gettext_lazy("“suspend”, “ignore” or “abort”")),
    "consecutive_errors": (_whole(0, MOST_ERRORS), gettext_lazy("a whole number from 0 to 1000")),
    "supervisors": (_supervisors, gettext_lazy("an object with the lists of names “groups” and “people”")),
    "keep_interim": (lambda value: isinstance(value, bool), gettext_lazy("true or false")),
    "history_days": (_whole(1, LONGEST_HISTORY), gettext_lazy("a whole number of days from 1 to 3650")),
    "max_minutes": (_whole(1, LONGEST_NODE), gettext_lazy("a whole number of minutes from 1 to 10080")),
    "nodes": (
        _nodes,
        gettext_lazy("an object: node → “on_error” (suspend, ignore, abort) and “max_minutes” (1 to 10080)"),
    ),
}
