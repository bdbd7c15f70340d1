/** The turns of a battle on the page: each a prompt and the two sides' answers. */

import { Answer } from "./answer.js";
import { alignButton, offerAligning } from "./headings.js";
import { copyButton } from "./copying.js";
import { make } from "./dom.js";
import { follow } from "./follow.js";
import { languageOf } from "./languages.js";
import { Length } from "./lengths.js";
import { figure, say } from "./words.js";

/**
 * @typedef {import("./dom.js").Side} Side
 * @typedef {import("./socket.js").State} State
 * @typedef {import("./socket.js").StoredTurn} StoredTurn
 */

const LONG_PROMPT = 480; // characters, from which on it may scroll in its place

export class Turn {
  /** @type {Record<Side, State>} */
  states = { a: "waiting", b: "waiting" };
  lengths = { a: new Length(), b: new Length() };

  /** @param {number} number @param {string} prompt @param {readonly Side[]} sides that answer
   * @param {import("./pictures.js").Kept | null} picture */
  constructor(number, prompt, sides, picture) {
    this.number = number;
    this.sides = sides;
    this.prompt = prompt;
    this.picture = picture;
    this.element = make("article", { class: "turn" });
    const text = make("p", { class: "prompt-text", dir: "auto", lang: languageOf(prompt) }, prompt);
    if (prompt.length > LONG_PROMPT || prompt.split("\n").length > LONG_PROMPT / 60) text.tabIndex = 0; // it scrolls
    const asked = make("div", { class: "prompt" },
      make("span", { class: "prompt-who" }, say("you")), ...shown(picture), text, alignButton(this.element));
    const columns = make("div", { class: "sides" });
    /** @type {Record<Side, HTMLElement>} */
    this.places = { a: columns, b: columns };
    this.answers = /** @type {Record<Side, Answer>} */ ({});
    for (const side of sides) {
      const body = make("div", { class: "answer", dir: "auto" });
      const label = sides.length === 1 ? say("answer_alone") : say("answer", { letter: side.toUpperCase() });
      const line = make("p", { class: "in-line small quiet", hidden: "" });
      const tools = make("div", { class: "answer-tools" }, copyButton(() => this.answers[side].text, say("copy_answer")));
      const place = make("section", { class: "side", "data-side": side, "aria-label": label }, line, body, tools);
      this.places[side] = place;
      this.answers[side] = new Answer(body, follow);
      columns.append(place);
    }
    this.element.append(asked, columns);
    this.#showStates();
  }

  get streaming() {
    return this.sides.some((side) => this.states[side] === "waiting" || this.states[side] === "streaming");
  }

  /** @param {Record<Side, string>} deltas @param {Record<Side, State>} states */
  grow(deltas, states) {
    for (const side of this.sides) {
      this.answers[side].append(deltas[side]);
      this.lengths[side].add(deltas[side]);
    }
    this.states = states;
    this.queue(0);
    this.#showStates();
  }

  /** Say, in both columns alike, how many wait before this battle. @param {number} position 0: it waits no more */
  queue(position) {
    const sentence = position === 1 ? say("next_in_line") : say("in_line", { count: figure(position - 1) });
    for (const line of this.element.querySelectorAll(".in-line")) {
      line.textContent = position > 0 ? sentence : "";
      line.toggleAttribute("hidden", position === 0);
    }
  }

  /** Begin anew: its whole text follows. */
  restart() {
    this.states = { a: "waiting", b: "waiting" };
    this.#showStates();
    for (const side of this.sides) this.answers[side].clear();
    this.lengths = { a: new Length(), b: new Length() };
  }

  /** @param {State} state */
  end(state) {
    this.states = { a: state, b: state };
    this.queue(0);
    this.#showStates();
    this.#finish();
  }

  /** Take the stored truth of a turn that has ended. @param {StoredTurn} stored */
  restore(stored) {
    this.states = { a: stored.state, b: stored.state };
    this.#showStates();
    this.#finish(stored);
  }

  /** @param {Partial<Record<Side, string>>} [stored] texts, where they may differ from those that came */
  async #finish(stored = {}) {
    await Promise.all(this.sides.map((side) => this.answers[side].end(stored[side])));
    offerAligning(this.element);
  }

  #showStates() {
    for (const side of this.sides) {
      const place = this.places[side];
      // Both wait together: a side that began alone would tell its speed.
      place.dataset.state = this.states[side];
      place.setAttribute("aria-busy", String(this.streaming));
    }
  }
}

/** @param {import("./pictures.js").Kept | null} picture @returns {Node[]} a link to it, or nothing */
function shown(picture) {
  if (!picture) return [];
  const link = make("a", { class: "prompt-picture", href: picture.address, target: "_blank" });
  const image = make("img", { src: picture.address, alt: say("picture") });
  image.addEventListener("error", () => link.remove()); // it was erased
  link.append(image);
  return [link];
}
