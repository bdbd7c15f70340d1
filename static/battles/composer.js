/** The prompt box: grows, keeps a draft, sends with Enter, and never while text is composed. */

import { Attaching } from "./attach.js";
import { find } from "./dom.js";
import { keep, kept } from "./drafts.js";
import { announce, figure, say } from "./words.js";

const NEAR = 0.9; // the limit is shown from this share of it on

/** Stopping takes the place of sending: the second half of a double click must not stop. */
const DOUBLE_CLICK = 500; // milliseconds

export class Composer {
  #busySince = -Infinity;
  #isTooLong = false;

  /**
   * @param {HTMLFormElement} form
   * @param {{limit: number, onStop: () => void,
   *   onSend: (text: string, picture: import("./pictures.js").Kept | null) => void,
   *   onProblem: (sentence: string) => void}} options
   */
  constructor(form, { limit, onSend, onStop, onProblem }) {
    this.form = form;
    this.limit = limit;
    this.onSend = onSend;
    /** @type {HTMLTextAreaElement} */
    this.field = find("textarea", form);
    /** @type {HTMLButtonElement} */
    this.sendButton = find(".send", form);
    /** @type {HTMLButtonElement} */
    this.stopButton = find(".stop", form);
    this.limitLine = find(".composer-limit", form);
    this.busy = false;
    this.pictures = new Attaching(form, { onChange: () => this.#changed(), onProblem });
    this.field.disabled = false;
    if (!this.field.value) this.field.value = kept("draft");
    this.field.addEventListener("input", () => this.#changed());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.stopButton.addEventListener("click", () => {
      if (performance.now() - this.#busySince > DOUBLE_CLICK) onStop();
    });
    if (this.field.autofocus && matchMedia("(pointer: fine)").matches) this.field.focus();
    this.#changed();
  }

  get text() {
    return this.field.value;
  }

  /** @param {string} text */
  fill(text) {
    this.field.value = text;
    this.#changed();
  }

  /** Put a prompt that did not arrive back, before what was typed since.
   * @param {string} text @param {import("./pictures.js").Kept | null} [picture] */
  giveBack(text, picture = null) {
    this.pictures.putBack(picture);
    this.fill(this.text.trim() ? `${text}\n\n${this.text}` : text);
  }

  focus() {
    this.field.focus();
  }

  /** @param {boolean} busy while answers stream: the button stops instead of sending */
  setBusy(busy) {
    if (busy && !this.busy) this.#busySince = performance.now();
    this.busy = busy;
    this.sendButton.hidden = busy;
    this.stopButton.hidden = !busy;
    this.#changed();
  }

  /** @param {string} placeholder */
  setPlaceholder(placeholder) {
    this.field.placeholder = placeholder;
  }

  #send() {
    if (this.#isTooLong) announce(this.limitLine.textContent ?? ""); // why nothing happens
    if (this.busy || this.sendButton.disabled) return;
    const text = this.text.trim();
    const picture = this.pictures.take();
    this.fill("");
    this.field.blur(); // so that the keys 1 to 4 vote
    this.onSend(text, picture);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") this.field.blur();
    // 229 is what browsers report for keys that an input method is still working on.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    this.#send();
  }

  #changed() {
    const length = [...this.text.trim()].length;
    const over = length - this.limit;
    this.sendButton.disabled = length === 0 || over > 0 || this.pictures.isComing;
    this.limitLine.hidden = length < this.limit * NEAR;
    this.limitLine.classList.toggle("over", over > 0);
    this.limitLine.textContent = "";
    if (!this.limitLine.hidden || this.#isTooLong) {
      this.limitLine.textContent = over > 0
        ? say("too_long", { count: figure(over) })
        : say("left", { count: figure(-over) });
    }
    if (this.#isTooLong !== over > 0) announce(this.limitLine.textContent);
    this.#isTooLong = over > 0;
    keep("draft", this.text);
    this.#grow();
  }

  #grow() {
    // `field-sizing: content` does this in CSS where it exists.
    if (CSS.supports("field-sizing", "content")) return;
    const lines = Math.min(12, this.text.split("\n").length + Math.floor(this.text.length / 80));
    this.field.rows = Math.max(1, lines);
  }
}
