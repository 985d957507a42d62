"""A headless Chromium before the live application; without Chromium these tests are skipped with one line."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from playwright.sync_api import expect

from campaigns.models import Campaign
from orchcamp.accounts.models import User
from tests.builders import make_shop
from tests.campaigns.builders import make_configuration

expect.set_options(timeout=20_000)  # a busy machine takes its time; what is there at once is not waited for
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install it (Debian: chromium) to run the browser tests")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in this thread; the tests do not use it
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS.split()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}, "locale": "en-GB"}


@pytest.fixture
def problems(page: Any) -> list[str]:
    """What the browser complained of, the content policy included; a test asserts that it is empty.

    A request that the browser gave up because somebody went on to another page is no complaint.
    """
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))

    def noted(message: Any) -> None:
        if message.type == "error" and not message.text.startswith(("htmx:afterRequest,", "htmx:sendAbort,")):
            found.append(message.text)

    page.on("console", noted)
    return found


@pytest.fixture
def sign_in(page: Any, live_server: Any) -> Callable[[User], None]:
    """Sign in as a person of the cast, whoever was there before."""

    def go(user: User) -> None:
        page.context.clear_cookies()
        page.goto(f"{live_server.url}/login")
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{live_server.url}/")
        page.locator("#home-waiting .spinner").wait_for(state="detached")  # what waits comes by a request of its own

    return go


@pytest.fixture(autouse=True)
def numbers_of_the_menu(request: pytest.FixtureRequest) -> None:
    """Every page asks for them in the background: only stories whose requests wait for each other let it."""
    if "page" in request.fixturenames and "one_at_a_time" not in request.fixturenames:
        context = request.getfixturevalue("page").context
        context.route("**/work/numbers", lambda route: route.fulfill(status=204))


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch, page: Any, live_server: Any) -> Iterator[None]:
    """Requests wait for each other, and the test's end for all of them: SQLite in memory, which threads share, refuses
    to read what another one writes."""
    answer, gate, open_requests = WSGIHandler.__call__, threading.Lock(), []

    def wait(*arguments: Any) -> Any:
        open_requests.append(1)
        try:
            with gate:
                return answer(*arguments)
        finally:
            open_requests.pop()

    monkeypatch.setattr(WSGIHandler, "__call__", wait)
    yield
    for tab in page.context.pages:
        tab.goto("about:blank")
    deadline = time.monotonic() + 10
    while open_requests and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.fixture
def shop(db: Any) -> None:
    make_shop()
    make_configuration()


@pytest.fixture
def open_canvas(page: Any, live_server: Any, sign_in: Callable[[User], None], mark: User) -> Callable[[Campaign], None]:
    def go(campaign: Campaign) -> None:
        sign_in(mark)
        page.goto(f"{live_server.url}/campaigns/{campaign.slug}/")
        page.wait_for_load_state()

    return go
