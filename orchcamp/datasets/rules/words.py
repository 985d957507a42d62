"""A rule said in words, for people to read."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..schema import Step
from .moments import PERIODS
from .nodes import (
    Aggregate,
    Collection,
    Computed,
    Condition,
    FilterUse,
    Group,
    Literal,
    Membership,
    Node,
    Source,
    Test,
    Value,
)
from .operators import AGGREGATES, label

SHOWN_AT_MOST = 5
LENGTH_AT_MOST = 2_000
EXPRESSION_AT_MOST = 200
COUNTED: dict[str, str | Promise] = {  # how a number of rows is said
    "greater_or_equal": gettext_lazy("has at least %(n)s %(rows)s"),
    "less_or_equal": gettext_lazy("has at most %(n)s %(rows)s"),
    "greater_than": gettext_lazy("has more than %(n)s %(rows)s"),
    "less_than": gettext_lazy("has fewer than %(n)s %(rows)s"),
    "equals": gettext_lazy("has exactly %(n)s %(rows)s"),
    "not_equals": gettext_lazy("has other than %(n)s %(rows)s"),
    "between": gettext_lazy("has between %(n)s %(rows)s"),
    "not_between": gettext_lazy("does not have between %(n)s %(rows)s"),
    "in": gettext_lazy("has one of %(n)s %(rows)s"),
    "not_in": gettext_lazy("has none of %(n)s %(rows)s"),
}


def say(node: Node) -> str:
    """The whole rule as one sentence without a full stop."""
    if isinstance(node, Group) and not node.items:
        return _("Every row")
    said = phrase(node)
    return said[:1].upper() + said[1:]


def phrase(node: Node) -> str:
    """The rule as it goes on after “where”."""
    said = _node(node)
    return said if len(said) <= LENGTH_AT_MOST else said[: LENGTH_AT_MOST - 1] + "…"


def _node(node: Node, inside: bool = False) -> str:
    if isinstance(node, Group):
        said = _group(node)
        return f"({said})" if inside and len(node.items) > 1 else said
    if isinstance(node, Condition):
        return f"{name(node.attribute)} {test(node.test, node.attribute.type)}"
    if isinstance(node, Membership):
        said = _("is in the audience “%(label)s”") if node.member else _("is not in the audience “%(label)s”")
        return said % {"label": node.label}
    if isinstance(node, FilterUse):
        return _filter(node)
    return _collection(node) if isinstance(node, Collection) else _aggregate(node)


def _filter(node: FilterUse) -> str:
    said = _("matches the filter “%(label)s”") % {"label": node.label}
    if not node.given:
        return said
    given = _(" and ").join(f"{name} = {value}" for name, value in node.given)
    return _("%(said)s with %(given)s") % {"said": said, "given": given}


def _group(node: Group) -> str:
    if not node.items:
        return _("anything")
    if node.kind == "except" and len(node.items) > 1:
        first, *others = (_node(item, inside=True) for item in node.items)
        return _("%(first)s, except where %(others)s") % {"first": first, "others": _(" or ").join(others)}
    joint = _(" or ") if node.kind == "or" else _(" and ")
    return joint.join(_node(item, inside=True) for item in node.items)


def _collection(node: Collection) -> str:
    rows, to_one = _link(node.steps), node.steps[-1].to_one
    if node.exists:
        said = _("has a %(rows)s") if to_one else _("has %(rows)s")
    else:
        said = _("has no %(rows)s")
    return said % {"rows": rows} + _where(node.where)


def _aggregate(node: Aggregate) -> str:
    rows, where = _link(node.steps), _where(node.where)
    if node.function == "count" and node.attribute is None and node.test.operator in COUNTED:
        n = _(" and ").join(map(_value, node.test.values[:SHOWN_AT_MOST]))
        if node.test.operator in ("in", "not_in"):
            n = _list(node.test.values)
        return str(COUNTED[node.test.operator]) % {"n": n, "rows": rows} + where
    of = name(node.attribute) if node.attribute else rows
    said = _("%(figure)s of %(of)s") % {"figure": str(AGGREGATES[node.function]).lower(), "of": of}
    if node.attribute:
        said = _("%(figure)s of %(rows)s") % {"figure": said, "rows": rows}
    return f"{said}{where} {test(node.test, node.type)}"


def _where(where: Node) -> str:
    if isinstance(where, Group) and not where.items:
        return ""
    return _(" where %(condition)s") % {"condition": _node(where, inside=isinstance(where, Group))}


def _link(steps: tuple[Step, ...]) -> str:
    return _(" of ").join(step.name.replace("_", " ") for step in reversed(steps))


def name(attribute: Source) -> str:
    """A column as people call it, with the way to it; an expression as it was written."""
    if isinstance(attribute, Computed):
        text = " ".join(attribute.text.split())
        return text if len(text) <= EXPRESSION_AT_MOST else text[: EXPRESSION_AT_MOST - 1] + "…"
    label = attribute.label or attribute.column
    if not attribute.steps:
        return label
    way = " ".join(step.name.replace("_", " ") for step in attribute.steps)
    return _("%(way)s’s %(column)s") % {"way": way, "column": label}


def test(asked: Test, type: str) -> str:
    """What is asked of a value, after its name."""
    if asked.period:
        return _period(asked)
    said = label(asked.operator, type)
    if not asked.values:
        return said if not asked.operator.endswith("in") else f"{said} ()"
    if asked.operator in ("between", "not_between"):
        said = f"{said} {_(' and ').join(map(_value, asked.values))}"
    elif asked.operator in ("in", "not_in"):
        said = f"{said} {_list(asked.values)}"
    else:
        said = f"{said} {_value(asked.values[0])}"
    return _("%(test)s (in any case)") % {"test": said} if asked.ignore_case else said


def _period(asked: Test) -> str:
    assert asked.period is not None
    said = str(PERIODS[asked.period.name]) % {"n": asked.period.shown or asked.period.n}
    positive = asked.operator == "in_period"
    if asked.period.name == "anniversary_today":
        return _("has its anniversary today") if positive else _("does not have its anniversary today")
    if asked.period.name in ("last_days", "next_days"):
        return (_("is in %(period)s") if positive else _("is not in %(period)s")) % {"period": said}
    return (_("is %(period)s") if positive else _("is not %(period)s")) % {"period": said}


def _list(values: tuple[Value, ...]) -> str:
    said = ", ".join(map(_value, values[:SHOWN_AT_MOST]))
    more = len(values) - SHOWN_AT_MOST
    return _("%(list)s and %(n)s more") % {"list": said, "n": f"{more:,}"} if more > 0 else said


def _value(value: Value) -> str:
    if not isinstance(value, Literal):
        return name(value)
    if value.shown:
        return value.shown
    found = value.value
    if isinstance(found, bool):
        return _("yes") if found else _("no")
    if isinstance(found, datetime):
        return found.isoformat(" ", "minutes").replace("+00:00", " UTC")
    if isinstance(found, date):
        return found.isoformat()
    if isinstance(found, int | float | Decimal):
        return formats.number_format(found, use_l10n=True, force_grouping=True)
    text = str(found)
    return f"“{text}”" if not text.strip() or len(text) > 60 or " and " in text else text
