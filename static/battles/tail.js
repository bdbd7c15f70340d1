/** The end of an answer that is still being written: half a mark is not shown as an asterisk. */

/**
 * Close, or leave out, the inline marks that the text has opened and not yet closed.
 *
 * @param {string} text the open tail of an answer, as Markdown
 * @returns {string} the same text, fit to be shown for a moment
 */
export function closeMarks(text) {
  if (/^ {0,3}(```|~~~)/m.test(text)) return text; // code is shown as it is
  const start = text.lastIndexOf("\n\n") + 1;
  const paragraph = text.slice(start);
  if (count(paragraph, /`/g) % 2 === 1) {
    return paragraph.endsWith("`") ? text.slice(0, -1) : `${text}\``;
  }
  // Half a link shows its words: [the words](https://exa
  const shown = text.slice(0, start) + paragraph.replace(/!?\[([^[\]]*)(?:\]\([^()\s]*|\])?$/, "$1");
  const isBold = count(shown.slice(start), /\*\*/g) % 2 === 1;
  if (!isBold) return shown.replace(/(?<=^|\s)\*$/, "");
  return shown.endsWith("**") ? shown.slice(0, -2) : `${shown.replace(/\s*\*?$/, "")}**`;
}

/** @param {string} text @param {RegExp} pattern */
function count(text, pattern) {
  return text.match(pattern)?.length ?? 0;
}
