/**
 * One side's answer in one turn, drawn while it streams.
 *
 * Closed blocks are rendered once and stay; only the open tail is drawn again. At the end one
 * render of the whole replaces everything. A tail that is dear to draw (a long list, a long
 * paragraph) is drawn less often, so the work stays in proportion to the text.
 */

import { formulasReady } from "./mathematics.js";
import { languageOf } from "./languages.js";

/** @type {typeof import("./markdown.js") | null} */
let markdown = null;
/** @type {Promise<void> | null} */
let loading = null;

/** Load the renderer; called when the first prompt is sent.
 * @returns {Promise<boolean>} whether it is there: the network may have been lost */
export async function loadRenderer() {
  loading ??= import("./markdown.js").then((module) => {
    markdown = module;
  });
  try {
    await loading;
    return true;
  } catch {
    loading = null; // the next call tries again
    return false;
  }
}

const COST_SHARE = 5; // a draw that took 10 ms is followed by at least 50 ms without one

export class Answer {
  text = "";
  /** How much of the text is frozen, in characters. */
  #frozen = 0;
  /** The nodes of the open tail. @type {ChildNode[]} */
  #tail = [];
  #scheduled = false;
  #ended = false;
  #nextDraw = 0;

  /**
   * @param {HTMLElement} element
   * @param {() => void} [onDrawn] after the page has grown
   */
  constructor(element, onDrawn = () => {}) {
    this.element = element;
    this.onDrawn = onDrawn;
  }

  /** @param {string} delta */
  append(delta) {
    if (!delta || this.#ended) return;
    this.text += clean(delta);
    this.#schedule();
  }

  /** Begin anew, for instance when the server sends the stored truth. */
  clear() {
    this.text = "";
    this.#frozen = 0;
    this.#tail = [];
    this.#ended = false;
    this.element.replaceChildren();
  }

  /** The text is whole: draw it once more, all of it. @param {string} [stored] if it differs */
  async end(stored = this.text) {
    const text = clean(stored);
    if (this.#ended && markdown && text === this.text) return; // it stands there already
    this.text = text;
    this.#ended = true;
    if (!(await loadRenderer())) this.#showPlain();
    this.#drawWhole();
    const formulas = formulasReady();
    if (formulas) await formulas.then(() => this.#drawWhole());
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const wait = this.#nextDraw - performance.now();
    if (wait > 16) setTimeout(() => this.#draw(), wait);
    else requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#scheduled = false;
    if (this.#ended) return;
    if (!markdown) {
      this.#showPlain();
      loadRenderer().then((there) => there && this.#schedule());
      return;
    }
    if (this.element.classList.contains("plain")) {
      this.element.classList.remove("plain");
      this.element.replaceChildren();
    }
    const started = performance.now();
    const tail = this.text.slice(this.#frozen);
    const closed = markdown.closedLength(tail);
    for (const node of this.#tail) node.remove();
    if (closed > 0) {
      this.element.append(markdown.render(tail.slice(0, closed)));
      this.#frozen += closed;
    }
    const open = markdown.render(tail.slice(closed), false);
    this.#tail = [...open.childNodes];
    this.element.append(open);
    const now = performance.now();
    this.#nextDraw = now + (now - started) * COST_SHARE;
    this.#setLanguage();
    this.onDrawn();
  }

  /** Until the renderer is there the text stands as it was written. */
  #showPlain() {
    this.element.classList.add("plain");
    this.element.textContent = this.text;
  }

  #drawWhole() {
    if (!markdown) return;
    this.element.classList.remove("plain");
    this.element.replaceChildren(markdown.render(this.text));
    this.#tail = [];
    this.#frozen = this.text.length;
    this.#setLanguage();
    this.onDrawn();
  }

  #setLanguage() {
    this.element.lang = languageOf(this.text);
  }
}

/** @param {string} text @returns {string} with one kind of line end and no NUL */
function clean(text) {
  return text.replaceAll("\r", "").replaceAll("\0", "\ufffd");
}
