"""What a condition can be about: the columns of a dataset, and where its links lead."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..schema import ColumnShape, DatasetShape
from . import paths
from .context import RuleContext

FOUND_AT_MOST = 60
STEPS_AT_MOST = 3


@dataclass(frozen=True)
class Entry:
    """A column, or a link that leads on."""

    path: str
    label: str
    type: str = ""  # of a column; "one" or "many" for a link
    way: str = ""  # the links before it, in words
    personal: bool = False
    target: str = ""  # label of the dataset that a link leads to


@dataclass(frozen=True)
class Listing:
    """One level of the picker."""

    columns: list[Entry] = field(default_factory=list)
    links: list[Entry] = field(default_factory=list)
    more: bool = False


def _column(column: ColumnShape, base: str, way: str) -> Entry:
    return Entry(base + column.name, column.label or column.name, column.type, way, column.personal)


def level(shape: DatasetShape, ctx: RuleContext, base: str = "", way: str = "") -> Listing:
    """The columns and links of one dataset, ``base`` being the path that leads there."""
    own = shape.columns if base else {**shape.columns, **ctx.columns}
    links = []
    for step in shape.steps.values():
        target = ctx.model.dataset(step.target).label
        if step.to_one and base.count(".") >= STEPS_AT_MOST:
            continue
        sort = "one" if step.to_one else "many"
        links.append(Entry(base + step.name, step.name.replace("_", " "), sort, way, target=target))
    return Listing([_column(column, base, way) for column in own.values()], sorted(links, key=lambda e: e.type))


def search(shape: DatasetShape, ctx: RuleContext, wanted: str) -> Listing:
    """Every column and link within two steps whose label or technical name holds the words."""
    words = wanted.lower().split()
    columns: list[Entry] = []
    links: list[Entry] = []
    for base, near, way in _around(shape, ctx):
        found = level(near, ctx, base, way)
        columns += [entry for entry in found.columns if _matches(entry, words)]
        links += [entry for entry in found.links if _matches(entry, words)]
    return Listing(columns[:FOUND_AT_MOST], links[:FOUND_AT_MOST], len(columns) > FOUND_AT_MOST)


def _matches(entry: Entry, words: list[str]) -> bool:
    text = f"{entry.label} {entry.path} {entry.way} {entry.target}".lower()
    return all(word in text for word in words)


def _around(shape: DatasetShape, ctx: RuleContext) -> list[tuple[str, DatasetShape, str]]:
    around = [("", shape, "")]
    for base, near, way in around:
        if base.count(".") < 2:
            for step in near.steps.values():
                if step.to_one and len(around) < 200:
                    words = step.name.replace("_", " ")
                    around.append((f"{base}{step.name}.", ctx.model.dataset(step.target), f"{way}{words} › "))
    return around


def branch(shape: DatasetShape, ctx: RuleContext, base: str) -> Listing:
    """The level at the end of a path of links. Raises RuleError when there is no such path."""
    steps = paths.link(base, shape, ctx, "")
    if not steps[-1].to_one:
        return Listing()
    return level(ctx.model.dataset(steps[-1].target), ctx, f"{base}.")
