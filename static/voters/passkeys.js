/**
 * Signing in with a passkey, and adding one. Where the browser knows no passkeys, nothing is shown.
 *
 * Each place on the page says where the question comes from, where the answer goes, and which page
 * follows; `data-make` has a passkey made instead of asked for.
 */

import { ask } from "../battles/server.js";

/** A passkey belongs to a name: an address of numbers has none. */
const canUsePasskeys =
  !/^[\d.]+$|^\[/.test(location.hostname) &&
  "PublicKeyCredential" in window &&
  "parseRequestOptionsFromJSON" in PublicKeyCredential &&
  "parseCreationOptionsFromJSON" in PublicKeyCredential;

/**
 * @param {any} options as the server wrote them
 * @param {boolean} isNew whether a passkey is to be made
 * @returns {Promise<Credential | null>} rejects when the person does not want to
 */
function credentialFor({ publicKey }, isNew) {
  return isNew
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
}

/**
 * @param {DOMStringMap} place
 * @returns {Promise<string>} why it did not work; empty when it did
 */
async function useOrMake({ question = "", answer = "", failed = "", make }) {
  const asked = await ask("POST", question, {});
  if (asked.status !== 200) return asked.body.message ?? failed;
  try {
    const credential = /** @type {PublicKeyCredential | null} */ (
      await credentialFor(asked.body, make !== undefined)
    );
    if (!credential) return failed;
    const { status, body } = await ask("POST", answer, credential.toJSON());
    return status === 200 ? "" : (body.message ?? failed);
  } catch {
    return failed; // the person went back, or the device has none
  }
}

for (const sentence of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-without-passkeys]"))) {
  sentence.hidden = canUsePasskeys;
}
for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".account-passkey"))) {
  const button = /** @type {HTMLButtonElement} */ (place.querySelector("button"));
  const told = /** @type {HTMLElement} */ (place.querySelector("[role=status]"));
  place.hidden = !canUsePasskeys;
  button.addEventListener("click", async () => {
    button.disabled = true;
    told.textContent = "";
    const problem = await useOrMake(place.dataset);
    if (!problem) location.assign(place.dataset.then ?? "/");
    told.textContent = problem;
    button.disabled = false;
  });
}
