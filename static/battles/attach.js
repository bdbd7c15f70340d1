/** The ways by which a picture comes into the prompt box: button, paste, drop. */

import { say } from "./words.js";

/** @typedef {import("./pictures.js").Kept} Kept */

export class Attaching {
  /** @type {import("./pictures.js").Attachment | null} */
  #attached = null;
  #isAllowed = true;
  /** Grows with each picture: one whose script came late must not take the place of the next. */
  #turn = 0;

  /**
   * @param {HTMLFormElement} form the prompt box; without a button it takes no pictures
   * @param {{onChange: () => void, onProblem: (sentence: string) => void}} listener
   */
  constructor(form, { onChange, onProblem }) {
    this.onChange = onChange;
    this.onProblem = onProblem;
    /** @type {HTMLElement | null} */
    this.place = form.querySelector(".attached");
    /** @type {HTMLButtonElement | null} */
    this.button = form.querySelector(".attach");
    /** @type {HTMLInputElement | null} */
    const picker = form.querySelector(".attach-file");
    if (!this.button || !picker) return;
    this.button.disabled = false;
    this.button.addEventListener("click", () => picker.click());
    picker.addEventListener("change", () => {
      this.#take(picker.files);
      picker.value = ""; // so that the same file can be taken again
    });
    form.addEventListener("paste", (event) => {
      if (this.#take(event.clipboardData?.files)) event.preventDefault();
    });
    // Anywhere on the page: beside the box the browser would leave it for the file.
    document.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    });
    document.addEventListener("drop", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.#take(event.dataTransfer.files);
    });
  }

  /** Whether a picture is still on its way. */
  get isComing() {
    return this.#attached !== null && !this.#attached.kept;
  }

  /** @param {boolean} isAllowed whether the next prompt may have a picture */
  allow(isAllowed) {
    this.#isAllowed = isAllowed;
    if (this.button) this.button.hidden = !isAllowed;
    if (!isAllowed) this.#remove();
  }

  /** @returns {Kept | null} the picture, which is no longer attached then */
  take() {
    const kept = this.#attached?.kept ?? null;
    this.#remove();
    return kept;
  }

  /** @param {Kept | null} kept */
  async putBack(kept) {
    if (kept && !this.#attached) (await this.#attach())?.show(kept);
  }

  /** @param {FileList | undefined | null} files @returns {boolean} whether one is attached now */
  #take(files) {
    const file = [...(files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!this.#isAllowed) return false;
    if (!file) {
      if (files?.length) this.onProblem(say("picture_unreadable"));
      return false;
    }
    this.#attach().then((attached) => attached?.upload(file, this.button?.dataset.address ?? ""));
    return true;
  }

  /** @returns {Promise<import("./pictures.js").Attachment | null>} */
  async #attach() {
    this.#remove();
    const turn = this.#turn;
    try {
      const { Attachment } = await import("./pictures.js");
      if (!this.place || turn !== this.#turn) return null;
      this.#attached = new Attachment(this.place, {
        onChange: this.onChange,
        onRemove: () => this.#remove(),
        onProblem: this.onProblem,
      });
      this.onChange();
    } catch {
      this.onProblem(say("picture_failed"));
      return null;
    }
    return this.#attached;
  }

  #remove() {
    this.#turn += 1;
    if (!this.#attached) return;
    const hadFocus = this.place?.contains(document.activeElement);
    this.#attached.remove();
    this.#attached = null;
    if (hadFocus) this.button?.focus();
    this.onChange();
  }
}
