/** What this tab keeps over a reload: what is being written, and what was sent and is not confirmed. */

/** @param {"draft" | "pending"} name @returns {string} empty where nothing is kept */
export function kept(name) {
  try {
    return sessionStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

/** @param {"draft" | "pending"} name @param {string} text */
export function keep(name, text) {
  try {
    if (text) sessionStorage.setItem(name, text);
    else sessionStorage.removeItem(name);
  } catch {
    // storage refused or full: it lives as long as the page
  }
}
