/** Sharing one battle by a link that its voter can end. */

import { copyButton } from "./copying.js";
import { button, find, make } from "./dom.js";
import { askAgainSoon } from "./server.js";
import { announce, say } from "./words.js";

/**
 * @param {HTMLElement} place that shows the button, or the link and what can be done with it
 * @param {string} address of the battle
 * @param {string | null} path of the link, where there is one already
 */
export function showSharing(place, address, path) {
  if (path === null) {
    place.replaceChildren(button(say("share_make"), () => change(place, `${address}share/`, address), "quiet"));
    return;
  }
  const link = make("input", {
    type: "text", readonly: "", "aria-label": say("share_link"), value: new URL(path, location.href).href,
  });
  link.addEventListener("focus", () => link.select());
  place.replaceChildren(link, copyButton(() => link.value),
    button(say("share_end"), () => change(place, `${address}share/end/`, address), "quiet"));
}

/** @param {HTMLElement} place @param {string} request @param {string} address */
async function change(place, request, address) {
  const { status, body } = await askAgainSoon("POST", request, {});
  if (status !== 200) {
    announce(body.message ?? say("share_failed"));
    place.querySelector(".share-problem")?.remove();
    place.append(make("span", { class: "small quiet share-problem" }, body.message ?? say("share_failed")));
    return;
  }
  showSharing(place, address, body.path);
  find("input, button", place).focus();
  if (body.path === null) announce(say("share_ended"));
}
