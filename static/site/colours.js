/** Reads the colours of tokens.css as the browser resolves them, for charts drawn by script. */

/**
 * @param {string} token such as "--open"
 * @returns {string} such as "rgb(42, 95, 158)", in the theme that is shown now
 */
export function colour(token) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

/** @param {() => void} redraw called when the reader or the system changes the theme */
export function onThemeChange(redraw) {
  document.addEventListener("themechange", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
