"""How long an edit of a large canvas takes on the server: the change, and the drawing that follows it.

    python -m tests.benchmarks.canvas [NODES …] [--rounds 9] [--kind large chain]

Everything runs in this process through Django's test client, signed in as a manager, with every middleware. “Edit” is
the POST, “canvas” the GET of the fragment that the page asks for afterwards, “both” what a person waits for. “First”
is a process that has not seen the canvas before. Milliseconds are medians of the wall clock, beside them the
processor time that the process had: on a machine that is shared with other work that is the one to compare.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.benchmarks import starting

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

    from campaigns.models import Campaign

HTMX = {"HX-Request": "true"}


@dataclass
class Taken:
    """What repetitions of one thing cost."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    queries: int = 0
    size: int = 0

    def once(self, ask: Callable[[], HttpResponse]) -> HttpResponse:
        from django.db import connection

        asked: list[str] = []

        def noted(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            asked.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(noted):
            began, worked = time.perf_counter(), time.process_time()
            response = ask()
            self.wall.append((time.perf_counter() - began) * 1000)
            self.processor.append((time.process_time() - worked) * 1000)
        assert response.status_code == 200, (response.status_code, response.content[:500])
        self.queries, self.size = len(asked), len(response.content)
        return response


@dataclass
class Desk:
    """A campaign open in a person's browser."""

    client: Client
    campaign: Campaign

    def url(self, name: str, *more: str) -> str:
        from django.urls import reverse

        return reverse(f"campaigns:{name}", args=[self.campaign.slug, *more])

    def post(self, url: str, data: dict[str, Any]) -> HttpResponse:
        revision = self.campaign.latest_version().revision
        return self.client.post(url, {**data, "revision": revision}, headers=HTMX)

    def fragment(self) -> HttpResponse:
        return self.client.get(self.url("canvas_fragment"), headers=HTMX)

    def configured(self, node_id: str, **changes: Any) -> dict[str, Any]:
        """What the panel of a node would send: its settings as the form shows them."""
        graph = self.campaign.latest_version().graph
        from activities import catalogue

        form = catalogue.get(graph.nodes[node_id].type).form_class(initial=graph.nodes[node_id].settings)
        fields = {name: form[name].value() for name in form.fields}
        kept = {name: value for name, value in fields.items() if value not in (None, False)}
        return {"node_name": graph.nodes[node_id].name, **kept, **changes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nodes", nargs="*", type=int, default=[30, 100, 300])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--kind", nargs="*", default=["large", "chain"], choices=["large", "chain"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        starting.begin(folder)
        client = stage()
        print(f"{'canvas':12} {'':24} {'wall ms':>8} {'cpu ms':>8} {'queries':>8} {'KB':>6}")
        for kind in given.kind:
            for nodes in given.nodes:
                measure(client, kind, nodes, given.rounds)


def stage() -> Client:
    from django.conf import settings
    from django.test import Client

    from tests.builders import make_shop
    from tests.campaigns.builders import make_configuration
    from tests.conftest import person

    make_shop()
    make_configuration()
    client = Client()
    client.force_login(person("mark", "manager"), backend=settings.AUTHENTICATION_BACKENDS[1])
    return client


def measure(client: Client, kind: str, nodes: int, rounds: int) -> None:
    from tests.campaigns.builders import make_campaign
    from tests.campaigns.large_canvas import chain_graph, large_graph

    graph = {"large": large_graph, "chain": chain_graph}[kind](nodes)
    desk = Desk(client, make_campaign(graph, slug=f"{kind}-{nodes}"))
    first, page, panel = Taken(), Taken(), Taken()
    first.once(desk.fragment)
    middle = list(graph.nodes)[nodes // 2]
    for _round in range(rounds):
        page.once(lambda: client.get(desk.url("canvas")))
        panel.once(lambda: client.get(desk.url("node", middle), headers=HTMX))
    name = f"{kind} {nodes}"
    line(name, "first drawing", first)
    line(name, "page", page)
    line(name, "panel of a node", panel)
    for what, edit in edits(desk).items():
        posted, drawn = Taken(), Taken()
        for number in range(rounds):
            posted.once(lambda edit=edit, number=number: edit(number))
            drawn.once(desk.fragment)
        line(name, what, posted)
        line(name, "  canvas", drawn)
        both = Taken([*map(sum, zip(posted.wall, drawn.wall, strict=True))])
        both.processor = [*map(sum, zip(posted.processor, drawn.processor, strict=True))]
        both.queries, both.size = posted.queries + drawn.queries, posted.size + drawn.size
        line(name, "  both", both)


def edits(desk: Desk) -> dict[str, Callable[[int], HttpResponse]]:
    """What is done again and again; each leaves the canvas as large as it was, or one node larger or smaller."""
    graph = desk.campaign.latest_version().graph
    edge = graph.edges[len(graph.edges) // 2]
    split = next(id for id in list(graph.nodes)[len(graph.nodes) // 2 :] if graph.nodes[id].type == "split")
    place = {
        "source": edge.source,
        "source_port": edge.source_port,
        "target": edge.target,
        "target_port": edge.target_port,
    }
    added: list[str] = []

    def add(_number: int) -> HttpResponse:
        known = set(desk.campaign.latest_version().graph.nodes)
        last = {**place, "source": added[-1], "source_port": "out"} if added else place
        response = desk.post(desk.url("add_node"), {"type": "wait", **last})
        added.extend(set(desk.campaign.latest_version().graph.nodes) - known)
        return response

    def configure(number: int) -> HttpResponse:
        subset = {f"subsets-0-{name}": value for name, value in (("code", "a"), ("label", f"Best {number}"))}
        limit = {"subsets-0-limit-type": "percent", "subsets-0-limit-value": str(number + 1)}
        complement = {"complement": "on"} if graph.nodes[split].settings.get("complement") else {}
        return desk.post(desk.url("node", split), {"node_name": "Halves", **subset, **limit, **complement})

    def remove(_number: int) -> HttpResponse:
        return desk.post(desk.url("remove_node", added.pop()), {})

    return {"add a node": add, "configure a node": configure, "remove a node": remove}


def line(name: str, what: str, taken: Taken) -> None:
    wall, processor = statistics.median(taken.wall), statistics.median(taken.processor)
    print(f"{name:12} {what:24} {wall:8.0f} {processor:8.0f} {taken.queries:8} {taken.size / 1024:6.0f}", flush=True)


if __name__ == "__main__":
    main()
