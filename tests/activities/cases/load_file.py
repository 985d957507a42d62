"""Load file: the rows and rejects that reading leaves in the lake, as every engine finds them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from activities import catalogue
from activities.populations import Context, Inputs
from orchcamp.datasets import engine
from tests.activities.stage import clean

from . import Case

CONTENT = 'id;name;spent;born\n1;"Zoë; x";1 200,50;31/12/1990\n2;;;\nx;Ann;1;\n3;"two\nlines";-7;01/02/2000\n'
COLUMNS = [
    {"name": "id", "type": "integer"},
    {"name": "name"},
    {"name": "spent", "type": "decimal", "number_format": "space"},
    {"name": "born", "type": "date", "date_formats": ["DD/MM/YYYY"]},
]


def read(settings: dict[str, Any], content: str = CONTENT) -> Any:
    """The rows of the file with all columns, and the rejects."""

    def tables(ctx: Context) -> dict[str, Any]:
        path = "uploads/spring/0123456789abcdef/clients.csv"
        (engine.root() / path).parent.mkdir(parents=True, exist_ok=True)
        (engine.root() / path).write_text(content)
        ctx = replace(ctx, files={"clients.csv": path}, campaign="spring").at("n1")
        node = catalogue.build("load_file", clean("load_file", {"file": "clients.csv", **settings}))
        node.prepare(ctx)
        ctx = ctx.with_datasets(node.brings(ctx))
        return {port: ctx.wide(part) for port, part in node.compile(Inputs({}), ctx).items()}

    return tables


CASES = [
    Case("typed columns", {}, tables=read({"columns": COLUMNS, "errors_allowed": 1})),
    Case("columns as they are found", {}, tables=read({}, "id,name,paid,at\n1,é,true,2026-01-05 10:00\n2,,,\n")),
    Case("only a header", {}, tables=read({}, "id,name\n")),
]
