"""Names of columns and links, looked up in the model."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from ..schema import ColumnShape, DatasetShape, Step
from .context import RuleContext, RuleError
from .nodes import Attribute


def closest(name: str, names: Iterable[str]) -> str:
    """A sentence's end that offers the name that was probably meant, or says what there is."""
    known = sorted(names)
    if near := difflib.get_close_matches(name, known, 1):
        return _("Did you mean “%(name)s”?") % {"name": near[0]}
    if not known:
        return _("There is none.")
    more = ", …" if len(known) > 20 else ""
    return _("There are: %(names)s.") % {"names": ", ".join(known[:20]) + more}


def _names(path: object, place: str) -> list[str]:
    if not isinstance(path, str) or not path or len(path) > 1000:
        raise RuleError(place, _("expects a name in quotes, such as “city” or “store.region”."))
    return path.split(".")


def _step(shape: DatasetShape, name: str, place: str, *, to_one: bool) -> Step:
    step = shape.steps.get(name)
    if step is None:
        usable = [n for n, s in shape.steps.items() if s.to_one or not to_one]
        raise RuleError(
            place,
            _("%(dataset)s has no link “%(name)s”. %(hint)s")
            % {"dataset": shape.label, "name": name, "hint": closest(name, usable)},
        )
    if to_one and not step.to_one:
        raise RuleError(
            place,
            _(
                "“%(name)s” leads from %(dataset)s to many rows and cannot be a step of a path; "
                "ask for it with {“link”: “%(name)s”, “where”: …}."
            )
            % {"name": name, "dataset": shape.label},
        )
    return step


def _walk(shape: DatasetShape, names: list[str], ctx: RuleContext, place: str) -> tuple[tuple[Step, ...], DatasetShape]:
    steps = []
    for name in names:
        steps.append(_step(shape, name, place, to_one=True))
        shape = ctx.model.dataset(steps[-1].target)
    return tuple(steps), shape


def attribute(
    path: object, shape: DatasetShape, ctx: RuleContext, extras: Mapping[str, ColumnShape], place: str
) -> Attribute:
    """The column that a dotted path names, starting at rows of ``shape``."""
    *links, name = _names(path, place)
    steps, end = _walk(shape, links, ctx, place)
    columns = end.columns if links else {**shape.columns, **extras}
    if name not in columns:
        sort = _("%(dataset)s has no column “%(name)s”. %(hint)s")
        if name in end.steps:
            sort = _("“%(name)s” is a link of %(dataset)s, not a column: go on to one of its columns.")
        raise RuleError(place, sort % {"dataset": end.label, "name": name, "hint": closest(name, columns)})
    column = columns[name]
    return Attribute(steps, name, column.type, column.label)


def link(path: object, shape: DatasetShape, ctx: RuleContext, place: str) -> tuple[Step, ...]:
    """The steps of a link: all but the last lead to one row."""
    *links, name = _names(path, place)
    steps, end = _walk(shape, links, ctx, place)
    return (*steps, _step(end, name, place, to_one=False))
