"""What a condition can be about: the columns of a dataset, and where its links lead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..schema import ColumnShape, DatasetShape
from . import paths
from .context import RuleContext, RuleError
from .operators import DAY, NUMBER, TEXT

FOUND_AT_MOST = 60
STEPS_AT_MOST = 3
KINDS = {"text": TEXT, "number": NUMBER, "date": DAY, "boolean": frozenset({"boolean"}), "link": frozenset({"many"})}


@dataclass(frozen=True)
class Entry:
    """A column, or a link that leads on."""

    path: str
    label: str
    type: str = ""  # of a column; "one" or "many" for a link
    way: str = ""  # the links before it, in words
    personal: bool = False
    target: str = ""  # label of the dataset that a link leads to
    starred: bool = False


@dataclass(frozen=True)
class Listing:
    """One level of the picker."""

    columns: list[Entry] = field(default_factory=list)
    links: list[Entry] = field(default_factory=list)
    more: bool = False

    def of_kind(self, kind: str) -> Listing:
        """What is of one kind; to-one links stay while they are the way to more."""
        types = KINDS.get(kind)
        if types is None:
            return self
        columns = [one for one in self.columns if one.type in types]
        return replace(self, columns=columns, links=[one for one in self.links if one.type in types | {"one"}])

    def with_stars(self, paths: Iterable[str]) -> Listing:
        """The same, with the stars a person gave."""
        starred = set(paths)
        return replace(self, columns=[replace(one, starred=one.path in starred) for one in self.columns])


def entry(column: ColumnShape, base: str = "", way: str = "") -> Entry:
    """A column as it is listed."""
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
    return Listing([entry(column, base, way) for column in own.values()], sorted(links, key=lambda e: e.type))


def search(shape: DatasetShape, ctx: RuleContext, wanted: str, kind: str = "") -> Listing:
    """Every column and link within two steps whose label or technical name holds the words, of one kind or any."""
    words = wanted.lower().split()
    columns: list[Entry] = []
    links: list[Entry] = []
    for base, near, way in _around(shape, ctx):
        found = level(near, ctx, base, way)
        columns += [one for one in found.columns if _matches(one, words)]
        links += [one for one in found.links if _matches(one, words)]
    if types := KINDS.get(kind):
        columns = [one for one in columns if one.type in types]
        links = [one for one in links if one.type in types]
    return Listing(columns[:FOUND_AT_MOST], links[:FOUND_AT_MOST], len(columns) > FOUND_AT_MOST)


def _matches(one: Entry, words: list[str]) -> bool:
    text = f"{one.label} {one.path} {one.way} {one.target}".lower()
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


def listed(shape: DatasetShape, ctx: RuleContext, paths_: Iterable[str]) -> Listing:
    """The attributes of these paths that are there."""
    found = []
    for path in paths_:
        try:
            known = paths.attribute(path, shape, ctx, ctx.columns, "")
        except RuleError:
            continue
        column = at_end(known.steps[-1].target if known.steps else shape.slug, known.column, ctx)
        way = "".join(f"{step.name.replace('_', ' ')} › " for step in known.steps)
        base = path.removesuffix(column.name)
        found.append(entry(column, base, way))
    return Listing(found)


def at_end(dataset: str, name: str, ctx: RuleContext) -> ColumnShape:
    """A column of a dataset, or one that nodes added."""
    return ctx.model.dataset(dataset).columns.get(name) or ctx.columns[name]
