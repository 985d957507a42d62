"""A canvas as a campaign file, imported and run by the commands: what comes out of each port."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}
CONSENTS = {"attribute": "consent", "operator": "equals", "value": True}
NOBODY = {"attribute": "city", "operator": "equals", "value": "Atlantis"}


def build(rule: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """A build audience of people."""
    return {"type": "build_audience", "settings": {"dimension": "people", "rule": rule or {}, **settings}}


def node(type: str, /, **settings: Any) -> dict[str, Any]:
    return {"type": type, "settings": settings}


def place(id: str, port: str = "out") -> dict[str, str]:
    return {"node": id, "port": port}


def imported(folder: Path, nodes: dict[str, Any], *edges: str, slug: str = "spring", **properties: Any) -> None:
    """A campaign of ``{"a": build()}`` and edges like ``"a.port>b"``."""
    listed = []
    for edge in edges:
        start, _arrow, target = edge.partition(">")
        source, _dot, port = start.partition(".")
        listed.append({"source": source, "source_port": port or "out", "target": target, "target_port": "in"})
    document = {
        "schema": 1,
        "kind": "campaign",
        "campaign": {"slug": slug, "name": slug.title(), **properties},
        "canvas": {"nodes": nodes, "edges": listed},
    }
    (folder / f"{slug}.json").write_text(json.dumps(document))
    call_command("import_campaign", str(folder / f"{slug}.json"), stdout=StringIO())


def run(slug: str = "spring", mode: str = "--test", **options: Any) -> dict[str, Any]:
    """What ``run_campaign --json`` prints."""
    out = StringIO()
    call_command("run_campaign", slug, mode, "--json", stdout=out, **options)
    return json.loads(out.getvalue())


def counted(folder: Path, nodes: dict[str, Any], *edges: str, **properties: Any) -> dict[str, dict[str, int]]:
    """Rows of each port of each node after a test run that succeeded."""
    imported(folder, nodes, *edges, **properties)
    found = run()
    assert found["status"] == "succeeded", found
    return {id: {port: out["rows"] for port, out in one["outputs"].items()} for id, one in found["nodes"].items()}
