/** The button that copies: code, or a whole answer as it was written. */

import { button } from "./dom.js";
import { announce, say } from "./words.js";

const SAID_FOR = 1500; // milliseconds

/** @param {() => string} source asked when the button is pressed @param {string} [label] */
export function copyButton(source, label = say("copy")) {
  const copy = button(label, async () => {
    try {
      await navigator.clipboard.writeText(source());
      copy.textContent = say("copied");
    } catch {
      copy.textContent = say("not_copied"); // the browser or its user refused
    }
    announce(copy.textContent);
    setTimeout(() => (copy.textContent = label), SAID_FOR);
  }, "quiet copy");
  return copy;
}
