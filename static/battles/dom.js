/** Making and finding elements, with types. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * @template {HTMLElement} [Found=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {Found}
 */
export function find(selector, within = document) {
  const element = within.querySelector(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return /** @type {Found} */ (element);
}

/**
 * @param {string} label
 * @param {() => void} press
 * @param {string} [kind] more classes
 * @param {string} [key] shown beside the label
 */
export function button(label, press, kind = "", key = "") {
  const element = make("button", { type: "button", class: `button ${kind}`.trim() }, label);
  if (key) element.append(make("kbd", { "aria-hidden": "true" }, key));
  element.addEventListener("click", press);
  return element;
}

/** @param {EventTarget | null} target @returns {boolean} whether keys typed there are text */
export function isField(target) {
  return target instanceof HTMLElement
    && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export const SIDES = /** @type {const} */ (["a", "b"]);
/** @typedef {"a" | "b"} Side */
