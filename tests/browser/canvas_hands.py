"""What the browser stories of the canvas share: a small canvas, and hands that drag."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from activities.graph import Graph
from campaigns.models import Campaign
from tests.campaigns.builders import audience, graph, make_campaign

Spot = tuple[float, float]

CHAIN = {"a": ("build_audience", audience()), "b": ("wait", {}), "c": ("wait", {}), "d": ("wait", {}), "e": ("end", {})}
BRANCHES = [{"code": "left", "label": "Left"}, {"code": "right", "label": "Right"}]
FORKED = {
    "a": ("build_audience", audience()),
    "f": ("fork", {"transitions": BRANCHES}),
    "b": ("wait", {}),
    "c": ("wait", {}),
    "d": ("wait", {}),
}


def chain(**changes) -> Campaign:
    return make_campaign(graph(CHAIN, "a>b", "b>c", "c>d", "d>e"), **changes)


def node(page: Page, id: str) -> Locator:
    return page.locator(f"#node-{id}")


def middle(place: Locator) -> Spot:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def name_of(page: Page, id: str) -> Spot:
    """Where a node is taken hold of."""
    box = node(page, id).bounding_box()
    assert box is not None
    return box["x"] + 20, box["y"] + box["height"] - 14


def on_line(page: Page, source: str, target: str) -> Spot:
    """A spot on a transition, beside its +."""
    return tuple(
        page.evaluate(
            """([source, target]) => {
                const line = document.querySelector(`path.wire[data-source="${source}"][data-target="${target}"]`);
                const spot = line.getPointAtLength(line.getTotalLength() * 0.3).matrixTransform(line.getScreenCTM());
                return [spot.x, spot.y];
            }""",
            [source, target],
        )
    )


def empty_ground(page: Page) -> Spot:
    box = page.locator("#stage").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] - 130


def carry(page: Page, start: Spot, end: Spot) -> None:
    """Press, move there in steps, and hold still over the place."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 6, start[1] + 6)
    page.mouse.move(*end, steps=8)


def drag(page: Page, start: Spot, end: Spot) -> None:
    carry(page, start, end)
    page.mouse.up()


def palette(page: Page, name: str) -> Spot:
    item = page.locator(".palette-column").get_by_role("button", name=name, exact=True)
    item.scroll_into_view_if_needed()
    return middle(item)


def view_box(page: Page) -> str:
    return page.locator("#drawing").get_attribute("viewBox") or ""


def drawn(campaign: Campaign) -> Graph:
    return campaign.latest_version().graph


def targets(campaign: Campaign, id: str) -> list[str]:
    return [edge.target for edge in drawn(campaign).outgoing(id)]


def the_new(campaign: Campaign, type: str) -> str:
    (id,) = [node.id for node in drawn(campaign).nodes.values() if node.type == type and len(node.id) > 1]
    return id
