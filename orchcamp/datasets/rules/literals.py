"""Values in a rule: of the right type, or refused; never converted."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _

from ..schema import ColumnShape, DatasetShape
from . import computed, moments, paths, patterns
from .context import Parameter, RuleContext, RuleError
from .nodes import Literal, Period, Scalar, Source, Value
from .operators import DAY, NUMBER

LIST_AT_MOST = 200_000
TEXT_AT_MOST = 100_000
PATTERN_AT_MOST = 1_000
HUGE = 10**300
DAY_FORM = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT_FORM = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")

Extras = Mapping[str, ColumnShape]


def article(type: str) -> str:
    """What a value of this type is called in an error."""
    if type == "string":
        return _("a text")
    if type in NUMBER:
        return _("a number")
    if type == "boolean":
        return _("true or false")
    return _("a date such as “2026-03-31”") if type == "date" else _("a date or a moment such as “2026-03-31T09:00”")


def shown(value: object) -> str:
    """A value as an error quotes it."""
    text = str(value)
    return f"“{text if len(text) <= 40 else text[:40] + '…'}”"


def keys(node: Mapping[Any, Any], known: set[str], place: str) -> None:
    """Refuse a key that means nothing here."""
    for key in node:
        if key not in known:
            raise RuleError(
                place,
                _("unknown key %(key)s; known here: %(known)s.")
                % {"key": shown(key), "known": ", ".join(sorted(known))},
            )


def _text(value: str, place: str) -> str:
    if len(value) > TEXT_AT_MOST:
        raise RuleError(place, _("the text is longer than %(n)s characters.") % {"n": f"{TEXT_AT_MOST:,}"})
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise RuleError(place, _("the text holds a character that no text in the data can hold."))
    return value


def moment(value: str, ctx: RuleContext, place: str) -> date | datetime:
    """The day or instant that a text says; one without zone is in the project's."""
    try:
        if DAY_FORM.fullmatch(value):
            return date.fromisoformat(value)
        if MOMENT_FORM.fullmatch(value):
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=ctx.home)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise RuleError(
        place, _("expects a date such as “2026-03-31” or “2026-03-31T09:00”, not %(value)s.") % {"value": shown(value)}
    )


def scalar(value: object, type: str, ctx: RuleContext, place: str) -> Scalar:
    """The value, when it is one of this type."""
    if value is None:
        raise RuleError(place, _("null is not a value; use is_empty or is_not_empty."))
    if type == "string" and isinstance(value, str):
        return _text(value, place)
    if type == "boolean" and isinstance(value, bool):
        return value
    if type in NUMBER and not isinstance(value, bool) and isinstance(value, int | float | Decimal):
        if not math.isfinite(value) or not -HUGE < value < HUGE:
            raise RuleError(place, _("expects a number that is finite."))
        return Decimal(repr(value)) if isinstance(value, float) else value
    if type in DAY and isinstance(value, str):
        return moment(value, ctx, place)
    raise RuleError(
        place, _("expects %(what)s, not %(value)s.") % {"what": article(type), "value": shown(_json(value))}
    )


def _json(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return {dict: _("an object"), list: _("a list")}.get(type(value), str(value))  # type: ignore[call-overload]


def value(
    given: object, type: str, shape: DatasetShape, ctx: RuleContext, extras: Extras, place: str
) -> tuple[Value, ...]:
    """What a condition holds its column against: one value, or several when a variable is a list."""
    if not isinstance(given, dict):
        return (Literal(scalar(given, type, ctx, place)),)
    if "attribute" in given:
        keys(given, {"attribute"}, place)
        found = paths.attribute(given["attribute"], shape, ctx, extras, f"{place}.attribute")
        return (_comparable(found, type, place),)
    if "variable" in given:
        keys(given, {"variable"}, place)
        return _variable(given["variable"], type, ctx, place)
    if "parameter" in given:
        keys(given, {"parameter"}, place)
        return _parameter(given["parameter"], type, ctx, place)
    if "date" in given:
        keys(given, {"date", "shift"}, place)
        return (moving(given, type, ctx, place),)
    if "expression" in given:
        keys(given, {"expression"}, place)
        read = computed.read(given["expression"], shape, ctx, extras, f"{place}.expression")
        return (_comparable(read, type, place),)
    raise RuleError(
        place,
        _("expects a value, {“attribute”: …}, {“expression”: …}, {“variable”: …} or {“date”: …}; found: %(keys)s.")
        % {"keys": ", ".join(map(str, given)) or _("an empty object")},
    )


def _comparable(source: Source, type: str, place: str) -> Source:
    if _family(source.type) == _family(type):
        return source
    raise RuleError(
        place,
        _("%(path)s is %(its)s and cannot be compared with %(what)s.")
        % {"path": source.path[:200], "its": article(source.type), "what": article(type)},
    )


def _family(type: str) -> str:
    return "number" if type in NUMBER else "day" if type in DAY else type


def variable(name: object, ctx: RuleContext, place: str) -> Any:
    """What the campaign's variable holds. Raises RuleError."""
    if not isinstance(name, str) or name not in ctx.variables:
        hint = paths.closest(str(name), ctx.variables)
        raise RuleError(place, _("there is no variable %(name)s. %(hint)s") % {"name": shown(name), "hint": hint})
    return ctx.variables[name]


def given_parameter(name: object, ctx: RuleContext, place: str) -> Parameter:
    """What a parameter stands for here. Raises RuleError."""
    if ctx.parameters is None:
        raise RuleError(place, _("a parameter can stand in the rule of a predefined filter only."))
    if not isinstance(name, str) or name not in ctx.parameters:
        hint = paths.closest(str(name), ctx.parameters)
        raise RuleError(
            place,
            _("the filter has no parameter %(name)s. %(hint)s") % {"name": shown(name), "hint": hint},
        )
    return ctx.parameters[name]


def _variable(name: object, type: str, ctx: RuleContext, place: str) -> tuple[Literal, ...]:
    held = variable(name, ctx, place)
    values = held if isinstance(held, list | tuple) else [held]
    within = _("%(place)s (variable “%(name)s”)") % {"place": place, "name": name}
    return tuple(Literal(scalar(item, type, ctx, within), f"${name}") for item in values)


def _parameter(name: object, type: str, ctx: RuleContext, place: str) -> tuple[Literal, ...]:
    held = given_parameter(name, ctx, place)
    within = _("%(place)s (parameter “%(name)s”)") % {"place": place, "name": name}
    if isinstance(held.value, dict):
        return (moving(held.value, type, ctx, within),)
    values = held.value if isinstance(held.value, list) else [held.value]
    return tuple(Literal(scalar(item, type, ctx, within), held.shown) for item in values)


def _plain(given: object, ctx: RuleContext, place: str) -> tuple[Any, str]:
    """A number or text that may stand for itself, or be held by a variable or a parameter; and how it is said."""
    if isinstance(given, dict) and set(given) == {"variable"}:
        return variable(given["variable"], ctx, place), f"${given['variable']}"
    if isinstance(given, dict) and set(given) == {"parameter"}:
        held = given_parameter(given["parameter"], ctx, place)
        return held.value, held.shown
    return given, ""


def moving(given: Mapping[str, Any], type: str, ctx: RuleContext, place: str) -> Literal:
    name = given["date"]
    shift, said = _plain(given.get("shift", ""), ctx, f"{place}.shift")
    if type not in DAY:
        raise RuleError(place, _("a date cannot be compared with %(what)s.") % {"what": article(type)})
    if not isinstance(name, str) or name not in moments.MOVING:
        hint = paths.closest(str(name), moments.MOVING)
        raise RuleError(
            f"{place}.date", _("there is no moving date %(name)s. %(hint)s") % {"name": shown(name), "hint": hint}
        )
    if not isinstance(shift, str) or (shift and not moments.SHIFT.fullmatch(shift)):
        raise RuleError(
            f"{place}.shift",
            _("expects a number and minutes, hours, days, weeks, months or years, such as “-90 days”, not %(shift)s.")
            % {"shift": shown(shift)},
        )
    try:
        found = moments.moving(name, shift, ctx.now, ctx.zone)
        if not isinstance(found, datetime):
            found = moments.midnight(found, ctx.zone) if type == "datetime" else found
    except (OverflowError, ValueError):
        raise RuleError(f"{place}.shift", _("%(shift)s leaves the calendar.") % {"shift": shown(shift)}) from None
    words = str(moments.MOVING[name])
    if said:
        return Literal(found, f"{words} {said}")
    return Literal(found, f"{words} {shift.replace('-', '− ', 1).replace('+', '+ ', 1)}".strip() if shift else words)


def period(given: object, ctx: RuleContext, place: str) -> Period:
    """A whole period: its name, and a number of days for those that count days."""
    if not isinstance(given, dict) or "period" not in given:
        raise RuleError(place, _("expects a period such as {“period”: “last_days”, “n”: 90}."))
    name = given["period"]
    if not isinstance(name, str) or name not in moments.PERIODS:
        hint = paths.closest(str(name), moments.PERIODS)
        raise RuleError(
            f"{place}.period", _("there is no period %(name)s. %(hint)s") % {"name": shown(name), "hint": hint}
        )
    if name not in moments.COUNTED:
        keys(given, {"period"}, place)
        return Period(name)
    keys(given, {"period", "n"}, place)
    n, said = _plain(given.get("n"), ctx, f"{place}.n")
    if not isinstance(n, int) or isinstance(n, bool) or not 0 <= n <= moments.DAYS_AT_MOST:
        raise RuleError(
            f"{place}.n", _("expects a whole number of days from 0 to %(most)s.") % {"most": moments.DAYS_AT_MOST}
        )
    return Period(name, n, said)


def pattern(given: str, operator: str, place: str) -> None:
    """Refuse a pattern that is too long, or that RE2 and Python do not both understand."""
    if len(given) > PATTERN_AT_MOST:
        raise RuleError(place, _("the pattern is longer than %(n)s characters.") % {"n": f"{PATTERN_AT_MOST:,}"})
    if operator != "matches":
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(given)
        pc.match_substring_regex(pa.array([""]), pattern=given)
    except (re.error, RecursionError, OverflowError, ValueError, pa.ArrowInvalid) as error:
        why = str(error).removeprefix("Invalid regular expression: ")
        raise RuleError(
            place,
            _("%(pattern)s is not a regular expression that can be used here: %(why)s.")
            % {"pattern": shown(given), "why": why},
        ) from None
    if patterns.explodes(given):
        raise RuleError(
            place,
            _("the pattern %(pattern)s could take for ever: it repeats what repeats already, or is too large to tell.")
            % {"pattern": shown(given)},
        )
