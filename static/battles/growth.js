/**
 * An answer's nodes while its text grows at the end, and once it is whole.
 *
 * Closed blocks are rendered and sanitised once, and stand; open_blocks.js draws the one that is
 * still open. So a frame costs what it brings, not what was there.
 */

import { blocksOf, htmlOf, sanitised } from "./markdown.js";
import { decided } from "./marks.js";
import { opened } from "./open_blocks.js";

/**
 * @typedef {import("./blocks.js").Block} Block
 * @typedef {import("./markdown.js").Definitions} Definitions
 * @typedef {import("./open_blocks.js").Open} Open
 */

const SLICE = 8; // milliseconds of work before others get their turn
/** How a formula looks while KaTeX is on its way. */
const UNDRAWN = '<code class="formula';

/**
 * A closed block: the HTML it was made of, before it was sanitised, and its nodes.
 *
 * @typedef {{html: string, nodes: ChildNode[], undrawn?: Block}} Standing
 */

/** All nodes of one answer. */
export class Growth {
  /** @type {Standing[]} */
  #standing = [];
  /** @type {Open | null} */
  #open = null;
  /** The text from the open block on. */
  #tail = "";
  /** How many blocks of the tail are closed: the parts of a long paragraph begin on one line. */
  #passed = 0;
  /** @type {Definitions} */
  #definitions = {};
  /** Counts up with every `finish`, so that an older one ends. */
  #round = 0;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
  }

  /** @param {string} delta */
  append(delta) {
    this.#tail += delta;
  }

  /** Draw what has come since the last time. */
  draw() {
    const all = blocksOf(decided(this.#tail), this.#definitions);
    const blocks = all.slice(this.#passed);
    const first = blocks[0];
    if (!first) return;
    if (this.#open?.update(first, blocks.length === 1)) {
      if (blocks.length === 1) return;
      this.#stand(first, this.#open.nodes);
      blocks.shift();
    } else {
      for (const node of this.#open?.nodes ?? []) node.remove();
    }
    const last = /** @type {Block} */ (blocks.pop());
    for (const block of blocks) {
      const nodes = [...sanitised(htmlOf(block, this.#definitions)).childNodes];
      this.element.append(...nodes);
      this.#stand(block, nodes);
    }
    this.#open = opened(last, true, this.#definitions);
    this.element.append(...this.#open.nodes);
    this.#passed = all.filter(({ firstLine }) => firstLine === last.firstLine).length - 1;
    this.#forget(last.firstLine);
  }

  /** @param {Block} block that has closed @param {ChildNode[]} nodes */
  #stand(block, nodes) {
    const html = htmlOf(block, this.#definitions);
    this.#standing.push(html.includes(UNDRAWN) ? { html, nodes, undrawn: block } : { html, nodes });
  }

  /** @param {number} lines at the beginning of the tail that no longer change */
  #forget(lines) {
    let offset = 0;
    for (let line = 0; line < lines; line += 1) offset = this.#tail.indexOf("\n", offset) + 1;
    this.#tail = this.#tail.slice(offset);
  }

  /** KaTeX has arrived: draw the formulas that stand there as source. */
  drawFormulas() {
    for (const [at, { undrawn }] of this.#standing.entries()) {
      if (undrawn) this.#replace(at, htmlOf(undrawn, this.#definitions));
    }
    for (const node of this.#open?.nodes ?? []) node.remove();
    this.#open = null;
    this.draw();
  }

  /** Stop a `finish` that is under way. */
  abandon() {
    this.#round += 1;
  }

  /**
   * The text is whole: render all of it once more. A block whose HTML is what it was keeps its
   * nodes, so nothing moves, and what a reader has marked in it stays marked.
   *
   * @param {string} text
   * @param {() => Promise<void>} pause lets the page breathe between two slices of work
   */
  async finish(text, pause) {
    this.#round += 1;
    const round = this.#round;
    const definitions = {};
    const blocks = blocksOf(text, definitions);
    this.#endOpen(blocks[this.#standing.length], definitions);
    let began = performance.now();
    for (const [at, block] of blocks.entries()) {
      const html = htmlOf(block, definitions);
      if (this.#standing[at]?.html !== html) this.#replace(at, html);
      if (performance.now() - began < SLICE) continue;
      await pause();
      if (round !== this.#round) return;
      began = performance.now();
    }
    for (const { nodes } of this.#standing.splice(blocks.length)) {
      for (const node of nodes) node.remove();
    }
  }

  /** @param {Block | undefined} block what the open block has become @param {Definitions} definitions */
  #endOpen(block, definitions) {
    if (!this.#open) return;
    const isSame = block && this.#open.update(block, false);
    this.#standing.push({ html: isSame ? htmlOf(block, definitions) : "", nodes: this.#open.nodes });
    this.#open = null;
  }

  /** @param {number} at which block, or one more than there are @param {string} html */
  #replace(at, html) {
    const nodes = [...sanitised(html).childNodes];
    const [first, ...others] = this.#standing[at]?.nodes ?? [];
    if (first) first.replaceWith(...nodes);
    else this.element.append(...nodes);
    for (const node of others) node.remove();
    this.#standing[at] = { html, nodes };
  }
}
