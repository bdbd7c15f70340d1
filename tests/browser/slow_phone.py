"""A page opened on a slow phone with a cold cache: its weight, its first sight, its stillness."""

from playwright.sync_api import Browser

from tests.browser.conftest import PHONE

SMALLEST = "/healthz"  # a line of text: one journey of the network and nothing else
SLOWER = 4  # times, the processor
# What Lighthouse calls a slow 4G: bytes a second each way, milliseconds there and back.
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 204_800,
    "uploadThroughput": 96_000,
}
WATCH = """
window.seen = { paint: 0, shift: 0 };
new PerformanceObserver((list) => { seen.paint = list.getEntries().at(-1).startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => {
  for (const { value } of list.getEntries()) seen.shift += value;
}).observe({ type: "layout-shift", buffered: true });
"""
WEIGH = """
() => {
  const all = performance.getEntriesByType("resource");
  const [page] = performance.getEntriesByType("navigation");
  const sum = (entries) => entries.reduce((total, each) => total + each.encodedBodySize, 0);
  const scripts = all.filter(({ name }) => name.split("?")[0].endsWith(".js"));
  const blocking = all.filter(({ renderBlockingStatus }) => renderBlockingStatus === "blocking");
  return {
    ...seen, requests: all.length + 1, bytes: sum([page, ...all]), scripts: sum(scripts),
    blocking: sum(blocking),
  };
}
"""
type Seen = dict[str, float]


def visit(browser: Browser, address: str) -> Seen:
    """Open a page with nothing in the cache; return what it weighed and when it showed."""
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", NETWORK)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(WATCH)
    page.goto(address, wait_until="networkidle")
    seen: Seen = page.evaluate(WEIGH)
    context.close()
    return seen
