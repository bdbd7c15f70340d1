/** After the reveal: why the voter chose so, and sharing. Quiet, and nobody has to. */

import { button, make, SIDES } from "./dom.js";
import { askAgainSoon, pause } from "./server.js";
import { showSharing } from "./sharing.js";
import { announce, say } from "./words.js";

/**
 * @typedef {{a: string[], b: string[], comment: string}} Reasons
 * @typedef {{address: string, names: Record<"a" | "b", string>, reasons: Reasons,
 *   shared: string | null}} Voted
 */

const REASONS = /** @type {const} */ ([
  "useful", "complete", "creative", "clear",
  "wrong", "superficial", "ignored_instructions", "wrong_language",
]);
const PRAISES = 4; // of these; the others are faults
const MAX_COMMENT = 1000; // characters, as on the server
const SETTLES = 600; // milliseconds after the last change until it is sent

/**
 * @param {HTMLElement} place of the panel, above the vote's row; hidden until it is asked for
 * @param {Voted} voted
 * @returns {HTMLElement} the buttons that open it
 */
export function offerAfter(place, voted) {
  const panels = {
    why: reasonsPanel(voted),
    share: sharingPanel(voted),
  };
  const opener = (/** @type {"why" | "share"} */ name) => {
    const open = button(say(name === "why" ? "say_why" : "share"), () => {
      const isOpen = open.getAttribute("aria-expanded") === "true";
      for (const other of openers.children) other.setAttribute("aria-expanded", "false");
      place.replaceChildren(...(isOpen ? [] : [panels[name]]));
      place.hidden = isOpen;
      open.setAttribute("aria-expanded", String(!isOpen));
    }, "quiet");
    open.setAttribute("aria-expanded", "false");
    return open;
  };
  const openers = make("div", { class: "after-openers" }, opener("why"), opener("share"));
  return openers;
}

/** @param {Voted} voted */
function sharingPanel({ address, shared }) {
  const place = make("div", { class: "share" });
  showSharing(place, address, shared);
  return make("div", {}, make("p", { class: "small quiet share-note" }, say("share_note")), place);
}

/** @param {Voted} voted */
function reasonsPanel({ address, names, reasons }) {
  const said = { a: new Set(reasons.a), b: new Set(reasons.b) };
  const comment = make("textarea", {
    rows: "1", dir: "auto", maxlength: String(MAX_COMMENT), placeholder: say("comment"), "aria-label": say("comment"),
  });
  comment.value = reasons.comment;
  const state = make("span", { class: "small quiet why-state" });
  let round = 0;
  let unsaved = false;
  const save = async () => {
    const own = (round += 1);
    unsaved = true;
    state.textContent = "";
    await pause(SETTLES);
    if (own === round) await send();
  };
  // Whoever leaves the box or the page at once loses nothing.
  const sendNow = () => {
    if (unsaved) send();
  };
  const send = async () => {
    const own = (round += 1);
    unsaved = false;
    const { status, body } = await askAgainSoon("POST", `${address}reasons/`, {
      a: [...said.a], b: [...said.b], comment: comment.value,
    }, () => own === round);
    if (own !== round) return;
    state.textContent = status === 200 ? say("reasons_kept") : body.message ?? say("reasons_lost");
    announce(state.textContent ?? "");
  };
  comment.addEventListener("input", save);
  comment.addEventListener("change", sendNow);
  addEventListener("pagehide", sendNow);
  const sides = SIDES.map((side) => make("fieldset", { class: "why-side" },
    make("legend", {}, make("span", { class: "quiet" }, side.toUpperCase()), " ", names[side]),
    chips(said[side], save)));
  return make("div", { class: "why" }, make("div", { class: "why-sides" }, ...sides),
    make("div", { class: "why-comment" }, comment, state));
}

/** @param {Set<string>} chosen @param {() => void} changed */
function chips(chosen, changed) {
  const list = make("div", { class: "chips" });
  REASONS.forEach((reason, at) => {
    const chip = button(say(`reason_${reason}`), () => {
      if (!chosen.delete(reason)) chosen.add(reason);
      chip.setAttribute("aria-pressed", String(chosen.has(reason)));
      changed();
    }, at < PRAISES ? "chip" : "chip fault");
    chip.setAttribute("aria-pressed", String(chosen.has(reason)));
    list.append(chip);
  });
  return list;
}
