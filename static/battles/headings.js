/** Puts the headings of two long answers side by side, so that part is read against part. */

import { button, make, SIDES } from "./dom.js";
import { say } from "./words.js";

const ENOUGH = 2; // headings on each side, before there is something to align
/** What was chosen holds for the turns that follow. */
let isAligned = false;

/** @param {HTMLElement} turn */
export function alignButton(turn) {
  const toggle = button(say("align"), () => {
    isAligned = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(isAligned));
    align(turn);
  }, "quiet align");
  toggle.setAttribute("aria-pressed", "false");
  toggle.hidden = true;
  return toggle;
}

/** A turn has ended: offer it where both answers have headings. @param {HTMLElement} turn */
export function offerAligning(turn) {
  const toggle = turn.querySelector(".align");
  if (!(toggle instanceof HTMLElement)) return;
  toggle.hidden = SIDES.some((side) => headingsOf(turn, side).length < ENOUGH);
  toggle.setAttribute("aria-pressed", String(isAligned && !toggle.hidden));
  if (isAligned) align(turn);
}

addEventListener("resize", () => {
  for (const turn of document.querySelectorAll(".turn")) align(/** @type {HTMLElement} */ (turn));
});

/** @param {HTMLElement} turn @param {"a" | "b"} side @returns {HTMLElement[]} */
function headingsOf(turn, side) {
  return [...turn.querySelectorAll(`.side[data-side="${side}"] .answer > :is(h1, h2, h3, h4)`)]
    .filter((heading) => heading instanceof HTMLElement);
}

/** @param {HTMLElement} turn */
function align(turn) {
  for (const space of turn.querySelectorAll(".aligning")) space.remove();
  if (turn.querySelector('.align:not([hidden])[aria-pressed="true"]') === null) return;
  const [ofA, ofB] = [headingsOf(turn, "a"), headingsOf(turn, "b")];
  for (const [at, one] of ofA.entries()) {
    const other = ofB[at];
    if (!other || !one.offsetParent || !other.offsetParent) continue; // a phone shows one side
    const ahead = one.getBoundingClientRect().top - other.getBoundingClientRect().top;
    if (Math.abs(ahead) < 1) continue;
    const [lower, higher] = ahead > 0 ? [one, other] : [other, one];
    const space = make("div", { class: "aligning", "aria-hidden": "true" });
    higher.before(space);
    space.style.height = `${Math.abs(ahead)}px`;
    // The space parts margins that had been one: take away what it is too high.
    const over = higher.getBoundingClientRect().top - lower.getBoundingClientRect().top;
    space.style.height = `${Math.max(0, Math.abs(ahead) - over)}px`;
  }
}
