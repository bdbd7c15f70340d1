/**
 * The end of an answer that is still being written: nothing is shown that the next word would take
 * back. Half a mark is not an asterisk, half a link not a bracket, half a formula not LaTeX.
 */

/** A line that may still become anything: a list's mark, a rule, an underline, a table's second line. */
const ONLY_MARKS = /^[ \t>]*(?:\d{1,9}[.)]?)?[-+*=_#`~|:.$\\[\]! \t]*$/;
/** The first line of code, its language half written; or a link's address, half written. */
const HALF_OPENED = /^[ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)*(?:`{3}|~{3}|!?\[[^\]\n]{0,60}$|\[[^\]\n]+\]:)/;
const LONGEST_UNDECIDED = 400; // characters; a longer line is what it looks like

/**
 * Leave out the last line while it may still change what the lines before it are.
 *
 * @param {string} text the open part of an answer
 * @returns {string} its beginning, fit to be parsed as blocks
 */
export function decided(text) {
  const start = lineStart(text, text.length);
  if (text.length - start > LONGEST_UNDECIDED) return text;
  const line = text.slice(start);
  const isRow = line.startsWith("|");
  const isUndecided = ONLY_MARKS.test(line) || HALF_OPENED.test(line);
  if (!isRow && !isUndecided) return text;
  // The head of a table is a line of bars until the line below it is whole.
  const last = start > 0 ? lineStart(text, start - 1) : start;
  const follows = last < start && text[last] === "|";
  const isThird = follows && last > 0 && text[lineStart(text, last - 1)] === "|";
  if (follows && !isThird) return text.slice(0, last);
  return text.slice(0, isUndecided || !follows ? start : text.length);
}

/** @param {string} text @param {number} end @returns {number} where the line begins that ends there */
function lineStart(text, end) {
  return end > 0 ? text.lastIndexOf("\n", end - 1) + 1 : 0;
}

const MARKS = /\\[()[\]]|\\[^]|`+|\$\$?|\*{1,3}|_{1,3}|~~|!?\[|\]/g;
/** What ends a formula. @type {Record<string, string>} */
const FORMULA_ENDS = { "\\(": "\\)", "\\[": "\\]", $$: "$$", $: "$" };
const LONGEST_HIDDEN = 80; // characters of half a formula

/** A mark that nothing follows yet: what it will be is open, and one that closed is closed again. */
const LAST_MARK = /(?:\*{1,3}|_{1,3}|~{1,2}|!?\[|(?<=^|\s)!|\\)$/;

/**
 * Close, or leave out, the inline marks that a text has opened and not yet closed.
 *
 * @param {string} written of one paragraph, heading or cell, as Markdown
 * @returns {string} the same text, fit to be shown for a moment
 */
export function closeMarks(written) {
  const text = written.replace(LAST_MARK, "");
  /** @type {{mark: string, at: number}[]} */
  const open = [];
  MARKS.lastIndex = 0;
  for (let found = MARKS.exec(text); found; found = MARKS.exec(text)) {
    const [mark] = found;
    const { index } = found;
    const after = index + mark.length;
    if (mark in FORMULA_ENDS) {
      const end = formulaEnd(text, mark, after);
      if (end > 0) MARKS.lastIndex = end;
      else if (end === 0) return withClosed(text.slice(0, index) + halfFormula(text, mark, after), open);
    } else if (mark.startsWith("`")) {
      const end = codeEnd(text, mark, after);
      if (end < 0) return withClosed(text.slice(0, index) + halfCode(text.slice(after), mark), open);
      MARKS.lastIndex = end;
    } else if (mark.endsWith("[") && !mark.startsWith("\\")) {
      open.push({ mark, at: index });
    } else if (mark === "]") {
      const label = open.findLast((each) => each.mark.endsWith("["));
      if (!label) continue;
      open.splice(open.indexOf(label));
      if (text[after] !== "(") continue;
      const end = text.indexOf(")", after);
      if (end < 0) return withClosed(text.slice(0, label.at) + text.slice(label.at + label.mark.length, index), open);
      MARKS.lastIndex = end + 1;
    } else if (/^[*_~]/.test(mark)) {
      toggle(open, mark, index, text);
    }
  }
  return withClosed(text, open);
}

/**
 * @param {{mark: string, at: number}[]} open
 * @param {string} mark @param {number} index @param {string} text
 */
function toggle(open, mark, index, text) {
  const before = text[index - 1] ?? " ";
  const after = text[index + mark.length];
  const twin = open.findLastIndex((each) => each.mark === mark);
  if (twin >= 0 && !/\s/.test(before)) {
    open.splice(twin);
  } else if (after !== undefined && !/\s/.test(after)) {
    const isInWord = /[\p{L}\p{N}]/u.test(before) && !/[\u2e80-\uffef]/.test(before);
    if (mark === "**" || !isInWord) open.push({ mark, at: index });
  }
}

/** @param {string} text @param {{mark: string, at: number}[]} open */
function withClosed(text, open) {
  // A mark that closes stands behind a word, not behind a space.
  let shown = open.length > 0 ? text.trimEnd() : text;
  for (const { mark, at } of open.toReversed()) {
    if (at >= shown.length) continue;
    if (mark.endsWith("[")) shown = shown.slice(0, at) + shown.slice(at + mark.length);
    else if (shown.length === at + mark.length) shown = shown.slice(0, at).trimEnd();
    else shown += mark;
  }
  return shown;
}

/** @param {string} text @param {string} mark @param {number} from
 * @returns {number} where the formula has ended, 0 while it has not, -1 when it is none */
function formulaEnd(text, mark, from) {
  const close = FORMULA_ENDS[mark] ?? mark;
  if (mark === "$" && (from >= text.length || /[\s\d]/.test(text[from] ?? ""))) return -1;
  for (let end = text.indexOf(close, from); end >= 0; end = text.indexOf(close, end + 1)) {
    if (mark !== "$") return end + close.length;
    if (text[end - 1] !== "\\" && !/\s/.test(text[end - 1] ?? " ") && !/\d/.test(text[end + 1] ?? "")) return end + 1;
  }
  return mark === "$" && text.length - from > LONGEST_HIDDEN ? -1 : 0;
}

/** @param {string} text @param {string} mark @param {number} from */
function halfFormula(text, mark, from) {
  if (mark === "$" || text.length - from <= LONGEST_HIDDEN) return "";
  return `\`\`\` ${text.slice(from).replaceAll("```", "")} \`\`\``;
}

/** @param {string} text @param {string} mark @param {number} from */
function codeEnd(text, mark, from) {
  for (const found of text.slice(from).matchAll(/`+/g)) {
    if (found[0].length === mark.length) return from + found.index + mark.length;
  }
  return -1;
}

/** @param {string} code @param {string} mark */
function halfCode(code, mark) {
  const written = code.replace(/`+$/, "");
  return written.trim() ? mark + written + mark : "";
}
