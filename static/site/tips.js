/**
 * Shows the name of a button that is only a sign: on hover, and on focus by the keyboard.
 *
 * The name is the button's label for screen readers, so the tip itself is hidden from them. It
 * goes with Escape, and stays while the pointer is on it (WCAG 1.4.13).
 */

export {}; // a module: its names are its own

const WAIT = 400; // milliseconds that the pointer rests before it is meant
const LINGER = 150;
const GAP = 6; // pixels

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true");
/** @type {number | undefined} */
let timer;

/** @param {EventTarget | null} target */
const named = (target) =>
  target instanceof Element ? target.closest("[data-tip][aria-label]") : null;

/** @param {Element} element */
function show(element) {
  clearTimeout(timer);
  if (!element.isConnected || element.closest("details[open]")) return;
  if (!tip.isConnected) document.body.append(tip);
  tip.textContent = element.getAttribute("aria-label");
  tip.hidden = false;
  const place = element.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const left = place.left + (place.width - width) / 2;
  const below = place.bottom + GAP;
  const room = document.documentElement.clientWidth - width - GAP;
  tip.style.left = `${Math.max(GAP, Math.min(left, room))}px`;
  tip.style.top = `${below + height < innerHeight ? below : place.top - height - GAP}px`;
}

function hide() {
  clearTimeout(timer);
  tip.hidden = true;
}

document.addEventListener("pointerover", ({ target, pointerType }) => {
  if (pointerType !== "mouse") return;
  if (target === tip) {
    clearTimeout(timer);
    return;
  }
  const element = named(target);
  clearTimeout(timer);
  if (element) timer = setTimeout(() => show(element), WAIT);
  else if (!tip.hidden) timer = setTimeout(hide, LINGER);
});
document.addEventListener("focusin", ({ target }) => {
  const element = named(target);
  if (element?.matches(":focus-visible")) show(element);
  else hide();
});
document.addEventListener("focusout", hide);
document.addEventListener("pointerdown", hide);
document.addEventListener("scroll", hide, { passive: true, capture: true });
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") hide();
});
