/** How long an answer is by now, as a reader counts: words, or characters where words have no spaces. */

import { figure, say } from "./words.js";

export class Length {
  #words = 0;
  #characters = 0;
  #ideographs = 0;
  #isInWord = false;

  /** Count what has come, and only that. @param {string} delta */
  add(delta) {
    this.#characters += delta.length;
    this.#ideographs += delta.match(/[\u3040-\u9fff]/g)?.length ?? 0;
    const words = delta.match(/\S+/g)?.length ?? 0;
    const goesOn = this.#isInWord && /^\S/.test(delta);
    this.#words += words - Number(goesOn);
    if (delta) this.#isInWord = /\S$/.test(delta);
  }

  toString() {
    return this.#ideographs > this.#characters / 6
      ? say("tab_streaming_characters", { count: figure(this.#characters) })
      : say("tab_streaming", { count: figure(this.#words) });
  }
}
