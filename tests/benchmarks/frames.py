"""How smoothly a large canvas moves: the time between frames while a node is dragged and while the canvas is panned.

    python -m tests.benchmarks.frames [NODES] [--moves 150]

A real Chromium (headless, drawing by software) on a real server in this process. 16.7 ms are 60 frames a second.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from typing import TYPE_CHECKING

from tests.benchmarks import starting

if TYPE_CHECKING:
    from playwright.sync_api import Page

WATCH = """() => {
  window.frames = []; window.watching = true; let last = performance.now();
  const next = (now) => { frames.push(now - last); last = now; if (watching) requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nodes", nargs="?", type=int, default=300)
    parser.add_argument("--moves", type=int, default=150)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # Playwright's loop runs in this thread
        starting.begin(folder, ORCHCAMP_DEBUG="1", DJANGO_ALLOW_ASYNC_UNSAFE="true")
        from django.contrib.staticfiles.handlers import StaticFilesHandler
        from django.db import connections
        from django.test.testcases import LiveServerThread

        stage(given.nodes)
        server = LiveServerThread("127.0.0.1", StaticFilesHandler, connections_override={})
        server.daemon = True
        server.start()
        server.is_ready.wait()
        connections.close_all()
        try:
            browse(f"http://127.0.0.1:{server.port}", given.nodes, given.moves)
        finally:
            server.terminate()


def stage(nodes: int) -> None:
    from tests.builders import make_shop
    from tests.campaigns.builders import make_campaign, make_configuration
    from tests.campaigns.large_canvas import large_graph
    from tests.conftest import person

    make_shop()
    make_configuration()
    make_campaign(large_graph(nodes), slug="large", owner=person("mark", "manager"))


def browse(base: str, nodes: int, moves: int) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{base}/login")
        page.fill("[name=username]", "mark")
        page.fill("[name=password]", "correct horse")
        page.press("[name=password]", "Enter")
        page.goto(f"{base}/campaigns/large/")
        page.locator("a.node").first.wait_for()
        page.wait_for_timeout(1000)
        print(f"{nodes} nodes {'':22} {'frames':>7} {'median':>7} {'95 %':>7} {'worst':>7}  ms")
        drag(page, "a node, as the canvas opens", moves)
        page.locator("[data-zoom=life]").click()
        page.wait_for_timeout(800)
        drag(page, "a node, at life size", moves)
        pan(page, "the canvas, at life size", moves)
        page.locator("[data-zoom=fit]").click()
        page.wait_for_timeout(800)
        drag(page, "a node, all in view", moves)
        browser.close()


def drag(page: Page, what: str, moves: int) -> None:
    """Take hold of a node that is in view, move it about, and give it up."""
    boxes = [box for card in page.locator("a.node").all() if (box := card.bounding_box())]
    box = next(box for box in boxes if 430 < box["x"] < 1150 and 190 < box["y"] < 760)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    move(page, what, moves, x, y)


def pan(page: Page, what: str, moves: int) -> None:
    page.keyboard.down("Space")
    page.mouse.move(900, 500)
    move(page, what, moves, 900, 500)
    page.keyboard.up("Space")


def move(page: Page, what: str, moves: int, x: float, y: float) -> None:
    page.evaluate(WATCH)
    page.mouse.down()
    for step in range(moves):
        page.mouse.move(x + step % 60 * 4, y + step % 40 * 3)
    frames = sorted(page.evaluate("() => { watching = false; return frames.slice(3); }"))
    page.keyboard.press("Escape")
    page.mouse.up()
    page.wait_for_timeout(500)
    high = frames[int(len(frames) * 0.95)]
    print(f"  {what:30} {len(frames):7} {statistics.median(frames):7.1f} {high:7.1f} {frames[-1]:7.1f}", flush=True)


if __name__ == "__main__":
    main()
