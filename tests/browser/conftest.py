"""Chromium, the site it looks at, and a watch on everything a page must not do.

Without a Chromium these tests are skipped, and say so; with PARITY_REQUIRE_BROWSER=1 they fail.
PARITY_CHROMIUM names the program where it stands in an unusual place.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)

from arena.embedded import EmbeddedServers
from tests.browser.site import ROOT, Parrots, Site, drop_database, running_site, worker_process

DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Generous: what is waited for comes at once, unless the machine has much else to do.
_MOST_MILLISECONDS = 60_000
expect.set_options(timeout=_MOST_MILLISECONDS)
_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is collected here, and keep it on one xdist worker: it shares one site."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium."""
    named = os.environ.get("PARITY_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found:
        return found
    sentence = "no Chromium: install one (Debian: apt-get install chromium) for the browser tests"
    if os.environ.get("PARITY_REQUIRE_BROWSER") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def site(
    chromium: str,
    servers: None,
    site_redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """Serve one site for all tests of the session; each test comes as a new visitor."""
    external = os.environ.get("DATABASE_URL")
    url = external or EmbeddedServers(root=ROOT / ".local" / "tests").database_url
    # Two runs at once don't meet.
    name = f"test_parity_browser_{os.getpid()}"
    database_url = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    folder = tmp_path_factory.mktemp("site")
    parrots = Parrots()
    with running_site(
        parrots, database_url=database_url, redis_url=site_redis_url, folder=folder
    ) as address:
        servers_of_site = {"DATABASE_URL": database_url, "REDIS_URL": site_redis_url}
        yield Site(address, parrots, {**os.environ, **servers_of_site}, folder / "web.log")
    drop_database(database_url)


@pytest.fixture(scope="session")
def worker(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run the worker that counts votes and makes the boards, beside the site."""
    with worker_process(site.environment, tmp_path_factory.mktemp("worker")):
        yield


@pytest.fixture(scope="module")
def simulated(site: Site) -> Iterator[None]:
    """Fill the boards with simulated votes; one command takes them away."""
    site.manage("simulate_votes", "--votes", "10000")
    yield
    site.manage("remove_simulated")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Run Playwright's driver.

    It keeps an event loop running in this thread, beside which no asynchronous test can run: so
    it ends before the next module begins.
    """
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: str, playwright: Playwright) -> Iterator[Browser]:
    """Run Chromium."""
    running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    yield running
    running.close()


class Watched:
    """What a page did that it must not do."""

    def __init__(self, site: Site) -> None:
        self.own = urlsplit(site.url).netloc
        self.problems: list[str] = []
        # A test that provokes an error response says so here; Chromium logs each to the console.
        self.expected_statuses: set[int] = set()
        # So is a network that a test takes away.
        self.expects_lost_network = False

    def watch(self, page: Page) -> None:
        """Listen to a page from its first request on."""
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.on("request", lambda request: self._request(request.url))
        page.on("dialog", self._dialog)

    def _console(self, kind: str, text: str) -> None:
        expected = any(f"status of {status}" in text for status in self.expected_statuses)
        expected |= self.expects_lost_network and "net::ERR_" in text
        if kind in {"error", "warning"} and not expected:
            self.problems.append(f"console {kind}: {text}")

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob", "about"} and parts.netloc != self.own:
            self.problems.append(f"request to another host: {url}")

    def _dialog(self, dialog: Any) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def watched(site: Site) -> Watched:
    """Return the test's watch."""
    return Watched(site)


@pytest.fixture
def visit(browser: Browser, site: Site, watched: Watched) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page as a new visitor; the test fails if it misbehaves."""
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/", *, phone: bool = False, **options: Any) -> Page:
        context = browser.new_context(
            base_url=site.url,
            has_touch=phone,
            is_mobile=phone,
            **{
                "viewport": PHONE if phone else DESKTOP,
                "reduced_motion": "reduce",
                **options,
            },
        )
        contexts.append(context)
        context.add_init_script(_VIOLATIONS)
        page = context.new_page()
        page.set_default_timeout(_MOST_MILLISECONDS)
        watched.watch(page)
        if path:
            page.goto(path)
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            watched.problems += [f"CSP: {each}" for each in page.evaluate("violations ?? []")]
        context.close()
    assert watched.problems == []
