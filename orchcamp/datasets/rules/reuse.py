"""What a rule reuses by name: predefined filters with the values they ask for, and saved audiences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..schema import AudienceShape, DatasetShape, FilterShape
from . import literals, paths
from .context import Parameter, RuleContext, RuleError

PARAMETERS: dict[str, str | Promise] = {  # type -> its name for people
    "text": gettext_lazy("text"),
    "number": gettext_lazy("number"),
    "date": gettext_lazy("date"),
    "boolean": gettext_lazy("yes or no"),
    "list": gettext_lazy("list"),
}
COLUMN_TYPES = {"text": "string", "number": "decimal", "date": "datetime", "boolean": "boolean"}
STAND_INS: dict[str, Any] = {"text": "", "number": 0, "date": "2000-01-01", "boolean": True, "list": []}
SHOWN_AT_MOST = 3
_NO_ROWS = DatasetShape("", "", (), {})


def used_filter(slug: object, shape: DatasetShape, ctx: RuleContext, place: str) -> FilterShape:
    """The predefined filter of that name, if it is about these rows and does not reach itself."""
    if not isinstance(slug, str) or slug not in ctx.model.filters:
        hint = paths.closest(str(slug), ctx.model.filters)
        raise RuleError(
            place, _("there is no predefined filter %(name)s. %(hint)s") % {"name": literals.shown(slug), "hint": hint}
        )
    found = ctx.model.filters[slug]
    if slug in ctx.within:
        way = " → ".join([*ctx.within[ctx.within.index(slug) :], slug])
        raise RuleError(place, _("the filter “%(slug)s” reaches itself: %(way)s.") % {"slug": slug, "way": way})
    if found.dataset != shape.slug:
        raise RuleError(
            place,
            _("the filter “%(label)s” is about %(its)s and cannot be used on %(dataset)s.")
            % {"label": found.label, "its": _named(found.dataset, ctx), "dataset": shape.label},
        )
    return found


def used_audience(slug: object, shape: DatasetShape, ctx: RuleContext, place: str) -> AudienceShape:
    """The saved audience of that name, if its members are such rows."""
    if not isinstance(slug, str) or slug not in ctx.model.audiences:
        hint = paths.closest(str(slug), {shape.slug: shape for shape in ctx.model.offered})
        raise RuleError(
            place, _("there is no audience %(name)s. %(hint)s") % {"name": literals.shown(slug), "hint": hint}
        )
    found = ctx.model.audiences[slug]
    if found.dataset != shape.slug:
        raise RuleError(
            place,
            _("the audience “%(label)s” holds %(its)s; membership of %(dataset)s cannot be asked of it.")
            % {"label": found.label, "its": _named(found.dataset, ctx), "dataset": shape.label},
        )
    return found


def _named(slug: str, ctx: RuleContext) -> str:
    return ctx.model.datasets[slug].label if slug in ctx.model.datasets else slug


def bound(shape: FilterShape, given: object, ctx: RuleContext, place: str) -> dict[str, Parameter]:
    """What each parameter of the filter stands for in this use. Raises RuleError."""
    if not isinstance(given, dict):
        raise RuleError(place, _("expects an object: the name of each parameter and its value."))
    for name in given:
        if name not in shape.parameters:
            raise RuleError(
                place,
                _("the filter “%(label)s” has no parameter %(name)s. %(hint)s")
                % {
                    "label": shape.label,
                    "name": literals.shown(name),
                    "hint": paths.closest(str(name), shape.parameters),
                },
            )
    found = {}
    for name, facts in shape.parameters.items():
        if name not in given and "default" not in facts:
            raise RuleError(
                place,
                _("the filter “%(label)s” asks for “%(name)s”, a %(type)s; give it a value.")
                % {"label": shape.label, "name": name, "type": PARAMETERS[facts["type"]]},
            )
        value = given[name] if name in given else facts["default"]
        found[name] = parameter(value, facts["type"], ctx, f"{place}.{name}")
    return found


def parameter(value: object, type: str, ctx: RuleContext, place: str) -> Parameter:
    """A value of a parameter's type: a literal, a variable, a parameter of the filter around, or a moving date."""
    if isinstance(value, dict) and set(value) == {"variable"}:
        name = value["variable"]
        return Parameter(type, _checked(literals.variable(name, ctx, place), type, ctx, place), f"${name}")
    if isinstance(value, dict) and set(value) == {"parameter"}:
        outer = literals.given_parameter(value["parameter"], ctx, place)
        return Parameter(type, _checked(outer.value, type, ctx, place), outer.shown)
    if isinstance(value, dict) and "date" in value and type == "date":
        (found,) = literals.value(value, "datetime", _NO_ROWS, ctx, {}, place)
        return Parameter(type, value, getattr(found, "shown", ""))
    return Parameter(type, _checked(value, type, ctx, place))


def _checked(value: Any, type: str, ctx: RuleContext, place: str) -> Any:
    if type == "list":
        items = [value] if not isinstance(value, list | tuple) else list(value)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str | int | float) for item in items):
            raise RuleError(place, _("expects a list of texts or numbers."))
        if len(items) > literals.LIST_AT_MOST:
            raise RuleError(place, _("the list has more than %(n)s values.") % {"n": f"{literals.LIST_AT_MOST:,}"})
        return items
    if isinstance(value, dict) and type == "date" and "date" in value:
        return value
    literals.scalar(value, COLUMN_TYPES[type], ctx, place)
    return value


def stand_ins(parameters: Mapping[str, Mapping[str, Any]], ctx: RuleContext) -> dict[str, Parameter]:
    """Parameters as a filter's own page shows its rule: by their names."""
    found = {}
    for name, facts in parameters.items():
        held = parameter(facts.get("default", STAND_INS[facts["type"]]), facts["type"], ctx, name)
        found[name] = replace(held, shown=f"[{facts.get('label') or name}]")
    return found


def said(name: str, given: Parameter, facts: Mapping[str, Any]) -> tuple[str, str]:
    """A parameter and its value in words."""
    value = given.value
    if given.shown:
        shown = given.shown
    elif isinstance(value, list):
        more = ", …" if len(value) > SHOWN_AT_MOST else ""
        shown = ", ".join(map(str, value[:SHOWN_AT_MOST])) + more
    elif isinstance(value, bool):
        shown = _("yes") if value else _("no")
    else:
        shown = str(value)
    return str(facts.get("label") or name), shown
