/** The keys of the battle page: the list of them, and when a key is one of them. */

import { find, isField } from "./dom.js";

const STORED = "keys";
const root = document.documentElement;
root.dataset.keys = remembered(); // "on" or "off"; the page shows no keys that do nothing

/** Whether they are used: who speaks to a computer may say a letter without meaning it. */
export function areKeysOn() {
  return root.dataset.keys !== "off";
}

/**
 * @param {KeyboardEvent} event
 * @returns {boolean} whether a key is meant for the page: not for a field, a dialog or the browser
 */
export function isShortcut(event) {
  if (!areKeysOn()) return false;
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return false;
  return !isField(event.target) && !document.querySelector("dialog[open]");
}

/** Open the list with `?`, or with the button that says so; there the keys are switched off and on. */
export function showKeysWhenAsked() {
  const list = /** @type {HTMLDialogElement} */ (find("#keys"));
  const use = /** @type {HTMLInputElement} */ (find("#keys-on"));
  use.checked = areKeysOn();
  use.addEventListener("change", () => remember(use.checked ? "on" : "off"));
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

/** @returns {string} */
function remembered() {
  try {
    return localStorage.getItem(STORED) ?? "on";
  } catch {
    return "on"; // storage refused
  }
}

/** @param {"on" | "off"} choice */
function remember(choice) {
  root.dataset.keys = choice;
  try {
    localStorage.setItem(STORED, choice);
  } catch {
    // remembered for this page only
  }
}
