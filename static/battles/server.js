/** Requests to the battle's own addresses: JSON there and back, with the CSRF token. */

/** What a reply says: its status (0: it never came) and its JSON.
 * @typedef {{status: number, body: any}} Reply */

const LONGEST_WAIT = 15_000; // milliseconds
const OUTLIVES_THE_PAGE = 16_000; // letters: browsers let 64 kB go on when the page is left

/**
 * @param {"GET" | "POST"} method
 * @param {string} address
 * @param {object} [body]
 * @returns {Promise<Reply>} never rejects
 */
export async function ask(method, address, body) {
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  const text = body === undefined ? null : JSON.stringify(body);
  try {
    const reply = await fetch(address, {
      method,
      keepalive: text !== null && text.length < OUTLIVES_THE_PAGE,
      headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" },
      body: text,
      signal: AbortSignal.timeout(LONGEST_WAIT),
    });
    const isJSON = reply.headers.get("Content-Type")?.includes("json");
    return { status: reply.status, body: isJSON ? await reply.json() : {} };
  } catch {
    return { status: 0, body: {} }; // the network: whoever asked says what that means
  }
}

const SOON = 5; // seconds

/**
 * Ask; when the server says that it can answer in a moment, wait that long and ask once more. For
 * requests that may be repeated: the vote that is stored already comes back.
 *
 * @param {"GET" | "POST"} method
 * @param {string} address
 * @param {object} [body]
 * @param {() => boolean} [stillMeant] whether nothing newer was asked meanwhile
 * @returns {Promise<Reply>}
 */
export async function askAgainSoon(method, address, body, stillMeant = () => true) {
  const reply = await ask(method, address, body);
  const { retry_after: seconds } = reply.body;
  if (typeof seconds !== "number" || seconds > SOON) return reply;
  await pause(seconds * 1000);
  return stillMeant() ? ask(method, address, body) : reply;
}

/** @param {number} milliseconds @returns {Promise<void>} */
export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
