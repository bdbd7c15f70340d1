/**
 * Markdown to safe nodes. This module and its libraries load when the first answer needs them.
 *
 * Safety has two layers: raw HTML is never parsed (it shows as text), and what the parser made is
 * sanitised against short lists of elements and attributes. No inline style survives, no picture
 * is loaded, every link is absolute and marked.
 */

import markdownIt from "../vendor/markdown-it.js";
import cjkFriendly from "../vendor/markdown-it-cjk-friendly.js";
import createPurifier from "../vendor/dompurify.js";
import { blocksBetween } from "./blocks.js";
import { frameCode } from "./code.js";
import { closeMarks } from "./marks.js";
import { mathematics } from "./mathematics.js";
import { say } from "./words.js";

/** @typedef {import("./blocks.js").Block} Block */
/** What the text so far has defined: addresses that links refer to. @typedef {object} Definitions */

const TAGS = (
  "a p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code em strong s del sup sub span div "
  + "table thead tbody tr th td "
  + "math mrow mi mo mn ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover "
  + "munderover mtable mtr mtd mlabeledtr mstyle mpadded mphantom menclose mmultiscripts "
  + "mprescripts none merror"
).split(" ");
const ATTRIBUTES = (
  "href title class start colspan rowspan data-language "
  + "display displaystyle scriptlevel mathvariant mathcolor mathbackground stretchy symmetric "
  + "largeop movablelimits fence separator form accent accentunder lspace rspace minsize maxsize "
  + "width height depth voffset linethickness columnalign columnspacing columnlines rowspacing "
  + "rowlines rowalign notation"
).split(" ");
/** A longer paragraph is drawn in parts: no browser lays out a million letters in one smoothly. */
const LONGEST_PARAGRAPH = 4000; // characters

const ABSOLUTE = /^(?:https?:\/\/|mailto:)/i;

const sanitiser = createPurifier(window);
sanitiser.addHook("afterSanitizeAttributes", (/** @type {Element} */ node) => {
  if (node.nodeName !== "A") return;
  // An empty address would lead to this page.
  if (!ABSOLUTE.test(node.getAttribute("href") ?? "")) node.removeAttribute("href");
  node.setAttribute("rel", "noopener noreferrer nofollow ugc");
  node.setAttribute("target", "_blank");
});

const markdown = markdownIt({ html: false, linkify: true, breaks: false, maxNesting: 60 });
markdown.use(cjkFriendly).use(mathematics);
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
// Only absolute addresses: an answer must not point into this site.
markdown.validateLink = (/** @type {string} */ url) => ABSOLUTE.test(url.trim());

const { renderer } = markdown;
const { rules } = renderer;
const escape = markdown.utils.escapeHtml;

// A picture would tell another host who reads: it becomes a link, opened by choice.
rules.image = (/** @type {any[]} */ tokens, /** @type {number} */ index) => {
  const source = tokens[index].attrGet("src") ?? "";
  const label = escape(say("image", { alt: tokens[index].content || source }));
  return `<a class="image-link" href="${escape(source)}">${label}</a>`;
};

rules.fence = (/** @type {any[]} */ tokens, /** @type {number} */ index) => {
  const { info, content } = tokens[index];
  const language = /^[\w+#.-]{1,30}/.exec(info.trim())?.[0] ?? "";
  return `<pre><code data-language="${escape(language)}">${escape(content)}</code></pre>\n`;
};

rules.table_open = () => '<div class="table-frame"><table>\n';
rules.table_close = () => "</table></div>\n";
for (const cell of ["th_open", "td_open"]) {
  rules[cell] = (/** @type {any[]} */ tokens, /** @type {number} */ index) => {
    const side = /text-align:(\w+)/.exec(tokens[index].attrGet("style") ?? "")?.[1];
    return `<${tokens[index].tag}${side ? ` class="align-${side}"` : ""}>`;
  };
}

/** Cut a long paragraph where a word ends. @param {string} content @returns {string[]} */
function partsOf(content) {
  const parts = [];
  let from = 0;
  while (content.length - from > LONGEST_PARAGRAPH) {
    const full = from + LONGEST_PARAGRAPH;
    const space = content.lastIndexOf(" ", full);
    // Never between the halves of a character.
    const cut = space > from ? space : full - Number(/[\ud800-\udbff]/.test(content[full - 1] ?? ""));
    parts.push(content.slice(from, cut));
    from = cut;
  }
  parts.push(content.slice(from));
  return parts;
}

/** @param {any[]} tokens @returns {any[]} with each very long paragraph in parts */
function withShortParagraphs(tokens) {
  const isLong = (/** @type {any} */ { type, content }) => type === "inline" && content.length > LONGEST_PARAGRAPH;
  if (!tokens.some(isLong)) return tokens;
  return tokens.flatMap((token, at) => {
    if (tokens[at + 1]?.type === "inline" && isLong(tokens[at + 1]) && token.type === "paragraph_open") return [];
    if (tokens[at - 1]?.type === "inline" && isLong(tokens[at - 1]) && token.type === "paragraph_close") return [];
    if (!isLong(token) || tokens[at - 1]?.type !== "paragraph_open") return [token];
    return partsOf(token.content).flatMap((content) => {
      const part = Object.assign(Object.create(Object.getPrototypeOf(token)), token, { content });
      return [tokens[at - 1], part, tokens[at + 1]];
    });
  });
}

/**
 * @param {string} text
 * @param {Definitions} definitions that this text adds to
 * @returns {Block[]} its outermost blocks
 */
export function blocksOf(text, definitions) {
  /** @type {any[]} */
  const tokens = [];
  markdown.block.parse(text, markdown, definitions, tokens);
  return blocksBetween(withShortParagraphs(tokens));
}

/**
 * @param {Block} block
 * @param {Definitions} definitions
 * @param {boolean} [isOpen] whether its last line is still being written
 * @returns {string} HTML that is yet to be sanitised
 */
export function htmlOf({ tokens, start, end }, definitions, isOpen = false) {
  const last = isOpen ? tokens.findLastIndex(({ type }, at) => type === "inline" && at < end) : -1;
  let html = "";
  for (let at = start; at < end; at += 1) {
    const { type, content } = /** @type {any} */ (tokens[at]);
    if (type === "inline") html += markdown.renderInline(at === last ? closeMarks(content) : content, definitions);
    else if (rules[type]) html += rules[type](tokens, at, markdown.options, definitions, renderer);
    else html += renderer.renderToken(tokens, at, markdown.options);
  }
  return html;
}

/**
 * @param {string} html
 * @returns {DocumentFragment} what of it is allowed, with the frames of code blocks
 */
export function sanitised(html) {
  const fragment = sanitiser.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  frameCode(fragment);
  return fragment;
}

/**
 * Returns Markdown as sanitised nodes, with code highlighted and its copy buttons in place.
 *
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function render(text) {
  const definitions = {};
  return sanitised(blocksOf(text, definitions).map((block) => htmlOf(block, definitions)).join(""));
}
