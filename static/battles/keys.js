/** The keys of the battle page: the list of them, and when a key is one of them. */

import { find, isField } from "./dom.js";

/**
 * @param {KeyboardEvent} event
 * @returns {boolean} whether a key is meant for the page: not for a field, a dialog or the browser
 */
export function isShortcut(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return false;
  return !isField(event.target) && !document.querySelector("dialog[open]");
}

/** Open the list with `?`, or with the button that says so. */
export function showKeysWhenAsked() {
  const list = /** @type {HTMLDialogElement} */ (find("#keys"));
  find(".keys-open").addEventListener("click", () => list.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || !isShortcut(event)) return;
    event.preventDefault();
    list.showModal();
  });
  // A click beside the list is on the dialog itself; all within it is on what it holds.
  list.addEventListener("click", (event) => {
    if (event.target === list) list.close();
  });
}
