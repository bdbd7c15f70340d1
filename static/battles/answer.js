/**
 * One side's answer in one turn, drawn while it streams.
 *
 * See growth.js for what is drawn. Here is when: at most once a frame, and less often when a draw
 * took long, so that even a slow phone has most of its time for the reader.
 */

import { formulasReady } from "./mathematics.js";
import { languageOf, LOOKED_AT } from "./languages.js";
import { pause } from "./server.js";

/** @typedef {import("./growth.js").Growth} Growth */

/** @type {typeof import("./growth.js") | null} */
let renderer = null;
/** @type {Promise<void> | null} */
let loading = null;

/** Load the renderer; called when the first prompt is sent.
 * @returns {Promise<boolean>} whether it is there: the network may have been lost */
export async function loadRenderer() {
  loading ??= import("./growth.js").then((module) => {
    renderer = module;
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

/** Text as it was written is better than none; a renderer that comes at once is better still. */
const PATIENCE = 1000; // milliseconds
/** KaTeX and its chemistry: each may have to be waited for once. */
const LIBRARIES = 2;

export class Answer {
  /** Only ever added to while it streams: reading all of it in each frame would cost what it has. */
  text = "";
  /** What has come since the last draw. */
  #fresh = "";
  /** @type {Growth | null} */
  #growth = null;
  #isScheduled = false;
  #hasEnded = false;
  #awaitsFormulas = false;
  #nextDraw = 0;
  #head = "";

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
    if (!delta || this.#hasEnded) return;
    const text = clean(delta);
    this.text += text;
    this.#fresh += text;
    this.#schedule();
  }

  /** Begin anew, for instance when the server sends the stored truth. */
  clear() {
    this.text = "";
    this.#fresh = "";
    this.#hasEnded = false;
    this.#drop();
    this.element.replaceChildren();
  }

  #drop() {
    this.#growth?.abandon();
    this.#growth = null;
    this.#head = "";
  }

  /** The text is whole: draw it once more, all of it. @param {string} [stored] if it differs */
  async end(stored = this.text) {
    const text = clean(stored);
    if (this.#hasEnded && text === this.text) return; // it stands there already
    if (!text.startsWith(this.text)) this.#drop();
    this.text = text;
    this.#hasEnded = true;
    if (await loadRenderer()) await this.#drawWhole();
    else this.#showPlain();
  }

  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const wait = this.#nextDraw - performance.now();
    if (wait > 16) setTimeout(() => this.#draw(), wait);
    else requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#isScheduled = false;
    if (this.#hasEnded) return;
    if (!renderer) {
      this.#waitForRenderer();
      return;
    }
    const began = performance.now();
    const growth = this.#started(renderer);
    growth.append(this.#fresh);
    this.#fresh = "";
    growth.draw();
    const formulas = formulasReady();
    if (formulas && !this.#awaitsFormulas) this.#drawFormulas(growth, formulas);
    this.#setLanguage();
    this.onDrawn();
    // The browser lays out in this frame in any case: done now, it is counted.
    void this.element.offsetHeight;
    const now = performance.now();
    this.#nextDraw = now + (now - began) * COST_SHARE;
  }

  async #waitForRenderer() {
    this.#isScheduled = true;
    const slow = setTimeout(() => this.#showPlain(), PATIENCE);
    const isThere = await loadRenderer();
    clearTimeout(slow);
    this.#isScheduled = false;
    if (this.#hasEnded) return;
    if (isThere) this.#schedule();
    else this.#showPlain();
  }

  /** @param {Growth} growth @param {Promise<void>} formulas */
  async #drawFormulas(growth, formulas) {
    this.#awaitsFormulas = true;
    await formulas;
    this.#awaitsFormulas = false;
    if (this.#hasEnded || growth !== this.#growth) return;
    growth.drawFormulas();
    this.onDrawn();
  }

  /** @param {typeof import("./growth.js")} module @returns {Growth} */
  #started({ Growth }) {
    if (this.#growth) return this.#growth;
    this.element.classList.remove("plain");
    this.element.replaceChildren();
    this.#fresh = this.text;
    return (this.#growth = new Growth(this.element));
  }

  /** Without a renderer the text stands as it was written. */
  #showPlain() {
    if (renderer) return;
    this.element.classList.add("plain");
    this.element.textContent = this.text;
  }

  async #drawWhole() {
    if (!renderer) return;
    const growth = this.#started(renderer);
    const breathe = async () => {
      this.onDrawn();
      await pause(0);
    };
    await growth.finish(this.text, breathe);
    for (let round = 0; round < LIBRARIES && formulasReady() && growth === this.#growth; round += 1) {
      await formulasReady();
      await growth.finish(this.text, breathe);
    }
    if (growth !== this.#growth) return;
    this.#setLanguage();
    this.onDrawn();
  }

  #setLanguage() {
    if (this.#head.length === LOOKED_AT) return; // more text changes nothing
    this.#head = this.text.slice(0, LOOKED_AT);
    this.element.lang = languageOf(this.#head);
  }
}

/** @param {string} text @returns {string} with one kind of line end and no NUL */
function clean(text) {
  return text.replaceAll("\r", "").replaceAll("\0", "\ufffd");
}
