/**
 * The block structure of Markdown, without what stands inside its lines.
 *
 * A block is a run of the parser's tokens: a paragraph, a list, an item, a row. Finding the blocks
 * costs little; what stands in their lines is parsed when a block is drawn.
 */

/**
 * @typedef {{type: string, tag: string, markup: string, info: string, content: string, level: number,
 *   nesting: number, hidden: boolean, map: [number, number] | null,
 *   attrGet: (name: string) => string | null}} Token
 */

/** Blocks that hold other blocks, and grow at their end. */
const HOLDERS = new Set([
  "bullet_list_open", "ordered_list_open", "list_item_open", "blockquote_open", "table_open", "tbody_open",
]);

export class Block {
  /** @param {Token[]} tokens of the whole text @param {number} start @param {number} end exclusive */
  constructor(tokens, start, end) {
    this.tokens = tokens;
    this.start = start;
    this.end = end;
  }

  /** @returns {Token} */
  get token() {
    return /** @type {Token} */ (this.tokens[this.start]);
  }

  get isHolder() {
    return HOLDERS.has(this.token.type);
  }

  /** The line after its last one. */
  get lastLine() {
    return this.token.map?.[1] ?? 0;
  }

  /** The line it begins with. */
  get firstLine() {
    return this.token.map?.[0] ?? 0;
  }

  /** What tells it from another block in the same place: a paragraph that became a heading is another. */
  get kind() {
    const { type, tag, markup, hidden } = this.token;
    return `${type} ${tag} ${type === "list_item_open" ? "" : markup} ${hidden} ${this.isTight}`;
  }

  /** Whether the items of a list stand close, without paragraphs of their own. */
  get isTight() {
    if (!this.token.type.endsWith("list_open")) return false;
    const level = this.token.level + 2;
    for (let at = this.start; at < this.end; at += 1) {
      const token = this.tokens[at];
      if (token?.type === "paragraph_open" && token.level === level) return token.hidden;
    }
    return true;
  }

  /** @returns {string} the text of its lines, before they are parsed */
  get content() {
    let content = "";
    for (let at = this.start; at < this.end; at += 1) content += this.tokens[at]?.content ?? "";
    return content;
  }

  /** @param {number} [from] how many to pass over @returns {Block[]} the blocks that it holds */
  children(from = 0) {
    return blocksBetween(this.tokens, this.start + 1, this.end - 1, from);
  }
}

/**
 * @param {Token[]} tokens
 * @param {number} [start]
 * @param {number} [end]
 * @param {number} [from] how many blocks to pass over
 * @returns {Block[]} the outermost blocks between two tokens
 */
export function blocksBetween(tokens, start = 0, end = tokens.length, from = 0) {
  const blocks = [];
  let opened = start;
  let depth = 0;
  let passed = 0;
  for (let at = start; at < end; at += 1) {
    const nesting = tokens[at]?.nesting ?? 0;
    if (depth === 0) opened = at;
    depth += nesting;
    if (depth > 0) continue;
    passed += 1;
    if (passed > from) blocks.push(new Block(tokens, opened, at + 1));
  }
  return blocks;
}
