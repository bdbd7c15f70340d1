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
  let end = text.length;
  const line = text.slice(text.lastIndexOf("\n") + 1);
  if (line.length > LONGEST_UNDECIDED) return text;
  const isRow = line.startsWith("|");
  if (ONLY_MARKS.test(line) || HALF_OPENED.test(line)) end -= line.length;
  // The head of a table is a line of bars until the line below it is whole.
  const before = text.slice(0, isRow ? text.length - line.length : end);
  if (before !== "" && !before.endsWith("\n")) return text.slice(0, end);
  const lines = before.slice(-LONGEST_UNDECIDED).split("\n").slice(-3, -1);
  const [above = "", last = ""] = lines.length < 2 ? ["", ...lines] : lines;
  if (last.startsWith("|") && !above.startsWith("|")) return before.slice(0, -last.length - 1);
  return isRow && !last.startsWith("|") ? before : text.slice(0, end);
}

const MARKS = /\\[()[\]]|\\[^]|`+|\$\$?|\*{1,3}|_{1,3}|~~|!?\[|\]/g;
/** What ends a formula. @type {Record<string, string>} */
const FORMULA_ENDS = { "\\(": "\\)", "\\[": "\\]", $$: "$$", $: "$" };
const LONGEST_HIDDEN = 80; // characters of half a formula

/**
 * Close, or leave out, the inline marks that a text has opened and not yet closed.
 *
 * @param {string} text of one paragraph, heading or cell, as Markdown
 * @returns {string} the same text, fit to be shown for a moment
 */
export function closeMarks(text) {
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
      else if (end === 0) return withClosed(text.slice(0, index), open) + halfFormula(text, mark, after);
    } else if (mark.startsWith("`")) {
      const end = codeEnd(text, mark, after);
      if (end < 0) return withClosed(text.slice(0, index), open) + halfCode(text.slice(after), mark);
      MARKS.lastIndex = end;
    } else if (mark.endsWith("[") && !mark.startsWith("\\")) {
      open.push({ mark, at: index });
    } else if (mark === "]") {
      const label = open.findLast((each) => each.mark.endsWith("["));
      if (!label) continue;
      open.splice(open.indexOf(label));
      if (text[after] !== "(") continue;
      const end = text.indexOf(")", after);
      if (end < 0) return withClosed(text.slice(0, label.at), open) + text.slice(label.at + label.mark.length, index);
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
  let shown = text.replace(/(?:^|(?<=[\s\p{L}\p{N}\p{P}]))(?:\*{1,3}|_{1,3}|~{1,2}|!?\[|!|\\)$/u, "");
  // A mark that was left out at the end has either opened nothing, or closed the innermost one.
  shown = shown.trimEnd();
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
