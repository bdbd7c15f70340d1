/**
 * LaTeX in Markdown: $...$, $$...$$, \( \) and \[ \], as MathML, which needs no style and no font.
 *
 * KaTeX is large, so it loads when the first formula is met; until then the source stands there.
 */

/** @type {any} */
let katex = null;
let knowsChemistry = false;
/** @type {Promise<void> | null} */
let loading = null;

const CHEMISTRY = /\\(?:ce|pu)\{/;

/** @returns {Promise<void> | null} that ends when more formulas can be drawn, null if all can be now */
export function formulasReady() {
  return loading;
}

/** @param {boolean} withChemistry whether a formula needs mhchem as well */
function load(withChemistry) {
  loading ??= fetchLibraries(withChemistry).finally(() => (loading = null));
}

/** @param {boolean} withChemistry */
async function fetchLibraries(withChemistry) {
  try {
    const module = await import("../vendor/katex.js");
    if (withChemistry) await import("../vendor/mhchem.js");
    katex = module.default;
    knowsChemistry ||= withChemistry;
  } catch {
    // the source stands there; the next formula tries again
  }
}

const OPTIONS = {
  output: "mathml",
  strict: "ignore",
  trust: false,
  maxSize: 20,
  maxExpand: 200,
};

/**
 * @param {string} source
 * @param {boolean} display
 * @param {(text: string) => string} escape
 * @returns {string} HTML, to be sanitised like the rest
 */
function draw(source, display, escape) {
  const kind = display ? "formula formula-block" : "formula";
  const isChemistry = CHEMISTRY.test(source);
  if (!katex || (isChemistry && !knowsChemistry)) {
    load(isChemistry);
    return `<code class="${kind}">${escape(source)}</code>`;
  }
  let drawn = "";
  try {
    drawn = katex.renderToString(source, { ...OPTIONS, displayMode: display });
  } catch {
    return `<code class="${kind}">${escape(source)}</code>`; // not LaTeX, or not KaTeX's
  }
  // The source kept beside the formula would be read out twice; inline styles are not let in.
  const formula = drawn.replace(/<annotation[\s\S]*?<\/annotation>|<\/?semantics>| style="[^"]*"/g, "");
  return `<span class="${kind}">${formula}</span>`;
}

const PAIRS = /** @type {const} */ ([
  ["$$", "$$", true],
  ["$", "$", false],
  ["\\[", "\\]", true],
  ["\\(", "\\)", false],
]);
const LONGEST_FORMULA = 5000;

/**
 * Whether a single dollar sign may open or close a formula: prices are not formulas.
 *
 * @param {string} source of the whole paragraph
 * @param {number} open offset of the opening sign
 * @param {number} close offset of the closing sign
 */
function isFormula(source, open, close) {
  const inner = source.slice(open + 1, close);
  return inner !== "" && !/^\s|\s$/.test(inner) && !/\d/.test(source[close + 1] ?? "");
}

/** @param {any} state @param {boolean} silent */
function inlineRule(state, silent) {
  const pair = PAIRS.find(([open]) => state.src.startsWith(open, state.pos));
  if (!pair) return false;
  const [open, close, display] = pair;
  const start = state.pos + open.length;
  const limit = Math.min(state.posMax, start + LONGEST_FORMULA);
  let end = state.src.indexOf(close, start);
  while (end > 0 && state.src[end - 1] === "\\" && close.startsWith("$")) {
    end = state.src.indexOf(close, end + 1);
  }
  if (end < 0 || end > limit) return false;
  if (open === "$" && !isFormula(state.src, state.pos, end)) return false;
  if (!silent) {
    const token = state.push("formula", "", 0);
    token.content = state.src.slice(start, end);
    token.meta = { display };
  }
  state.pos = end + close.length;
  return true;
}

/** @param {any} state @param {number} first @param {number} last @param {boolean} silent */
function blockRule(state, first, last, silent) {
  if (state.sCount[first] - state.blkIndent >= 4) return false;
  const begin = state.bMarks[first] + state.tShift[first];
  const pair = PAIRS.find(([open, , display]) => display && state.src.startsWith(open, begin));
  if (!pair) return false;
  const [open, close] = pair;
  for (let line = first; line < last; line += 1) {
    const from = line === first ? begin + open.length : state.bMarks[line];
    const found = state.src.indexOf(close, from);
    if (found < 0 || found >= state.eMarks[line]) continue;
    if (state.src.slice(found + close.length, state.eMarks[line]).trim()) return false;
    if (silent) return true;
    const token = state.push("formula", "", 0);
    token.block = true;
    token.content = state.src.slice(begin + open.length, found);
    token.meta = { display: true };
    token.map = [first, line + 1];
    state.line = line + 1;
    return true;
  }
  return false;
}

/** @param {any} markdown the plugin's host */
export function mathematics(markdown) {
  markdown.inline.ruler.before("escape", "formula", inlineRule);
  markdown.block.ruler.before("fence", "formula", blockRule, {
    alt: ["paragraph", "reference", "blockquote", "list"],
  });
  markdown.renderer.rules.formula = (/** @type {any[]} */ tokens, /** @type {number} */ index) => {
    const { content, meta, block } = tokens[index];
    const drawn = draw(content, meta.display, markdown.utils.escapeHtml);
    return block ? `<div class="formula-line">${drawn}</div>\n` : drawn;
  };
}
