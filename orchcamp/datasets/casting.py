"""Texts, JSON values and Parquet values as typed columns, in the engine's own language: what fits, and why not."""

# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from .engine import literal, quoted

SQL_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(18, 4)",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMPTZ",
}
WHOLE = r"[+-]?\d+(\.0*)?"
DAY = r"\d{4}-\d{2}-\d{2}"
MIDNIGHT = rf"{DAY}([T ]00:00(:00(\.0+)?)?)?"
MOMENT = rf"{DAY}[T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d{{1,9}})?)?"
ZONE = r" ?(Z|[+-]\d{2}(:?\d{2})?)"
TRUE, FALSE = "('true', 't', 'yes', 'y', '1')", "('false', 'f', 'no', 'n', '0')"
WIDER = {  # what holds the values of both
    frozenset({"integer", "decimal"}): "decimal",
    frozenset({"integer", "float"}): "float",
    frozenset({"decimal", "float"}): "float",
    frozenset({"date", "datetime"}): "datetime",
}


@dataclass(frozen=True)
class Field:
    """One column as a source holds it: where it is found, and in which form."""

    name: str
    sql: str
    form: str  # "text", "json", or the type that a Parquet column has


def widest(types: list[str]) -> str:
    """One type for all that was found; nothing found is a text."""
    found = types[0] if types else "string"
    for other in types[1:]:
        if other != found:
            found = WIDER.get(frozenset({found, other}), "string")
    return found


def text_of(field: Field) -> str:
    """The value as a text; null where the source holds nothing."""
    if field.form == "text":
        return f"nullif({field.sql}, '')"
    if field.form == "json":
        return f"({field.sql} ->> '$')"
    if field.form == "datetime":  # as the clock on the wall says in the project's zone
        return f"CAST(timezone({literal(settings.TIME_ZONE)}, {field.sql}) AS VARCHAR)"
    return f"CAST({field.sql} AS VARCHAR)"


def typed(field: Field, type: str) -> str:
    """The value in the type; null where it is null or does not fit."""
    if field.form == type:
        return _same(field.sql, type)
    return from_text(text_of(field), type)


def _same(sql: str, type: str) -> str:
    if type == "float":
        return f"CASE WHEN NOT isnan({sql}) THEN CAST({sql} AS DOUBLE) END"
    return f"TRY_CAST({sql} AS {SQL_TYPES[type]})"


def from_text(text: str, type: str, zone: str = "") -> str:
    """A text in the type; stricter than the engine's own reading, which rounds, guesses and takes underscores.

    Texts that are written as the engine itself writes the value are known by that, the rest by slower patterns.
    """
    clean = f"trim({text})"
    if type == "string":
        return text
    if type == "integer":
        value = f"TRY_CAST({text} AS BIGINT)"
        whole = f"regexp_replace({clean}, '\\.0*$', '')"
        slow = f"WHEN regexp_full_match({clean}, '{WHOLE}') THEN TRY_CAST({whole} AS BIGINT)"
        return f"CASE WHEN CAST({value} AS VARCHAR) = {text} THEN {value} {slow} END"
    if type in {"float", "decimal"}:
        value = f"TRY_CAST({text} AS {SQL_TYPES[type]})"
        finite = f" AND isfinite({value})" if type == "float" else ""
        return f"CASE WHEN NOT contains({text}, '_'){finite} THEN {value} END"
    if type == "boolean":
        return f"CASE WHEN lower({clean}) IN {TRUE} THEN true WHEN lower({clean}) IN {FALSE} THEN false END"
    if type == "date":
        value = f"TRY_CAST({text} AS DATE)"
        slow = f"WHEN regexp_full_match({clean}, '{MIDNIGHT}') THEN TRY_CAST(left({clean}, 10) AS DATE)"
        return f"CASE WHEN length({text}) = 10 AND CAST({value} AS VARCHAR) = {text} THEN {value} {slow} END"
    return _moment(text, clean, zone)


def _moment(text: str, clean: str, zone: str) -> str:
    value = f"TRY_CAST({text} AS TIMESTAMP)"
    usual = f"length({text}) BETWEEN 19 AND 26 AND CAST({value} AS VARCHAR) = {text}"
    return (
        f"CASE WHEN {usual} THEN {local(value, zone)}"
        f" WHEN regexp_full_match({clean}, '{MOMENT}|{DAY}') THEN {local(f'TRY_CAST({clean} AS TIMESTAMP)', zone)}"
        f" WHEN regexp_full_match({clean}, '({MOMENT}){ZONE}') THEN TRY_CAST({clean} AS TIMESTAMPTZ) END"
    )


def local(moment: str, zone: str = "") -> str:
    """A moment without zone, as the clock on the wall of a zone (the project's, unless said) said it."""
    zone = zone or settings.TIME_ZONE
    if zone == "UTC":
        return f"make_timestamptz(epoch_us({moment}))"
    return f"timezone({literal(zone)}, {moment})"


def present(field: Field) -> str:
    """Whether the source holds a value at all; a NaN is none."""
    if field.form == "float":
        return f"({field.sql} IS NOT NULL AND NOT isnan({field.sql}))"
    return f"{text_of(field)} IS NOT NULL"


def detection(field: Field) -> str:
    """An aggregate: the one type that fits every value of the column, null where there is no value."""
    if field.form not in {"text", "json"}:
        return literal(field.form)
    text = text_of(field)
    cases = " ".join(
        f"WHEN bool_and(coalesce({test}, false)) FILTER ({text} IS NOT NULL) THEN '{name}'"
        for name, test in _tests(field)
    )
    return f"CASE WHEN count({text}) = 0 THEN NULL {cases} ELSE 'string' END"


def fits(field: Field, type: str) -> str:
    """An aggregate: whether every value of the column is of that type."""
    test = dict(_tests(field)).get(type, "true") if field.form in {"text", "json"} else "true"
    return f"coalesce(bool_and(coalesce({test}, false)) FILTER ({text_of(field)} IS NOT NULL), true)"


def _tests(field: Field) -> list[tuple[str, str]]:
    text = text_of(field)
    moment = f"({from_text(text, 'datetime')}) IS NOT NULL"
    day = f"length({text}) = 10 AND CAST(TRY_CAST({text} AS DATE) AS VARCHAR) = {text}"
    if field.form == "json":
        kind, whole = f"json_type({field.sql})", "('BIGINT', 'UBIGINT')"
        return [
            ("boolean", f"{kind} = 'BOOLEAN'"),
            ("integer", f"{kind} IN {whole} AND TRY_CAST({text} AS BIGINT) IS NOT NULL"),
            ("float", f"{kind} IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')"),
            ("date", f"{kind} = 'VARCHAR' AND {day}"),
            ("datetime", f"{kind} = 'VARCHAR' AND {moment}"),
        ]
    plain = f"NOT regexp_matches({text}, '^[+ ]|^-?0[0-9]|[ eE]')"
    return [
        ("boolean", f"lower({text}) IN ('true', 'false')"),
        ("integer", f"length({text}) <= 18 AND CAST(TRY_CAST({text} AS BIGINT) AS VARCHAR) = {text}"),
        ("float", f"({from_text(text, 'float')}) IS NOT NULL AND {plain}"),
        ("date", day),
        ("datetime", moment),
    ]


def reason(type: str, value: str) -> str:
    """Why a value was refused, for people."""
    what = {
        "integer": _("is not a whole number"),
        "decimal": _("is not a decimal number of at most 14 digits before the point"),
        "float": _("is not a number"),
        "boolean": _("is neither true nor false"),
        "date": _("is not a date (as in 2026-03-31)"),
        "datetime": _("is not a date and time (as in 2026-03-31 09:00)"),
        "string": _("cannot be read"),
    }[type]
    return f"“{value}” {what}"


def column_list(names: list[str]) -> str:
    return ", ".join(quoted(name) for name in names)
