/** Who answers, where the visitor chooses it: a field for each before the first prompt, names after. */

import { find, make, SIDES } from "./dom.js";

/** The models that were chosen: of two sides, or of A alone.
 * @typedef {Partial<Record<"a" | "b", {name: string, organisation: string}>>} Chosen */

export class Seats {
  /** @param {HTMLElement} page @param {{onNew: () => void, onBlind: () => void}} options */
  constructor(page, { onNew, onBlind }) {
    this.page = page;
    /** Of those whom the page knows. @type {Partial<Record<"a" | "b", string>>} */
    this.names = {};
    /** None on the page of blind battles. @type {HTMLSelectElement[]} */
    this.fields = [...page.querySelectorAll("select")];
    for (const field of this.fields) {
      field.addEventListener("change", () => history.replaceState(null, "", this.start));
    }
    page.querySelector('[data-next="new"]')?.addEventListener("click", onNew);
    page.querySelector('[data-next="blind"]')?.addEventListener("click", onBlind);
  }

  /** Whether those who answer were chosen. */
  get areChosen() {
    return this.page.dataset.mode !== "blind";
  }

  get sides() {
    return this.page.dataset.mode === "chat" ? SIDES.slice(0, 1) : SIDES;
  }

  /** The address to begin anew from, which keeps the choice. */
  get start() {
    const choice = this.fields.map(({ name, value }) => [name, value]);
    return (this.page.dataset.start ?? "/") + (choice.length ? `?${new URLSearchParams(choice)}` : "");
  }

  /** @returns {string[] | null} the models to ask; null when one is still to be chosen */
  choose() {
    const open = this.fields.find((field) => !field.value);
    open?.focus();
    return open ? null : this.fields.map((field) => field.value);
  }

  /** @param {Chosen | null} models null: two that nobody knows */
  show(models) {
    this.page.dataset.mode = !models ? "blind" : models.b ? "side_by_side" : "chat";
    this.names = {};
    for (const side of SIDES) {
      const model = models?.[side];
      if (!model) continue;
      this.names[side] = model.name;
      find(`.head[data-side="${side}"]`, this.page).replaceChildren(
        make("h2", { class: "head-name" },
          make("span", { class: "head-was" }, side.toUpperCase()), " ", model.name),
        make("p", { class: "head-facts quiet" }, model.organisation));
    }
  }
}
