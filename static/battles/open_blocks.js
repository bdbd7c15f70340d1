/**
 * Blocks that may still grow: of each only the innermost end is drawn again.
 *
 * The last line of a list's last item, the last row of a table; to open code its new lines are added.
 */

import { CodeBlock } from "./code.js";
import { make } from "./dom.js";
import { htmlOf, sanitised } from "./markdown.js";

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

/**
 * @param {Block} block
 * @param {boolean} isOpen whether its last line is still being written
 * @param {Definitions} definitions
 * @param {string} [holder] the type of the block around it
 * @returns {Open} its nodes, ready to grow
 */
export function opened(block, isOpen, definitions, holder = "") {
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
