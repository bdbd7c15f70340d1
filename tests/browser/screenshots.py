"""Takes pictures of every page and state: `make screenshots`, for a person to look at.

Serves a site of its own with scripted models, or with ``--url`` looks at one that runs. The
pictures go to `.local/screenshots/`.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from playwright.sync_api import Browser, Page, sync_playwright

from arena.embedded import EmbeddedServers
from tests.browser.conftest import DESKTOP, PHONE, PROGRAMS
from tests.browser.site import ROOT, running_site
from workers.demo.scripted import ScriptedServer

FOLDER = ROOT / ".local" / "screenshots"
NAMES = ("halcyon-3-large", "juniper-70b")
PROMPTS = {
    "en": "Explain tail recursion to a cook.",
    "zh-hans": "用做菜来解释尾递归。",
    "zh-hant": "用做菜來解釋尾遞迴。",
}


@dataclass(frozen=True)
class Look:
    """One way of looking at the site."""

    device: str
    scheme: str
    language: str

    @property
    def prefix(self) -> str:
        """The language's part of an address."""
        return "" if self.language == "en" else f"/{self.language}"


LOOKS = tuple(Look(*each) for each in product(("desktop", "phone"), ("light", "dark"), PROMPTS))


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="tests.browser.screenshots", description=__doc__)
    parser.add_argument("--url", help="a site that runs already")
    parser.add_argument("--only", default="", help="looks whose name has this part")
    chosen = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise SystemExit(
            "No Chromium was found. Install one, for example: apt-get install chromium"
        )
    with site(chosen.url) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for look in LOOKS:
            name = f"{look.device}-{look.scheme}-{look.language}"
            if chosen.only in name:
                take(browser, url, look, name)
                print(name, flush=True)  # noqa: T201  progress
        browser.close()


@contextmanager
def site(url: str | None) -> Iterator[str]:
    """Return the address of the running site, or serve one with scripted models."""
    if url:
        yield url
        return
    servers = EmbeddedServers(root=ROOT / ".local" / "tests")
    database_url = urlunsplit(urlsplit(servers.database_url)._replace(path="/screenshots"))
    with (
        servers.lease(),
        tempfile.TemporaryDirectory() as folder,
        running_site(
            ScriptedServer(speed=4),
            NAMES,
            database_url=database_url,
            redis_url=servers.redis_url,
            folder=Path(folder),
        ) as own,
    ):
        yield own


def take(browser: Browser, url: str, look: Look, name: str) -> None:
    """Take every picture of one look."""
    phone = look.device == "phone"
    context = browser.new_context(
        base_url=url,
        viewport=PHONE if phone else DESKTOP,
        color_scheme="dark" if look.scheme == "dark" else "light",
        is_mobile=phone,
        has_touch=phone,
        device_scale_factor=2 if phone else 1,
    )
    page = context.new_page()

    def picture(state: str, *, whole: bool = False) -> None:
        page.wait_for_timeout(400)
        page.screenshot(path=FOLDER / f"{name}-{state}.png", full_page=whole)

    battle(page, look, picture)
    for path in ("leaderboard", "gap", "nothing-here"):
        page.goto(f"{look.prefix}/{path}/", wait_until="networkidle")
        picture(path, whole=path != "nothing-here")
    context.close()


def battle(page: Page, look: Look, picture: Callable[[str], None]) -> None:
    """Take the pictures of a battle from landing to reveal."""
    page.goto(f"{look.prefix}/")
    picture("1-landing")
    box = page.locator("#prompt")
    box.fill(PROMPTS[look.language])
    box.press("Enter")
    page.locator(".turn").wait_for()
    picture("2-waiting")
    page.locator(".answer p").first.wait_for()
    picture("3-streaming")
    page.locator(".vote[data-state=awake]").wait_for(timeout=60_000)
    picture("4-vote")
    page.keyboard.press("1")
    picture("5-undo")
    page.locator(".verdict").wait_for()
    page.evaluate("scrollTo(0, 0)")
    picture("6-reveal")


if __name__ == "__main__":
    main()
