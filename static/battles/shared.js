/**
 * A shared battle: what the server could not draw. Answers with code or formulas bring their source;
 * the battle's own renderer draws them anew, and loads for these alone.
 */

import { Answer } from "./answer.js";

for (const source of /** @type {NodeListOf<HTMLTemplateElement>} */ (
  document.querySelectorAll("template.answer-source")
)) {
  const before = /** @type {HTMLElement} */ (source.previousElementSibling);
  const whole = /** @type {HTMLElement} */ (before.cloneNode(false));
  const answer = new Answer(whole);
  await answer.end(source.content.textContent ?? "");
  // Without its libraries the renderer shows plain text: what the server drew is better.
  if (!whole.classList.contains("plain")) before.replaceWith(whole);
}
