"""How heavy the pages are and how soon they show: `make bench-pages`.

A cold cache in a real Chromium, its processor slowed down four times, its network that of a slow
phone. Times are given beside those of the smallest page the server has, in the same run, because
alone they say more of the machine than of the site. Writes `arena/docs/pages.md`.
"""

import os
import shutil
import statistics
from collections.abc import Sequence

from playwright.sync_api import sync_playwright

from tests.browser.bench_rendering import measured_site
from tests.browser.conftest import PROGRAMS
from tests.browser.public_pages import PAGES
from tests.browser.site import ROOT, manage_in_turn
from tests.browser.slow_phone import SLOWER, SMALLEST, Seen, visit

RESULT = ROOT / "arena" / "docs" / "pages.md"
MEASURED = ("landing", "leaderboard", "gap", "which", "model", "compare", "method", "transparency")
ROUNDS = 5


def main() -> None:
    """Measure every page and write the table."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise SystemExit("No Chromium was found. Debian: apt-get install chromium")
    with measured_site("pages") as (url, urls), sync_playwright() as playwright:
        manage_in_turn({**os.environ, **urls}, ("simulate_votes", "--votes", "20000"))
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        addresses = {page.name: page.address for page in PAGES if page.name in MEASURED}
        found: dict[str, list[Seen]] = {name: [] for name in ("smallest", *addresses)}
        # Round after round, so that what else the machine does meets every page alike.
        for _ in range(ROUNDS):
            for name, seen in found.items():
                seen.append(visit(browser, url + addresses.get(name, SMALLEST)))
        rows = "\n".join(row(name, seen, found["smallest"]) for name, seen in found.items())
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(DOCUMENT.format(version=browser.version, cores=os.cpu_count(), rows=rows))
        browser.close()
    print(rows)  # noqa: T201  the result


def row(name: str, seen: Sequence[Seen], smallest: Sequence[Seen]) -> str:
    """Return one row of the table: medians, and the paint against the smallest page's."""
    median = {key: statistics.median(each[key] for each in seen) for key in seen[0]}
    least = statistics.median(each["paint"] for each in smallest)
    return (
        f"| {name} | {median['requests']:.0f} | {median['bytes'] / 1000:.1f} | "
        f"{median['scripts'] / 1000:.1f} | {median['paint']:.0f} | {median['paint'] / least:.1f} | "
        f"{max(each['shift'] for each in seen):.3f} |"
    )


DOCUMENT = (
    """# How heavy the pages are, and how soon they show

`make bench-pages` wrote this page: each page in Chromium {version} on {cores} shared cores, as a
phone, with an empty cache, the processor slowed down {slower} times, 1.6 Mbit/s and 150 ms there
and back. Medians of {rounds} rounds; the shift is the worst of them.

kB are without headers; scripts and styles are compressed, the HTML is not, since the proxy does
that. The largest paint is in milliseconds and, because these say more of the machine than of the
site, in times that of the smallest page the server has (`{smallest}`, a
line of text: one journey of the network and nothing else).

| Page | requests | kB | of them scripts | largest paint | times the smallest | layout shift |
|---|--:|--:|--:|--:|--:|--:|
{rows}

What tests hold (`tests/browser/test_budgets.py`): the landing page is below 100 kB, its scripts
below 60 kB, and no page asks another host. The renderers of answers come with the first prompt, the
charts' library where there is a chart. Every public page is opened on that slow phone: nothing may
move, the styles and scripts that its first sight waits for are below 40 kB, and in the best of six
rounds its largest paint may take 2.5 times that of the site's empty frame, which is as slow as the
machine is busy.
""".replace("{slower}", str(SLOWER))
    .replace("{rounds}", str(ROUNDS))
    .replace("{smallest}", SMALLEST)
)

if __name__ == "__main__":
    main()
