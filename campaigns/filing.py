"""Looking into the file of a node: its columns, its first rows, its first errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from activities.file_columns import usable
from activities.populations import Context
from activities.types.load_file import LoadFile
from orchcamp.datasets import engine, flatfile
from orchcamp.datasets.flatfile import Facts
from orchcamp.datasets.preview import MASK, said
from orchcamp.web.errors import Refused

ROWS_SHOWN = 10


@dataclass(frozen=True)
class Look:
    """What came of the file: its first rows as texts, and what was rejected."""

    facts: Facts
    labels: list[str]
    rows: list[list[str]]
    masked: bool

    @property
    def more_errors(self) -> int:
        return max(0, self.facts.rejected - len(self.facts.first))


def columns(settings: Mapping[str, Any], ctx: Context) -> list[dict[str, Any]]:
    """The columns of a node's file as they stand in settings. Raises Refused when it cannot be read."""
    path, spec, _folder = LoadFile(settings).reading(ctx)
    found = flatfile.detect(engine.root() / path, spec)
    return [
        {"name": usable(how.name), "source": how.source or how.name, "type": how.type, "personal": how.type == "string"}
        for how in found
    ]


def look(settings: Mapping[str, Any], ctx: Context, *, personal: bool) -> Look:
    """Read the file as a run would. Raises Refused when it cannot be read."""
    form = LoadFile.form_class(settings, draft=True)
    if not form.is_valid():
        raise Refused(next(form.sentences()))
    activity = LoadFile(form.cleaned_data)
    path, spec, folder = activity.reading(ctx)
    facts = flatfile.parse(path, spec, folder)
    shape, _rejects = activity.brings(ctx)
    table = engine.table(str(shape.path))
    hidden = {name for name, column in shape.columns.items() if column.personal and not personal}
    found = engine.rows(table.order_by(shape.key[0]), ROWS_SHOWN)
    rows = [
        [MASK if name in hidden and row[name] is not None else said(row[name]) for name in shape.columns]
        for row in found
    ]
    first = facts if personal else Facts(facts.read, facts.rows, facts.rejected, facts.ignored, ())
    return Look(first, [column.label for column in shape.columns.values()], rows, bool(hidden))
