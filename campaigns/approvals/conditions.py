"""For which campaigns a policy holds: a small tree of all and any over what is known when an approval is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.errors import CampaignError

ALL, ANY = "all", "any"
DEEPEST, MOST = 3, 50
IS, IS_NOT = "is", "is_not"
AT_LEAST, AT_MOST = "at_least", "at_most"
EQUALS, CONTAINS, BEGINS = "equals", "contains", "begins"
OPERATORS = {
    IS: gettext_lazy("is"),
    IS_NOT: gettext_lazy("is not"),
    AT_LEAST: gettext_lazy("is at least"),
    AT_MOST: gettext_lazy("is at most"),
    EQUALS: gettext_lazy("equals"),
    CONTAINS: gettext_lazy("contains"),
    BEGINS: gettext_lazy("begins with"),
}
JOINED = {ALL: gettext_lazy("and"), ANY: gettext_lazy("or")}


class BadConditions(CampaignError):
    """Conditions that cannot be; the sentence names the place and what may stand there."""


@dataclass(frozen=True)
class Subject:
    """What is known of a campaign when somebody asks for its approval."""

    name: str = ""
    tags: frozenset[str] = frozenset()  # folded
    channels: frozenset[str] = frozenset()  # node types
    size: int | None = None  # rows that arrive at its channels; None: not counted yet
    dimension: str = ""
    folders: frozenset[int] = frozenset()  # the folder it lies in, and those around that
    requester: int | None = None
    groups: frozenset[int] = frozenset()  # of the requester


@dataclass(frozen=True)
class Field:
    """One thing that a condition can ask; ``kind`` says what its value is."""

    label: Any
    operators: tuple[str, ...]
    kind: str  # text, number, key, name
    holds: Callable[[Subject, Any], bool]  # whether the subject is this, for the operator “is”


FIELDS: dict[str, Field] = {
    "channel": Field(gettext_lazy("Channel"), (IS, IS_NOT), "name", lambda one, value: value in one.channels),
    "size": Field(gettext_lazy("Size of the audience"), (AT_LEAST, AT_MOST), "number", lambda one, value: False),
    "tag": Field(gettext_lazy("Tag"), (IS, IS_NOT), "text", lambda one, value: value.casefold() in one.tags),
    "dimension": Field(
        gettext_lazy("Targeting dimension"), (IS, IS_NOT), "name", lambda one, value: value == one.dimension
    ),
    "folder": Field(
        gettext_lazy("Folder, with those in it"), (IS, IS_NOT), "key", lambda one, value: value in one.folders
    ),
    "name": Field(gettext_lazy("Name"), (EQUALS, CONTAINS, BEGINS), "text", lambda one, value: False),
    "requester": Field(gettext_lazy("Who asks"), (IS, IS_NOT), "key", lambda one, value: value == one.requester),
    "group": Field(gettext_lazy("Group of who asks"), (IS, IS_NOT), "key", lambda one, value: value in one.groups),
}


# --- Asking -------------------------------------------------------------------------------------------


def hold(tree: Any, subject: Subject) -> bool:
    """Whether a campaign is one of those that the conditions mean; no conditions mean every one."""
    if not tree:
        return True
    for joined, ask in ((ALL, all), (ANY, any)):
        if joined in tree:
            return not tree[joined] or ask(hold(item, subject) for item in tree[joined])
    return _holds(tree, subject)


def _holds(leaf: Mapping[str, Any], subject: Subject) -> bool:
    operator, value = leaf["operator"], leaf["value"]
    if operator in (AT_LEAST, AT_MOST):
        if subject.size is None:
            return False
        return subject.size >= value if operator == AT_LEAST else subject.size <= value
    if operator in (EQUALS, CONTAINS, BEGINS):
        name, text = subject.name.casefold(), value.casefold()
        return {EQUALS: name == text, CONTAINS: text in name, BEGINS: name.startswith(text)}[operator]
    return FIELDS[leaf["field"]].holds(subject, value) is (operator == IS)


def leaves(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every single condition."""
    if not tree:
        return
    for joined in (ALL, ANY):
        if joined in tree:
            for item in tree[joined]:
                yield from leaves(item)
            return
    yield tree


# --- Reading ------------------------------------------------------------------------------------------


def read(tree: Any) -> dict[str, Any]:
    """Conditions that can be asked. Raises BadConditions that names the first place that cannot be so."""
    found = _read(tree or {}, "conditions", 1)
    if sum(1 for _leaf in leaves(found)) > MOST:
        raise BadConditions(_("At most %(most)s conditions are allowed; make another policy of some.") % {"most": MOST})
    return found


def _read(tree: Any, place: str, depth: int) -> dict[str, Any]:
    if not isinstance(tree, Mapping):
        raise BadConditions(_("“%(place)s” must be an object.") % {"place": place})
    if not tree:
        return {}
    joined = [name for name in (ALL, ANY) if name in tree]
    if not joined:
        return _leaf(tree, place)
    if len(tree) > 1 or not isinstance(tree[joined[0]], list):
        raise BadConditions(_("“%(place)s” must hold either a list “all” or a list “any”.") % {"place": place})
    if depth > DEEPEST:
        raise BadConditions(_("“%(place)s” lies too deep: at most %(n)s lists in each other.") % {
            "place": place, "n": DEEPEST})  # fmt: skip
    items = enumerate(tree[joined[0]], start=1)
    return {joined[0]: [_read(item, f"{place}.{joined[0]}[{number}]", depth + 1) for number, item in items]}


def _leaf(leaf: Mapping[str, Any], place: str) -> dict[str, Any]:
    facts = {"place": place}
    field = FIELDS.get(str(leaf.get("field")))
    if field is None:
        known = ", ".join(FIELDS)
        raise BadConditions(_("“%(place)s.field” must be one of: %(known)s.") % {**facts, "known": known})
    if leaf.get("operator") not in field.operators:
        known = ", ".join(field.operators)
        raise BadConditions(_("“%(place)s.operator” must be one of: %(known)s.") % {**facts, "known": known})
    return {"field": leaf["field"], "operator": leaf["operator"], "value": _value(field, leaf.get("value"), place)}


def _value(field: Field, value: Any, place: str) -> Any:
    facts = {"place": place, "label": field.label}
    if field.kind in ("number", "key"):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
            raise BadConditions(_("“%(place)s.value” (%(label)s) must be a whole number, 0 or more.") % facts)
        return value
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or "\0" in value:
        raise BadConditions(_("“%(place)s.value” (%(label)s) must be a text of at most 200 characters.") % facts)
    return value.strip()


# --- In words -----------------------------------------------------------------------------------------


def words(tree: Any, names: Mapping[str, Mapping[Any, str]]) -> str:
    """The conditions as a sentence; ``names``: field -> value -> what people call it."""
    if not list(leaves(tree)):
        return _("Every campaign")
    return _words(tree, names, outer=True)


def _words(tree: Any, names: Mapping[str, Mapping[Any, str]], *, outer: bool = False) -> str:
    for joined in (ALL, ANY):
        if joined in tree:
            items = [item for item in tree[joined] if list(leaves(item))]
            said = [_words(item, names, outer=outer and len(items) == 1) for item in items]
            text = f" {JOINED[joined]} ".join(said)
            return text if outer or len(said) < 2 else f"({text})"
    field, known = FIELDS[tree["field"]], names.get(tree["field"], {})
    value = tree["value"]
    if field.kind == "number":
        shown = f"{value:,}"
    elif field.kind == "key":
        shown = known.get(value) or _("(not here any more)")
    else:
        shown = f"“{known.get(value, value)}”"
    return f"{field.label} {OPERATORS[tree['operator']]} {shown}"
