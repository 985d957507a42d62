"""Ways over links of any kind: from rows that arrive to the rows of another dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from orchcamp.datasets.rules import ways
from orchcamp.datasets.schema import DataModel, Step

from .populations import ActivityError

LONGEST = 3
MOST = 200
Way = tuple[str, tuple[Step, ...], tuple[str, ...]]  # its path, its steps, and the datasets that it passes
THERE = "there_"  # before the columns of the far end


def steps_of(path: str, slug: str, model: DataModel) -> tuple[Step, ...]:
    """The steps of a dotted path over links, to-one and to-many. Raises ActivityError."""
    steps, shape = [], model.dataset(slug)
    for name in path.split("."):
        if name not in shape.steps:
            sentence = _("{dataset} has no link “{name}”; there are: {names}.")
            names = ", ".join(sorted(shape.steps)) or _("none")
            raise ActivityError(sentence.format(dataset=shape.label, name=name, names=names))
        steps.append(shape.steps[name])
        shape = model.dataset(steps[-1].target)
    return tuple(steps)


def offered(model: DataModel, slug: str, *, to: str = "") -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Path and steps of every way that begins at a dataset, the shortest first; ``to`` asks for one end."""
    if slug not in model.datasets:
        return
    level: list[Way] = [("", (), (slug,))]
    found = 0
    for _length in range(LONGEST):
        further: list[Way] = []
        for base, steps, passed in level:
            for step in model.datasets[passed[-1]].steps.values():
                if step.target in model.datasets and step.target not in passed:
                    further.append((base + step.name, (*steps, step), (*passed, step.target)))
        for path, steps, passed in further:
            if found < MOST and to in ("", passed[-1]):
                found += 1
                yield path, steps
        level = [(f"{path}.", steps, passed) for path, steps, passed in further]


def only(model: DataModel, slug: str, to: str) -> str:
    """The shortest way between two datasets. Raises ActivityError where there is none, or several."""
    found = [path for path, _steps in offered(model, slug, to=to)]
    shortest = [path for path in found if path.count(".") == found[0].count(".")]
    names = {"from": model.dataset(slug).label, "to": model.dataset(to).label, "ways": ", ".join(shortest)}
    if not found:
        raise ActivityError(_("No link leads from {from} to {to}; choose another.").format(**names))
    if len(shortest) > 1:
        raise ActivityError(_("Several ways lead from {from} to {to}; choose one of: {ways}.").format(**names))
    return found[0]


def words(model: DataModel, steps: Sequence[Step]) -> str:
    """The way, as a person reads it."""
    names = " › ".join(step.name.replace("_", " ") for step in steps)
    return f"{names} ({model.dataset(steps[-1].target).label})"


def followed(table: Table, steps: Sequence[Step], model: DataModel, wanted: Sequence[str]) -> Table:
    """The rows once for each row at the end of the way, with its ``wanted`` columns as ``there_…``.

    Rows from which the way leads nowhere are not among them.
    """
    own = list(steps[0].source_columns)
    for n, step in enumerate(steps):
        last = n == len(steps) - 1
        there = ways.rows(step, model)
        keys = [f"{THERE}{n}_key_{i}" for i in range(len(step.target_columns))]
        columns = wanted if last else steps[n + 1].source_columns
        names = [THERE + name if last else f"{THERE}{n}_{name}" for name in columns]
        there = there.select(
            **{new: there[old] for new, old in zip(keys, step.target_columns, strict=True)},
            **{new: there[old] for new, old in zip(names, columns, strict=True)},
        )
        table = table.inner_join(there, [table[o] == there[k] for o, k in zip(own, keys, strict=True)]).drop(*keys)
        own = names
    return table


def nothing(name: str, like: Table) -> ibis.Value:
    """An empty cell of the type of another table's column."""
    return ibis.null(like.schema()[name])
