/**
 * What has the focus never lies behind what sticks to the edges of the page: the browser scrolls it
 * as far as these leave room. They grow and shrink, so they are measured.
 */

const root = document.documentElement;

/** @param {HTMLElement} page */
export function keepClear(page) {
  const top = [...page.querySelectorAll(".tabs, .heads")];
  const bottom = [...page.querySelectorAll(".dock")];
  const measure = () => {
    root.style.setProperty("--stuck-top", `${heightOf(top)}px`);
    root.style.setProperty("--stuck-bottom", `${heightOf(bottom)}px`);
  };
  const watch = new ResizeObserver(measure);
  for (const element of [root, ...top, ...bottom]) watch.observe(element);
  addEventListener("resize", measure);
}

/** @param {Element[]} elements @returns {number} pixels of those that stick, one under the other */
function heightOf(elements) {
  return elements
    .filter((element) => getComputedStyle(element).position === "sticky")
    .reduce((sum, element) => sum + element.getBoundingClientRect().height, 0);
}
