"""The measures as text for Prometheus (exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable

from .measure import LEVELS, Measure, Value

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "orchcamp_"
ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
STATE = "How a measure stands: 0 ok, 1 warning, 2 critical."


def text(measures: Iterable[Measure]) -> str:
    """One block a metric: what it is, that it is a gauge, and its lines."""
    found = list(measures)
    values = [Value("health", STATE, LEVELS.index(m.level), {"measure": m.key}) for m in found]
    values += [value for measure in found for value in measure.values]
    blocks: dict[str, list[str]] = {}
    for value in values:
        name = PREFIX + value.name
        block = blocks.setdefault(name, [f"# HELP {name} {_help(value.help)}", f"# TYPE {name} gauge"])
        block.append(f"{name}{_labels(value.labels)} {_number(value.number)}")
    return "\n".join(line for block in blocks.values() for line in block) + "\n"


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{value.translate(ESCAPES)}"' for name, value in sorted(labels.items())) + "}"


def _number(number: float) -> str:
    return str(number) if isinstance(number, int) else repr(round(float(number), 6))
