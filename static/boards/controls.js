// Forms of choices that take effect when one changes; without this script each has a button.
// The leaderboard's form changes the table in place, as one types.

const TYPING_MILLISECONDS = 150;

/** @param {HTMLFormElement} form @returns {string} its query, without empty fields and defaults */
function queryOf(form) {
  const chosen = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const field = form.elements.namedItem(name);
    const first = field instanceof HTMLSelectElement && field.selectedIndex === 0;
    if (typeof value === "string" && value && !first) chosen.set(name, value);
  }
  return `?${chosen}`;
}

/** @param {EventTarget | null} field @returns {field is HTMLInputElement | HTMLSelectElement} */
function named(field) {
  return field instanceof HTMLInputElement || field instanceof HTMLSelectElement;
}

/** @param {HTMLFormElement} form @param {Element} frame the table's */
function filterInPlace(form, frame) {
  /** @type {AbortController | undefined} */
  let asking;
  let wait = 0;
  const show = async () => {
    const query = queryOf(form);
    asking?.abort();
    asking = new AbortController();
    const address = `${form.dataset.controls}${query}`;
    const answer = await fetch(address, { signal: asking.signal });
    if (!answer.ok) return location.assign(query);
    const text = await answer.text();
    frame.setAttribute("data-live", address);
    frame.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
    history.replaceState(null, "", query === "?" ? location.pathname : query);
  };
  /** @param {Event} event */
  const soon = (event) => {
    clearTimeout(wait);
    wait = setTimeout(() => {
      show().catch((error) => {
        if (error.name !== "AbortError") location.assign(queryOf(form));
      });
    }, event.type === "input" ? TYPING_MILLISECONDS : 0);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    soon(event);
  });
  form.addEventListener("input", (event) => {
    const field = event.target;
    if (named(field) && filters.has(field.name)) soon(event);
  });
}

// A board is of a use or of a language: who chooses one lets go of the other.
/** @type {Record<string, string>} */
const rivals = { category: "language", language: "category" };
// A change of these keeps the board, so the rest of the page stays true.
const filters = new Set(["licence", "organisation", "q", "preliminary"]);

for (const form of document.querySelectorAll("form[data-controls]")) {
  if (!(form instanceof HTMLFormElement)) continue;
  const frame = form.dataset.controls ? document.querySelector("[data-live]") : null;
  if (frame) filterInPlace(form, frame);
  /** @param {HTMLSelectElement} field */
  const go = (field) => {
    const rival = form.elements.namedItem(rivals[field.name] ?? "");
    if (frame && rival instanceof HTMLSelectElement && field.value) rival.selectedIndex = 0;
    // Another source has boards of its own: slices of this one may not be among them.
    const query = field.name === "source" ? `?source=${encodeURIComponent(field.value)}` : queryOf(form);
    location.assign(query);
  };
  whenChosen(form, (field) => {
    if (!(frame && filters.has(field.name))) go(field);
  });
}

/**
 * Call once a choice is made: by the pointer at once; by the arrow keys, which pass over every
 * choice on the way, with Enter or when the field is left.
 *
 * @param {HTMLFormElement} form @param {(field: HTMLSelectElement) => void} chosen
 */
function whenChosen(form, chosen) {
  let passing = false;
  /** @type {HTMLSelectElement | null} */
  let passed = null;
  const settle = () => {
    const field = passed;
    passed = null;
    if (field) chosen(field);
  };
  form.addEventListener("pointerdown", () => { passing = false; });
  form.addEventListener("keydown", ({ key }) => {
    // Space opens the list, in which nothing is passed over.
    passing = key.startsWith("Arrow") || (key.length === 1 && key !== " ");
    if (key === "Enter") settle();
  });
  form.addEventListener("focusout", settle);
  form.addEventListener("change", ({ target: field }) => {
    if (!(field instanceof HTMLSelectElement)) return;
    if (passing) passed = field;
    else chosen(field);
  });
}
