"""One cell of a file: from the text that stands there to a value, in the engine's own language, and why not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from . import casting
from .casting import SQL_TYPES, Field
from .detection import LoadError
from .engine import literal

NUMBERS = {  # how a number is written: its thousands and its decimal mark
    "plain": ("", "."),
    "comma": (",", "."),
    "space": (" ", ","),
    "point": (".", ","),
    "apostrophe": ("'", "."),
}
SPACES = {
    "none": "{}",
    "both": "trim({}, ' \t\u00a0')",
    "left": "ltrim({}, ' \t\u00a0')",
    "right": "rtrim({}, ' \t\u00a0')",
    "all": "regexp_replace({}, '[\\s\u00a0]+', '', 'g')",
}
CASES = {
    "none": "{}",
    "upper": "upper({})",
    "lower": "lower({})",
    "first": "(upper(left({0}, 1)) || lower(substring({0}, 2)))",
    "words": (
        "array_to_string(list_transform(string_split(lower({0}), ' '),"
        " lambda w: upper(left(w, 1)) || substring(w, 2)), ' ')"
    ),
}
PARTS = {  # of a date pattern, the longest first
    "YYYY": "%Y",
    "yyyy": "%Y",
    "YY": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "DD": "%d",
    "dd": "%d",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "AM": "%p",
    "M": "%-m",
    "D": "%-d",
    "d": "%-d",
    "H": "%-H",
}
PATTERN = re.compile("|".join(PARTS))
DIRECTIVES = "YymdHIMSfpbBzj"


@dataclass(frozen=True)
class Treatment:
    """What is done to the cells of one column."""

    name: str
    type: str = "string"
    label: str = ""
    source: str = ""  # the column of the file; "": the one called ``name``
    width: int = 0  # of a fixed column; else the longest text that is let in; 0: any
    nulls: str = "allowed"  # allowed, numbers (must be there) or required
    on_error: str = "reject"  # ignore, reject or default
    default: str = ""
    remapping: Mapping[str, str] = field(default_factory=dict)
    unmapped: str = "keep"  # keep, reject or default: what is not in the remapping
    case: str = "none"
    white_space: str = "both"
    number_format: str = "plain"
    date_formats: tuple[str, ...] = ()
    personal: bool = False


def strptime(pattern: str) -> str:
    """A date pattern as the engine writes it: ``DD/MM/YYYY`` and ``%d/%m/%Y`` are the same. Raises LoadError."""
    if "%" not in pattern:
        pattern = PATTERN.sub(lambda found: PARTS[found[0]], pattern)
    directives = re.findall(r"%-?(.)", pattern)
    rest = re.sub(r"%-?.", "", pattern)
    if not directives or any(each not in DIRECTIVES for each in directives) or re.search(r"[^\W\d_ThZ]|'", rest):
        raise LoadError(_("“%(pattern)s” is no date pattern; write one such as DD/MM/YYYY.") % {"pattern": pattern})
    return pattern


def text(cell: Field, how: Treatment) -> str:
    """The cell's text after cleaning and remapping; null where nothing is left."""
    cleaned = f"nullif({SPACES[how.white_space].format(casting.text_of(cell))}, '')"
    if how.remapping:
        pairs = " ".join(f"WHEN {literal(old)} THEN {literal(new)}" for old, new in how.remapping.items())
        other = literal(how.default) if how.unmapped == "default" else cleaned
        cleaned = f"CASE WHEN {cleaned} IS NULL THEN NULL ELSE CASE {cleaned} {pairs} ELSE {other} END END"
    return f"nullif({CASES[how.case].format(f'({cleaned})')}, '')" if how.case != "none" else f"({cleaned})"


def unmapped(cell: Field, how: Treatment) -> str:
    """Whether the cell is none of those that are remapped, where that is an error."""
    if not how.remapping or how.unmapped != "reject":
        return "false"
    cleaned = f"nullif({SPACES[how.white_space].format(casting.text_of(cell))}, '')"
    return f"{cleaned} NOT IN ({', '.join(map(literal, how.remapping))})"


def value(text: str, how: Treatment, zone: str) -> str:
    """A text in the column's type; null where it does not fit."""
    if how.type in {"integer", "decimal", "float"} and how.number_format != "plain":
        return casting.from_text(_number(text, how.number_format), how.type)
    if how.type in {"date", "datetime"} and how.date_formats:
        patterns = ", ".join(literal(strptime(pattern)) for pattern in how.date_formats)
        moment = f"try_strptime({text}, [{patterns}])"
        return f"CAST({moment} AS DATE)" if how.type == "date" else casting.local(moment, zone)
    return casting.from_text(text, how.type, zone)


def _number(text: str, format: str) -> str:
    """A number as it is written elsewhere, as it is written here; null where its thousands are in wrong places."""
    thousands, mark = NUMBERS[format]
    gap = "[ \u00a0\u202f]" if thousands == " " else re.escape(thousands)
    pattern = rf"[+-]?(\d{{1,3}}({gap}\d{{3}})+|\d+)({re.escape(mark)}\d*)?"
    bare = f"regexp_replace({text}, {literal(gap)}, '', 'g')"
    return (
        f"CASE WHEN regexp_full_match({text}, {literal(pattern)})"
        f" THEN replace({bare}, {literal(mark)}, '.') ELSE '?' END"
    )


def default(how: Treatment, zone: str) -> str:
    """The default value in the column's type; null where there is none."""
    if not how.default:
        return f"CAST(NULL AS {SQL_TYPES[how.type]})"
    return casting.from_text(literal(how.default), how.type, zone)


def fault(text: str, value: str, how: Treatment, unmapped: str) -> str:
    """Why the cell is an error, in words; null when it is none."""
    before, after = casting.reason(how.type, "\0").split("\0")
    said = f"{literal(before)} || left({text}, 80) || "
    cases = [f"WHEN {unmapped} THEN {literal(_('is none of the values that are remapped'))}"] * (unmapped != "false")
    if how.nulls == "required" or (how.nulls == "numbers" and how.type in {"integer", "decimal", "float"}):
        cases.append(f"WHEN {text} IS NULL THEN {literal(_('is empty'))}")
    if how.type == "string" and how.width:
        longer = _("is longer than %(n)d characters") % {"n": how.width}
        cases.append(f"WHEN length({text}) > {how.width} THEN {literal(longer)}")
    if how.type != "string":
        cases.append(f"WHEN {text} IS NOT NULL AND {value} IS NULL THEN {said}{literal(after)}")
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"
