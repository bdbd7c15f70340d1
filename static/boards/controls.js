// A form of choices that takes effect when one changes; without this script it has a button.

/** @param {HTMLFormElement} form @returns {string} its address, without what is at its default */
export function addressOf(form) {
  const chosen = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const field = form.elements.namedItem(name);
    const standard = field instanceof HTMLElement ? (field.dataset.default ?? "") : "";
    if (typeof value === "string" && value !== standard) chosen.set(name, value);
  }
  const query = chosen.toString();
  return query ? `?${query}` : location.pathname;
}

for (const form of document.querySelectorAll("form[data-controls]")) {
  if (form instanceof HTMLFormElement) {
    form.addEventListener("change", () => location.assign(addressOf(form)));
  }
}
