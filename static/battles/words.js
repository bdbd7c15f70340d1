/** The page's sentences. The template holds them, so that one catalogue translates everything. */

const template = /** @type {HTMLTemplateElement} */ (document.getElementById("words"));
/** @type {Map<string, string>} */
const words = new Map();
for (const element of template.content.querySelectorAll("[data-word]")) {
  words.set(element.getAttribute("data-word") ?? "", element.textContent ?? "");
}

/**
 * Returns a sentence with its {gaps} filled.
 *
 * @param {string} name as in templates/battles/words.html
 * @param {Record<string, string | number>} [gaps]
 * @returns {string}
 */
export function say(name, gaps = {}) {
  const sentence = words.get(name);
  if (sentence === undefined) throw new Error(`no sentence is called ${name}`);
  return sentence.replace(/\{(\w+)\}/g, (whole, gap) => String(gaps[gap] ?? whole));
}

const language = document.documentElement.lang || "en";

/**
 * @param {number} value
 * @param {number} [digits] after the decimal point
 * @returns {string} as the page's language writes it
 */
export function figure(value, digits = 0) {
  return new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/**
 * @param {number} share between 0 and 1
 * @returns {string}
 */
export function percent(share) {
  return new Intl.NumberFormat(language, { style: "percent" }).format(share);
}

/**
 * @param {number} dollars
 * @returns {string} with two digits that say something, however small it is
 */
export function money(dollars) {
  return new Intl.NumberFormat(language, {
    style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", maximumSignificantDigits: 2,
  }).format(dollars);
}

/** @param {string} sentence said once by screen readers; never a stream of text */
export function announce(sentence) {
  const place = document.getElementById("announcements");
  if (place) place.textContent = sentence;
}
