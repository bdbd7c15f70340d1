/**
 * An answer's nodes while its text grows at the end, and once it is whole.
 *
 * Closed blocks are rendered and sanitised once, and stand. Of the block that is still open only the
 * innermost end is drawn again: the last line of a list's last item, the last row of a table; to
 * open code its new lines are added. So a frame costs what it brings, not what was there.
 */

import { CodeBlock } from "./code.js";
import { blocksOf, htmlOf, sanitised } from "./markdown.js";
import { decided } from "./marks.js";
import { make } from "./dom.js";

/**
 * @typedef {import("./blocks.js").Block} Block
 * @typedef {import("./markdown.js").Definitions} Definitions
 * @typedef {{nodes: ChildNode[], update: (block: Block, isOpen: boolean) => boolean}} Open
 *   the nodes of a block that may still grow; `update` says whether it still is that block
 */

/** What must stand around a block's children for them to be parsed, and how deep that is. */
const SURROUNDINGS = /** @type {Record<string, [string, string, number]>} */ ({
  bullet_list_open: ["<ul>", "</ul>", 1],
  ordered_list_open: ["<ol>", "</ol>", 1],
  table_open: ["<table>", "</table>", 1],
  tbody_open: ["<table><tbody>", "</tbody></table>", 2],
});
const ENOUGH_ROWS = 20;
const NONE = /** @type {[string, string, number]} */ (["", "", 0]);

/** A block that is one line or a few: drawn anew whenever it has changed. */
class OpenLeaf {
  /** @type {ChildNode[]} */
  nodes = [];
  #content = "";
  #isOpen = true;

  /** @param {Block} block @param {boolean} isOpen @param {Definitions} definitions @param {string} holder type of its holder */
  constructor(block, isOpen, definitions, holder) {
    this.kind = block.kind;
    this.definitions = definitions;
    this.holder = holder;
    this.#content = block.content;
    this.#isOpen = isOpen;
    this.nodes = this.#drawn(block, isOpen);
  }

  /** @param {Block} block @param {boolean} isOpen */
  update(block, isOpen) {
    if (block.kind !== this.kind) return false;
    const { content } = block;
    if (content === this.#content && isOpen === this.#isOpen) return true;
    this.#content = content;
    this.#isOpen = isOpen;
    const fresh = this.#drawn(block, isOpen);
    const [first, ...others] = this.nodes;
    if (!first || fresh.length === 0) return false;
    first.replaceWith(...fresh);
    for (const node of others) node.remove();
    this.nodes = fresh;
    return true;
  }

  /** @param {Block} block @param {boolean} isOpen */
  #drawn(block, isOpen) {
    return nodesWithin(this.holder, htmlOf(block, this.definitions, isOpen));
  }
}

/** Code: its new lines are added to those that stand. */
class OpenCode {
  /** @param {Block} block @param {boolean} isOpen */
  constructor(block, isOpen) {
    this.kind = block.kind;
    this.code = new CodeBlock(languageIn(block));
    /** @type {ChildNode[]} */
    this.nodes = [this.code.element];
    this.update(block, isOpen);
  }

  /** @param {Block} block @param {boolean} isOpen */
  update(block, isOpen) {
    if (block.kind !== this.kind) return false;
    // The parser ends open code with a line break, which the text does not have yet.
    const { content } = block.token;
    this.code.grow(isOpen ? content.replace(/\n$/, "") : content);
    if (!isOpen) this.code.close();
    return true;
  }
}

/** A list, an item, a quote, a table, or the whole answer: its closed children stand. */
class OpenHolder {
  /** How many of its children are closed. */
  #closed = 0;
  /** @type {Open | null} */
  #last = null;

  /** @param {Block} block @param {boolean} isOpen @param {Definitions} definitions */
  constructor(block, isOpen, definitions) {
    this.kind = block.kind;
    this.type = block.token.type;
    this.definitions = definitions;
    const { tag } = block.token;
    this.element = make(/** @type {"ul"} */ (tag));
    const start = block.token.attrGet("start");
    if (start) this.element.setAttribute("start", start);
    /** @type {ChildNode[]} */
    this.nodes = [tag === "table" ? make("div", { class: "table-frame" }, this.element) : this.element];
    this.update(block, isOpen);
  }

  /** @param {Block} block @param {boolean} isOpen */
  update(block, isOpen) {
    if (block.kind !== this.kind) return false;
    const children = block.children(this.#closed);
    const standing = children[0];
    if (this.#last && standing && this.#last.update(standing, isOpen && children.length === 1)) {
      if (children.length === 1) return true;
      children.shift();
      this.#closed += 1;
    } else {
      for (const node of this.#last?.nodes ?? []) node.remove();
    }
    this.#last = null;
    const last = children.pop();
    const html = children.map((child) => htmlOf(child, this.definitions)).join("");
    if (html) this.element.append(...nodesWithin(this.type, html));
    this.#closed += children.length;
    if (last) {
      this.#last = opened(last, isOpen, this.definitions, this.type);
      this.element.append(...this.#last.nodes);
    }
    if (this.type === "tbody_open" && this.#closed >= ENOUGH_ROWS) holdColumns(this.element);
    return true;
  }
}

/**
 * Keep a long table's columns as wide as they are. Else each row would lay out all of them anew, and
 * a wide cell in the hundredth row would move what is being read in the first.
 *
 * @param {HTMLElement} body
 */
function holdColumns(body) {
  const table = body.closest("table");
  if (!table || table.classList.contains("steady")) return;
  const cells = [...(table.rows[0]?.cells ?? [])];
  const widths = cells.map((cell) => cell.getBoundingClientRect().width);
  if (!widths.some(Boolean)) return; // not shown now: the other answer's tab is
  const columns = widths.map((width) => make("col", { width: String(Math.ceil(width)) }));
  table.prepend(make("colgroup", {}, ...columns));
  table.classList.add("steady");
}

/** @param {Block} block @param {boolean} isOpen @param {Definitions} definitions @param {string} [holder]
 * @returns {Open} */
function opened(block, isOpen, definitions, holder = "") {
  if (block.isHolder) return new OpenHolder(block, isOpen, definitions);
  if (block.token.type === "fence" || block.token.type === "code_block") return new OpenCode(block, isOpen);
  return new OpenLeaf(block, isOpen, definitions, holder);
}

/** @param {string} holder @param {string} html @returns {ChildNode[]} */
function nodesWithin(holder, html) {
  const [before, after, depth] = SURROUNDINGS[holder] ?? NONE;
  /** @type {ParentNode} */
  let place = sanitised(before + html + after);
  for (let level = 0; level < depth; level += 1) place = place.firstElementChild ?? place;
  return [...place.childNodes];
}

/** @param {Block} block */
function languageIn({ token }) {
  return /^[\w+#.-]{1,30}/.exec(token.info.trim())?.[0] ?? "";
}

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
