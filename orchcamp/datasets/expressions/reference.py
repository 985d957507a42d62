"""The page of the reference about expressions, from the functions as they are."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from . import samples
from .registry import CATEGORIES, REFUSED, Function, functions

BEGINNING = """\
# Expressions

Generated from `orchcamp/datasets/expressions/`. An expression makes a value of the columns of a row:

    YearsOld([birth_date]) >= 18 and Upper([store.region]) = 'NORTH'

| part | form |
| --- | --- |
| column | `[city]`; over links that lead to one row: `[store.region]` |
| text | `'Paris'`; a quote in it is doubled: `'it''s'`; a backslash is itself; double quotes mean nothing |
| number | `12`, `12.5`; up to four decimals are exact, more or an exponent make a floating number |
| truth | `true`, `false` |
| date | a text where a date is asked for: `[birth_date] >= '2000-01-01'`, `'2026-03-31T09:00'`, `'2026-03-31T09:00+02:00'` |
| variable | `$name`, of the campaign |
| function | `Upper([city])`; upper and lower case of its name are the same |
| operators | from the tightest: `-` before a number; `*` `/` `%`; `+` `-`; `=` `<>` `<` `<=` `>` `>=`; `not`; `and`; `or` |

An expression has at most 20,000 characters, 2,000 parts and 100 levels. Every error names its line and column.

## Types

Text, whole number (64 bits), decimal (14 digits and four places), float, true or false, date, and date with time. Whole
numbers become decimals and decimals floats where they meet; a date beside a moment is its midnight in the project's zone;
nothing else is converted without being told to.

## What is decided

- **Null** spreads: what is reckoned from null is null, `not`, `and` and `or` as in SQL. Not so in `Coalesce`, `NoNull`,
  `IsEmptyString`, and in `Iif`, `Case`, `Decode`, `IfEquals`, where an unknown condition counts as false.
  `AllNonNull2` and `AllNonNull3` ask for null and answer false.
- **What does not fit is null**: division by zero, a whole number beyond ±9.2 × 10¹⁸, a decimal beyond 14 digits, a float
  that is infinite, a date beyond the years 1 to 9999, a text that is no number or date.
- `/` never cuts and gives a float. `%` and `Mod` have the sign of the left side.
- Each step of reckoning with decimals is rounded to four places, away from zero at the half, as `Round` does.
- `+` puts texts together; a text and a number are refused: `ToString`, `ToInteger` or `ToDouble` says which is meant.
- Texts are ordered by code point. `Substring` counts from 1; an offset of 0 or below begins before the text, so
  `Substring('abc', 0, 2)` is `'a'`. `GetEmailDomain` takes what is behind the last `@`.
- `Greatest` and `Least` with null are null.
- `LPad` and `RPad` cut what is longer.
- `Upper` makes “SS” of “ß”; `Lower` makes “i” of “İ” and “σ” of every “Σ”.
- **Clocks.** Parts and steps of a moment (`Hour`, `TruncDate`, `AddDays`, `ToDate`, …) are those of the project's clock;
  `AddDays`, `AddMonths` and `AddYears` keep its time of day, `AddHours` and shorter are time that goes by.
  Today (`DaysAgo`, `YearsOld`, …) is the day in the campaign's zone when the run began, never a later one.
  A moment that a clock shows twice is the first; one that it leaves out goes on counting from before.
- `DaysDiff` of dates counts days; of moments it counts days of 24 hours gone by on the project's clock. `MonthsDiff` and
  `YearsDiff` count what is complete; of 29 February years are complete on 1 March. All are below 0 when the end is earlier.
- `TruncWeek`, `TruncQuarter` and `TruncYear` give dates, `TruncDate` and `TruncTime` moments.
- `Random` and `NewUUID` are reckoned from the moment of the run, the key of the row and the place in the expression: a
  run that is repeated gives the same. They need rows of a dataset; `NewUUID` gives version 8.
- **Texts that grow.** A text that is padded has at most 10,000 characters, one with replacements at most 50,000, and those
  that the expressions of one question make 500,000 a row together; more is refused with a sentence.
- `AESEncrypt` gives 32 digits of the first block, then the cipher: AES-256-CBC with PKCS 7. Key and first blocks follow from
  `ORCHCAMP_SECRET_KEY`: with another secret key every value is another one. On Spark the key is known to its session.
- `Sum` of nothing is null; `StringAgg` goes in order of code points; nulls are left out of every figure.
- In a window nulls stand last. With `OrderBy` a figure takes the rows up to this one and its equals.
- On both engines a value is the same, but for the last digits of `Avg`, `Sum` and `StdDev` over floats.
"""

FIGURES = """\
A figure over many rows stands in an aggregate, in an enrichment, or inside of `_Over_`; elsewhere it is refused.
"""


def shown(value: Any) -> str:
    """A value as the page prints it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'" if value else "''"
    return str(value)


def sample() -> str:
    """The rows that the examples are about."""
    lines = [f"| {' | '.join(samples.TYPES)} |", f"|{' --- |' * len(samples.TYPES)}"]
    for row in samples.ROWS:
        cells = [_cell(row.get(name)) for name in samples.TYPES]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if isinstance(value, datetime | date | Decimal):
        return str(value)
    return value if isinstance(value, str) else shown(value)


def page() -> str:
    """The whole page."""
    every = functions()
    parts = [BEGINNING, "## Functions", ""]
    parts += [
        f"{len(every)} functions. The value of an example is that of the first of these rows (a figure's over all three), "
        f"at {samples.NOW:%Y-%m-%d %H:%M} UTC:",
        "",
        sample(),
        "",
    ]
    for key, label in CATEGORIES.items():
        parts += [f"### {label}", ""]
        if key == "aggregate":
            parts += [FIGURES]
        parts += ["| function | gives | what it does | example | value |", "| --- | --- | --- | --- | --- |"]
        parts += [_line(one) for one in every if one.category == key]
        parts.append("")
    parts += ["## What is left out", "", "| function | why |", "| --- | --- |"]
    parts += [f"| `{name}` | {why} |" for name, why in sorted(REFUSED.values())]
    return "\n".join(parts).rstrip("\n") + "\n"


def _line(function: Function) -> str:
    expected = function.expected
    value = shown(expected)
    cells = [f"`{function.signature}`", function.gives, str(function.help), f"`{function.example}`", f"`{value}`"]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
