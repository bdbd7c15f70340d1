// Keeps the leaderboard's table at the newest snapshot while the page is looked at.
// Without this script the page is as true as when it was loaded.

const SECONDS_BETWEEN_LOOKS = 3;
const frame = document.querySelector("[data-live]");
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "short" });
/** @type {string | null} */
let etag = null;

/**
 * @param {number} seconds
 * @returns {string} such as "12 sec. ago"
 */
function ago(seconds) {
  if (seconds < 60) return words.format(-Math.max(0, Math.round(seconds)), "second");
  if (seconds < 3600) return words.format(-Math.round(seconds / 60), "minute");
  if (seconds < 86400) return words.format(-Math.round(seconds / 3600), "hour");
  return words.format(-Math.round(seconds / 86400), "day");
}

function tellTime() {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const moment = Date.parse(element.getAttribute("datetime") ?? "");
    if (!Number.isNaN(moment)) element.textContent = ago((Date.now() - moment) / 1000);
  }
}

/** @param {Element} root @returns {Map<string, string>} votes by the model's address */
function counts(root) {
  const found = new Map();
  for (const row of root.querySelectorAll("tbody tr")) {
    const address = row.querySelector("a")?.getAttribute("href");
    if (address) found.set(address, row.querySelector(".votes")?.textContent ?? "");
  }
  return found;
}

/** @param {Element} root @param {Map<string, string>} before */
function markChanges(root, before) {
  for (const row of root.querySelectorAll("tbody tr")) {
    const address = row.querySelector("a")?.getAttribute("href") ?? "";
    const votes = row.querySelector(".votes");
    if (before.has(address) && before.get(address) !== votes?.textContent) {
      votes?.classList.add("fresh");
    }
  }
}

/** @param {Element} root @param {string} html from our own server */
function replaceTable(root, html) {
  const focused = document.activeElement?.getAttribute("href");
  const before = counts(root);
  root.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  markChanges(root, before);
  const again = focused && root.querySelector(`a[href="${CSS.escape(focused)}"]`);
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
}

/** @param {Element} root */
async function look(root) {
  if (document.hidden) return;
  const headers = etag ? { "If-None-Match": etag } : undefined;
  const response = await fetch(root.getAttribute("data-live") ?? "", { headers, cache: "no-store" });
  if (response.status !== 200) return;
  const first = etag === null;
  etag = response.headers.get("ETag");
  const html = await response.text();
  if (!first || !root.querySelector(`time[datetime="${newestTime(html)}"]`)) replaceTable(root, html);
  tellTime();
}

/** @param {string} html @returns {string} when the board in it was made */
function newestTime(html) {
  return html.match(/<time datetime="([^"]+)"/)?.[1] ?? "";
}

/** @param {Element} root */
async function keepLooking(root) {
  try {
    await look(root);
  } catch {
    // offline for a moment: the next look may succeed
  }
  setTimeout(() => keepLooking(root), SECONDS_BETWEEN_LOOKS * 1000);
}

if (frame) {
  tellTime();
  setInterval(tellTime, 1000);
  setTimeout(() => keepLooking(frame), SECONDS_BETWEEN_LOOKS * 1000);
  document.addEventListener("visibilitychange", () => look(frame).catch(() => undefined));
}
