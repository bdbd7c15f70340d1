/** On a phone one answer is shown at a time: two tabs, or a swipe. On a wide screen CSS shows both. */

import { find, SIDES } from "./dom.js";

/** @typedef {import("./dom.js").Side} Side */

const SWIPE = 56; // pixels sideways before it is meant

export class Tabs {
  /** @param {HTMLElement} page @param {HTMLElement} area that is swiped */
  constructor(page, area) {
    this.page = page;
    /** @type {Side} */
    this.shown = Math.random() < 0.5 ? "a" : "b";
    /** Where the reader was in each answer. @type {Record<Side, number>} */
    this.scrolled = { a: 0, b: 0 };
    for (const side of SIDES) {
      find(`.tab[data-side="${side}"]`, page).addEventListener("click", () => this.show(side));
    }
    this.#watchSwipes(area);
    this.#mark();
  }

  /** Open on either side, so that neither is always read first. @param {string} battle */
  openFor(battle) {
    const last = battle.replaceAll("-", "").slice(-1);
    this.shown = Number.parseInt(last, 16) % 2 === 0 ? "a" : "b";
    this.#mark();
  }

  /** @param {Side} side */
  show(side) {
    if (side === this.shown) return;
    this.scrolled[this.shown] = scrollY;
    this.shown = side;
    this.#mark();
    if (this.scrolled[side]) scrollTo({ top: this.scrolled[side], behavior: "instant" });
  }

  /** @param {Side} side @param {string} text the progress of that side */
  setState(side, text) {
    const place = find(`.tab[data-side="${side}"] .tab-state`, this.page);
    if (place.textContent !== text) place.textContent = text;
  }

  forget() {
    this.scrolled = { a: 0, b: 0 };
  }

  #mark() {
    this.page.dataset.shown = this.shown;
    for (const side of SIDES) {
      const tab = find(`.tab[data-side="${side}"]`, this.page);
      tab.setAttribute("aria-pressed", String(side === this.shown));
    }
  }

  /** @param {HTMLElement} area */
  #watchSwipes(area) {
    /** @type {{x: number, y: number} | null} */
    let start = null;
    area.addEventListener("touchstart", (event) => {
      const touch = event.touches[0];
      const inner = event.target instanceof Element && event.target.closest("pre, .table-frame, .formula-block");
      const scrolls = inner && inner.scrollWidth > inner.clientWidth;
      start = touch && event.touches.length === 1 && !scrolls
        ? { x: touch.clientX, y: touch.clientY }
        : null;
    }, { passive: true });
    area.addEventListener("touchend", (event) => {
      const touch = event.changedTouches[0];
      if (!start || !touch || getSelection()?.isCollapsed === false) return;
      const across = touch.clientX - start.x;
      const down = Math.abs(touch.clientY - start.y);
      if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * down) this.show(across < 0 ? "b" : "a");
    }, { passive: true });
  }
}
