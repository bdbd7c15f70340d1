// Keeps the leaderboard's table at the newest snapshot while the page is looked at.
// Without this script the page is as true as when it was loaded.

const SECONDS_BETWEEN_LOOKS = 3;
const frame = document.querySelector("[data-live]");
/** @type {string | null} */
let etag = null;

/**
 * @param {number} milliseconds
 * @param {[number, string][]} units in seconds, largest first, as `ago_words` of the server has them
 * @returns {string} such as "12 s ago"
 */
function ago(milliseconds, units) {
  const age = Math.max(0, Math.round(milliseconds / 1000));
  const least = /** @type {[number, string]} */ (units.at(-1));
  const [seconds, words] = units.find(([unit]) => age >= unit) ?? least;
  return words.replace("{number}", String(Math.floor(age / seconds)));
}

function tellTime() {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const moment = Date.parse(element.getAttribute("datetime") ?? "");
    const units = JSON.parse(element.getAttribute("data-ago") ?? "");
    if (!Number.isNaN(moment)) element.textContent = ago(Date.now() - moment, units);
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
