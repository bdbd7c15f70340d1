/** Texts that the server wrote into a page: their `lang`, as the battle page tells it. */

import { languageOf } from "./languages.js";

for (const text of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-tell-language]"))) {
  text.lang = languageOf(text.textContent ?? "");
}
