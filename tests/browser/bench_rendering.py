"""How smoothly two long answers are drawn while they stream: `make bench-rendering`.

The real page in a real Chromium; text is added once a frame, to both sides. Beside it, in the same
run, the plain way: all of the text rendered again in each frame. Writes
`arena/battles/docs/rendering.md`.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from playwright.sync_api import CDPSession, Page, sync_playwright

from arena.embedded import EmbeddedServers
from tests.browser.battling import send
from tests.browser.conftest import DESKTOP, PROGRAMS
from tests.browser.fake_server import MODULE, FakeServer
from tests.browser.site import ROOT, Parrots, running_site

RESULT = ROOT / "arena" / "battles" / "docs" / "rendering.md"
FRAMES = 300
# The plain way is so slow that these frames, evenly spread over the answer, stand for all.
PLAIN_FRAMES = 12

_PART = (
    "## Part {n}\n\nA paragraph with **bold** words, `code`, and a "
    "[link](https://example.com/{n}) among plain ones, long enough for a second line.\n\n"
    "- one item with *marks*\n- two\n- three\n\n"
    "```python\ndef f(x):\n    return x + {n}\n```\n\n| a | b |\n|---|--:|\n| one | {n} |\n\n"
)


def _mixed(length: int) -> str:
    return "".join(_PART.format(n=n) for n in range(length // 200))[:length]


SHAPES = {
    "mixed, 1,000 characters": _mixed(1_000),
    "mixed, 10,000": _mixed(10_000),
    "mixed, 50,000": _mixed(50_000),
    "code, 2,000 lines": "```python\n"
    + "".join(f'    value_{n} = compute({n}, "text")  # why\n' for n in range(2_000))
    + "```\n",
    "table, 1,000 rows": "| a | b | c | d |\n|---|---|---|--:|\n"
    + "".join(f"| row {n} | some **words** | `more` | {n * 7} |\n" for n in range(1_000)),
    "list, 1,000 items": "".join(
        f"- item {n} with **bold** and more words\n" for n in range(1_000)
    ),
    "nested list, 1,000 items": "- everything\n"
    + "".join(f"  - item {n} with **bold**\n    - deeper {n}\n" for n in range(500)),
    "one paragraph, 50,000": "some words in **one** very long paragraph, " * 1_190,
    "one word, 1,000,000": "x" * 1_000_000,
}

STREAM = (
    """async ([text, frames, plainFrames]) => {"""
    + MODULE
    + """
  const { Answer, loadRenderer } = await module("answer");
  await loadRenderer();
  const { render } = await module("markdown");
  const places = [...document.querySelectorAll(".turn .answer")];
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const found = { longTasks: 0, longest: 0, shift: 0 };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      found.longTasks += 1;
      found.longest = Math.max(found.longest, duration);
    }
  }).observe({ type: "longtask" });
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) found.shift += value;
  }).observe({ type: "layout-shift" });
  if (plainFrames) {
    for (let at = 1; at <= plainFrames; at += 1) {
      const shown = text.slice(0, text.length * at / plainFrames);
      for (const place of places) place.replaceChildren(render(shown));
      await frame();
    }
    return { ...found, frames: plainFrames };
  }
  const answers = places.map((place) => new Answer(place));
  const step = Math.ceil(text.length / Math.min(frames, Math.ceil(text.length / 20)));
  let drawn = 0;
  for (let at = 0; at < text.length; at += step) {
    for (const answer of answers) answer.append(text.slice(at, at + step));
    await frame();
    scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    drawn += 1;
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  return { ...found, frames: drawn };
}"""
)


def main() -> None:
    """Measure every shape and write the table."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise SystemExit("No Chromium was found. Debian: apt-get install chromium")
    lines = []
    with measured_site("rendering") as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, text in SHAPES.items():
            page = browser.new_page(base_url=url, viewport=DESKTOP)
            ours = measure(page, text, plain=False)
            # A page of its own, so that neither finds the other's rubbish.
            other = browser.new_page(base_url=url, viewport=DESKTOP)
            plain = measure(other, text, plain=True)
            lines.append(line(name, ours, plain))
            print(lines[-1], flush=True)  # noqa: T201  progress
            page.close()
            other.close()
        version = browser.version
        browser.close()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(DOCUMENT.format(version=version, cores=os.cpu_count(), rows="\n".join(lines)))


@contextmanager
def measured_site(database: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve the site on a database of its own; yield its address and what `manage.py` needs."""
    servers = EmbeddedServers(root=ROOT / ".local" / "tests")
    database_url = urlunsplit(urlsplit(servers.database_url)._replace(path=f"/{database}"))
    with (
        servers.lease(),
        tempfile.TemporaryDirectory() as folder,
        running_site(
            Parrots(),
            database_url=database_url,
            redis_url=servers.redis_url,
            folder=Path(folder),
        ) as url,
    ):
        yield url, {"DATABASE_URL": database_url, "REDIS_URL": servers.redis_url}


def measure(page: Page, text: str, *, plain: bool) -> dict[str, float]:
    """Stream a text into both sides; times in milliseconds a frame."""
    server = FakeServer(page)
    page.goto("/")
    send(page, "Hello")
    server.begin()
    server.say("`x`", "`x`")
    page.locator(".answer code").first.wait_for()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    before = metrics(devtools)
    found: dict[str, float] = page.evaluate(STREAM, [text, FRAMES, PLAIN_FRAMES * plain])
    after = metrics(devtools)
    for name in ("ScriptDuration", "LayoutDuration", "TaskDuration"):
        found[name] = 1000 * (after[name] - before[name]) / found["frames"]
    return found


def metrics(devtools: CDPSession) -> dict[str, float]:
    """Return what the browser has counted so far, in seconds."""
    answer: Any = devtools.send("Performance.getMetrics")
    return {each["name"]: each["value"] for each in json.loads(json.dumps(answer))["metrics"]}


def line(name: str, ours: dict[str, float], plain: dict[str, float]) -> str:
    """Return one row of the table."""
    ratio = plain["TaskDuration"] / ours["TaskDuration"]
    return (
        f"| {name} | {ours['ScriptDuration']:.1f} | {ours['LayoutDuration']:.1f} | "
        f"{ours['TaskDuration']:.1f} | {ours['longTasks']:.0f} of {ours['frames']:.0f} | "
        f"{ours['longest']:.0f} | {ours['shift']:.3f} | {plain['TaskDuration']:.1f} | {ratio:.1f} |"
    )


DOCUMENT = """# How smoothly answers are drawn

`make bench-rendering` wrote this page: the real battle page in Chromium {version} on {cores} shared
cores, text added to **both** sides once a frame, as fast as frames come (a real stream brings 25 a
second). The last two columns are the plain way, all of the text rendered again, in the same run;
its frames are {plain_frames} that are spread evenly over the answer.

Milliseconds a frame, for both sides together; a long task is one of more than 50 ms; the shift is
Chromium's layout shift score, summed.

| Answer | script | layout | all work | long tasks | longest | shift | plain, all work | times |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
{rows}

What makes it so (`static/battles/growth.js`): closed blocks are rendered, sanitised and never
touched again; of the open block only the innermost end is drawn again; open code gets its new lines
added; a long table keeps its columns' widths; a paragraph beyond 4,000 characters is drawn in
parts; when the answer is whole all of it is rendered once more, in slices of 8 ms, and only blocks
whose HTML differs are replaced.
""".replace("{plain_frames}", str(PLAIN_FRAMES))

if __name__ == "__main__":
    main()
