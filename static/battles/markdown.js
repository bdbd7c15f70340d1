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
import { decorate } from "./code.js";
import { mathematics } from "./mathematics.js";
import { closeMarks } from "./tail.js";
import { say } from "./words.js";

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

const sanitiser = createPurifier(window);
sanitiser.addHook("afterSanitizeAttributes", (/** @type {Element} */ node) => {
  if (node.nodeName !== "A") return;
  node.setAttribute("rel", "noopener noreferrer nofollow ugc");
  node.setAttribute("target", "_blank");
});

const markdown = markdownIt({ html: false, linkify: true, breaks: false, maxNesting: 60 });
markdown.use(cjkFriendly).use(mathematics);
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
// Only absolute addresses: an answer must not point into this site.
markdown.validateLink = (/** @type {string} */ url) => /^(?:https?:\/\/|mailto:)/i.test(url.trim());

const { rules } = markdown.renderer;
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

/**
 * Returns Markdown as sanitised nodes, with code highlighted and its copy buttons in place.
 *
 * @param {string} text
 * @param {boolean} [whole] false for the part of an answer that may still change
 * @returns {DocumentFragment}
 */
export function render(text, whole = true) {
  const fragment = sanitiser.sanitize(markdown.render(whole ? text : closeMarks(text)), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  decorate(fragment, whole);
  return fragment;
}

/**
 * Returns where the last block of the text begins: what stands before can no longer change.
 *
 * Only whole lines decide, because half a line may still become a list item or a heading.
 *
 * @param {string} text
 * @returns {number} an offset in characters, 0 when nothing is closed yet
 */
export function closedLength(text) {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  /** @type {any[]} */
  const tokens = [];
  markdown.block.parse(whole, markdown, {}, tokens);
  const last = tokens.findLast((token) => token.level === 0 && token.map && token.nesting >= 0);
  let offset = 0;
  for (let line = 0; line < (last?.map[0] ?? 0); line += 1) offset = whole.indexOf("\n", offset) + 1;
  return offset;
}
