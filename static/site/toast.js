/** A sentence that passes by itself: good news that needs no answer, nothing that must be read. */

const STAYS = 4000; // milliseconds

const place = document.createElement("p");
place.className = "toast";
// Screen readers are told by the page's own live region, once.
place.setAttribute("aria-hidden", "true");
/** @type {number | undefined} */
let timer;

/** @param {string} sentence */
export function toast(sentence) {
  place.textContent = sentence;
  document.body.append(place);
  clearTimeout(timer);
  timer = setTimeout(() => place.remove(), STAYS);
}
