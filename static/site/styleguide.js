/** Shows every token that tokens.css has, so that the style guide forgets none. */

import { toast } from "./toast.js";

/** @returns {string[]} the names of all custom properties of `:root` */
function tokens() {
  const names = new Set();
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (!(rule instanceof CSSStyleRule) || rule.selectorText !== ":root") continue;
      for (const name of rule.style) if (name.startsWith("--")) names.add(name);
    }
  }
  return [...names];
}

/** @param {string} id @param {string} tag @param {(sample: HTMLElement) => void} dress
 * @param {string} name */
function add(id, tag, dress, name) {
  const item = document.createElement(tag);
  const sample = document.createElement("span");
  dress(sample);
  item.append(sample, name);
  document.getElementById(id)?.append(item);
}

const root = getComputedStyle(document.documentElement);
for (const name of tokens()) {
  const value = root.getPropertyValue(name);
  if (/^--size-/.test(name)) {
    add("type", "p", (sample) => {
      sample.textContent = "Two answers, no names. ";
      sample.style.fontSize = `var(${name})`;
    }, name);
  } else if (/^--space-/.test(name)) {
    add("spaces", "li", (sample) => { sample.style.width = `var(${name})`; }, `${name} ${value}`);
  } else if (CSS.supports("color", value)) {
    add("colours", "li", (sample) => { sample.style.background = `var(${name})`; }, name);
  }
}

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("dialog"));
document.getElementById("open-dialog")?.addEventListener("click", () => dialog.showModal());
document.getElementById("show-toast")?.addEventListener("click", () => toast("Connected again."));
