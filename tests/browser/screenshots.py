"""Takes pictures of every page and state: `make screenshots`, for a person to look at.

Serves a site of its own with scripted models, or with ``--url`` looks at one that runs. The
pictures go to `.local/screenshots/`; `index.html` there shows each state beside its others.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from arena.embedded import EmbeddedServers
from tests.browser.conftest import DESKTOP, PHONE, PROGRAMS
from tests.browser.fake_server import FakeServer
from tests.browser.public_pages import PAGES, SIMULATED
from tests.browser.site import ROOT, manage_in_turn, running_site, worker_process
from workers.demo.scripted import ScriptedServer

# The admin is looked at without its second factor; the site's process reads this.
os.environ["PARITY_STAFF_SECOND_FACTOR"] = "0"
FOLDER = ROOT / ".local" / "screenshots"
NAMES = ("halcyon-3-large", "juniper-70b")
PROMPTS = {
    "en": "Explain tail recursion to a cook.",
    "zh-hans": "用做菜来解释尾递归。",
    "zh-hant": "用做菜來解釋尾遞迴。",
}
ANSWER = """## {0}

{0} **{0}** `reduce(0)`

```python
def plates(left):
    return None if left == 0 else plates(left - 1)
```

| n | {0} |
|---|---|
| 1 | 2 |
"""
ADMIN, PASSWORD = "screenshots", "correct-horse-7"
# Generous: what is waited for comes within seconds, unless the machine has much else to do.
_MOST_MILLISECONDS = 60_000


@dataclass(frozen=True)
class Look:
    """One way of looking at the site."""

    device: str
    scheme: str
    language: str

    @property
    def name(self) -> str:
        """What its pictures' names begin with."""
        return f"{self.device}-{self.scheme}-{self.language}"

    @property
    def prefix(self) -> str:
        """The language's part of an address."""
        return "" if self.language == "en" else f"/{self.language}"

    @property
    def prompt(self) -> str:
        """A prompt in its language."""
        return PROMPTS[self.language]


LOOKS = tuple(Look(*each) for each in product(("desktop", "phone"), ("light", "dark"), PROMPTS))


class Album:
    """Takes the pictures of one look."""

    def __init__(self, browser: Browser, url: str, look: Look) -> None:
        self.look = look
        phone = look.device == "phone"
        self.context: BrowserContext = browser.new_context(
            base_url=url,
            viewport=PHONE if phone else DESKTOP,
            color_scheme="dark" if look.scheme == "dark" else "light",
            reduced_motion="reduce",
            is_mobile=phone,
            has_touch=phone,
            device_scale_factor=2 if phone else 1,
        )
        self.page = self.context.new_page()

    def open(self, address: str) -> None:
        """Open an address of the site, in the look's language."""
        self.page.goto(f"{self.look.prefix}{address}", wait_until="networkidle")

    def take(self, state: str, *, whole: bool = False, page: Page | None = None) -> None:
        """Take one picture."""
        page = page or self.page
        page.evaluate("document.fonts.ready")
        page.screenshot(path=FOLDER / f"{self.look.name}-{state}.png", full_page=whole)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="tests.browser.screenshots", description=__doc__)
    parser.add_argument("--url", help="a site that runs already; its admin is left out")
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
            if chosen.only in look.name:
                fill(Album(browser, url, look), with_admin=not chosen.url)
                print(look.name, flush=True)  # noqa: T201  progress
        browser.close()
    write_index()


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
            ScriptedServer(speed=20),
            NAMES,
            database_url=database_url,
            redis_url=servers.redis_url,
            folder=Path(folder),
        ) as own,
    ):
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": servers.redis_url,
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            "PARITY_ENDPOINT_ALLOW": "127.0.0.1:1-65535",
        }
        manage_in_turn(
            environment,
            ("simulate_votes", "--votes", "20000"),
            ("createsuperuser", "--no-input", "--username", ADMIN, "--email", "a@example.org"),
        )
        with worker_process(environment, Path(folder)):
            yield own


def fill(album: Album, *, with_admin: bool) -> None:
    """Take every picture of one look."""
    for page in PAGES:
        album.open(page.address)
        album.take(page.name, whole=True)
    album.open("/nothing-here/")
    album.take("error-404")
    frame(album)
    play(album)
    chosen(album)
    battle(album)
    mine(album)
    if with_admin:
        office(album)
    album.context.close()


def frame(album: Album) -> None:
    """Take what lies over a page, and what a link or a form leads to."""
    page = album.page
    album.open("/")
    page.locator(".menu > summary").first.click()
    album.take("menu")
    page.keyboard.press("Escape")
    page.locator(".keys-open").dispatch_event("click")
    album.take("keys")
    album.open(f"/leaderboard/?{SIMULATED}")
    page.goto(str(page.locator(".board-id a").get_attribute("href")), wait_until="networkidle")
    album.take("snapshot", whole=True)
    album.open("/me/account/")
    page.locator("input[type=email]").fill(f"{album.look.name}@example.org")
    page.locator(".account-form .button.primary").click()
    page.wait_for_load_state("networkidle")
    album.take("account-code")


def play(album: Album) -> None:
    """Take the states of a battle that pass too quickly, or that only a failure brings."""
    page = album.context.new_page()
    server = FakeServer(page)
    page.goto(f"{album.look.prefix}/")
    page.locator("#prompt").fill(album.look.prompt)
    album.take("battle-1-typing", page=page)
    page.locator("#prompt").press("Enter")
    page.locator(".turn").wait_for()
    album.take("battle-2-waiting", page=page)
    server.begin(album.look.prompt)
    server.tell_next("queue", position=2)
    page.locator(".in-line:visible").first.wait_for()
    album.take("battle-2-in-line", page=page)
    answer = ANSWER.format(album.look.prompt)
    server.say(answer, answer * 3)
    # Colours of code come with the first code.
    page.locator(".answer:visible pre span").first.wait_for()
    album.take("battle-3-streaming", page=page)
    server.end("failed")
    page.locator(".battle-notice").wait_for()
    album.take("battle-4-failed", page=page)
    page.close()


def chosen(album: Album) -> None:
    """Take the answers of two chosen models, on which nobody votes."""
    album.open("/side-by-side/")
    page = album.page
    for place, select in enumerate(page.locator(".battle select").all(), start=1):
        select.select_option(index=place)
    page.locator("#prompt").fill(album.look.prompt)
    page.locator("#prompt").press("Enter")
    expect(page.locator(".side[data-state=complete]")).to_have_count(2, timeout=_MOST_MILLISECONDS)
    album.take("side-by-side-answers")


def battle(album: Album) -> None:
    """Take a real battle from the vote to the reveal, its reasons, its link."""
    album.open("/")
    page = album.page
    page.locator("#prompt").fill(album.look.prompt)
    page.locator("#prompt").press("Enter")
    page.locator(".vote[data-state=awake]").wait_for(timeout=_MOST_MILLISECONDS)
    album.take("battle-5-vote")
    page.keyboard.press("1")
    page.locator(".undo").wait_for()
    album.take("battle-6-undo")
    page.locator(".verdict").wait_for()
    page.evaluate("scrollTo(0, 0)")
    album.take("battle-7-reveal")
    why, share = page.locator(".after-openers button").all()
    why.click()
    album.take("battle-8-why")
    share.click()
    page.locator(".after .share button").first.click()
    link = page.locator(".share input")
    link.wait_for()
    album.take("battle-9-share")
    shared = link.input_value()
    page.goto(shared, wait_until="networkidle")
    album.take("shared", whole=True)


def mine(album: Album) -> None:
    """Take what is a voter's own, once there is something: a vote that counts."""
    end = time.monotonic() + _MOST_MILLISECONDS / 1000
    for address, sight in (("/me/board/", ".own-board"), ("/me/", ".mine-models .chosen")):
        album.open(address)
        while not album.page.locator(sight).count() and time.monotonic() < end:
            album.open(address)
    for name, address in (
        ("history", "/me/"),
        ("erase", "/me/erase/"),
        ("own-board", "/me/board/"),
    ):
        album.open(address)
        album.take(name, whole=True)


def office(album: Album) -> None:
    """Take the admin, which speaks English only: a first page without and with its account."""
    if album.look.language != "en":
        return
    page = album.page
    page.goto("/admin/", wait_until="networkidle")
    page.get_by_label("Username").fill(ADMIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_load_state("networkidle")
    album.take("admin", whole=True)


def write_index() -> None:
    """Write a page that shows all pictures, one row for each state."""
    states: dict[str, list[str]] = {}
    for look in LOOKS:
        for path in sorted(FOLDER.glob(f"{look.name}-*.png")):
            state = path.stem.removeprefix(f"{look.name}-")
            states.setdefault(state, []).append(path.name)
    rows = "".join(
        f"<h2>{escape(state)}</h2><p>"
        + "".join(f'<a href="{name}"><img src="{name}" alt="{name}"></a>' for name in names)
        for state, names in sorted(states.items())
    )
    style = "img { height: 24rem; max-width: 40rem; object-fit: cover; object-position: top; }"
    page = (
        f"<!doctype html><meta charset=utf-8><title>Screenshots</title><style>{style}</style>{rows}"
    )
    (FOLDER / "index.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
