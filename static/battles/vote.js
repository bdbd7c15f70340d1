/**
 * The vote bar: asleep while answers stream, awake when both are complete, then the choice with
 * its undo, then (see reveal.js) what came of it. Always in the same place.
 */

import { button, find, make } from "./dom.js";
import { areKeysOn, isShortcut } from "./keys.js";
import { askAgainSoon, pause } from "./server.js";
import { toast } from "../site/toast.js";
import { announce, figure, say } from "./words.js";

/** @typedef {"a" | "b" | "tie" | "both_bad"} Outcome */
const OUTCOMES = /** @type {const} */ (["a", "b", "tie", "both_bad"]);

export class VoteBar {
  /** @type {string} the battle's address, ending in a slash */
  #address = "";
  /** Whether the focus was here when its place was taken away: then it goes on to the next one. */
  #hadFocus = false;
  /** Counts up with every change, so that what was awaited for an older state is dropped. */
  #round = 0;

  /**
   * @param {HTMLElement} bar
   * @param {{undoSeconds: number, onFinal: (address: string) => void,
   *   onProblem: (sentence: string) => void}} options
   */
  constructor(bar, { undoSeconds, onFinal, onProblem }) {
    this.bar = bar;
    this.undoSeconds = undoSeconds;
    this.onFinal = onFinal;
    this.onProblem = onProblem;
    this.question = find(".vote-question", bar);
    this.choices = find(".vote-choices", bar);
    this.after = find(".vote-after", bar);
    for (const choice of this.#buttons()) {
      choice.addEventListener("click", () => this.#cast(outcomeOf(choice)));
    }
    document.addEventListener("keydown", (event) => this.#key(event));
    this.sleep();
  }

  get state() {
    return this.bar.dataset.state;
  }

  /** @param {string} [why] a sentence in place of the question */
  sleep(why = say("vote_asleep")) {
    this.#become("asleep", why);
  }

  /** @param {string} address of the battle */
  wake(address) {
    if (this.state === "awake" && address === this.#address) return;
    this.#address = address;
    this.#become("awake", say("vote_question"));
    this.#passFocus(this.choices);
    announce(say(areKeysOn() ? "vote_open" : "vote_open_without_keys"));
  }

  /** The vote was undone, here or in another tab. @param {string} address */
  takenBack(address) {
    this.wake(address);
    toast(say("undone"));
    announce(say("undone"));
  }

  /** A vote stands already, from before a reload. @param {string} address
   * @param {{outcome: string, final_at: string}} vote */
  restore(address, vote) {
    if (this.state === "cast" || this.state === "sending") return;
    this.#address = address;
    const left = (Date.parse(vote.final_at) - Date.now()) / 1000;
    const seconds = Math.max(0, Math.min(this.undoSeconds, left));
    this.#showChoice(/** @type {Outcome} */ (vote.outcome), seconds);
  }

  /** Replace the bar's content by what came of the vote. @param {Node[]} nodes */
  showAfter(...nodes) {
    this.#become("cast", "");
    this.after.replaceChildren(...nodes);
    this.#passFocus(this.after);
  }

  #buttons() {
    return /** @type {NodeListOf<HTMLButtonElement>} */ (
      this.choices.querySelectorAll("[data-outcome]")
    );
  }

  #undoButton() {
    return /** @type {HTMLElement | null} */ (this.after.querySelector(".undo"));
  }

  /** @param {"asleep" | "awake" | "sending" | "cast"} state @param {string} question */
  #become(state, question) {
    this.#round += 1;
    this.#noteFocus();
    this.bar.dataset.state = state;
    this.question.textContent = question;
    this.question.hidden = this.choices.hidden = state === "cast";
    this.after.hidden = state !== "cast";
    for (const choice of this.#buttons()) choice.disabled = state !== "awake";
  }

  #noteFocus() {
    if (this.bar.querySelector(":focus-visible")) this.#hadFocus = true; // not that of a pointer
  }

  /** @param {HTMLElement} place whose main button takes the focus, unless the voter took it elsewhere */
  #passFocus(place) {
    /** @type {HTMLElement | null} */
    const next = place.querySelector("button.primary") ?? place.querySelector("button");
    if (!this.#hadFocus || !next) return;
    this.#hadFocus = false;
    const { activeElement: now } = document;
    if (!now || now === document.body || this.bar.contains(now)) next.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!isShortcut(event)) return;
    if (event.key.toLowerCase() === "u") this.#undoButton()?.click();
    if (this.state !== "awake") return;
    const outcome = OUTCOMES[Number(event.key) - 1];
    if (!outcome) return;
    event.preventDefault();
    this.#cast(outcome);
  }

  /** @param {Outcome} outcome */
  async #cast(outcome) {
    if (this.state !== "awake") return;
    this.#become("sending", say("sending_vote"));
    const round = this.#round;
    const address = this.#address;
    const { status, body } = await askAgainSoon("POST", `${address}vote/`, { outcome });
    if (round !== this.#round) return;
    if (status === 200) {
      const seconds = (Date.parse(body.final_at) - Date.parse(body.cast_at)) / 1000;
      this.#showChoice(body.outcome, seconds);
    } else {
      this.wake(address);
      this.onProblem(body.message ?? say("vote_failed"));
    }
  }

  /** @param {Outcome} outcome @param {number} seconds left to undo */
  async #showChoice(outcome, seconds) {
    const left = make("span", { class: "undo-seconds", "aria-hidden": "true" });
    const end = performance.now() + seconds * 1000;
    const undo = button(say("undo"), () => this.#undo(outcome, end), "undo", "U");
    undo.append(left);
    const chosen = make("strong", {}, say(`chose_${outcome}`));
    this.showAfter(make("p", { class: "vote-sentence" }, chosen), undo);
    if (seconds > 0) {
      announce(`${say(`chose_${outcome}`)} ${say("undo")}: ${say("seconds", { count: figure(seconds) })}`);
    }
    const round = this.#round;
    for (let now = performance.now(); now < end; now = performance.now()) {
      left.textContent = figure(Math.ceil((end - now) / 1000));
      await pause(Math.min(200, end - now));
      if (round !== this.#round) return;
    }
    this.#noteFocus();
    undo.replaceWith(make("span", { class: "quiet" }, say("revealing")));
    this.onFinal(this.#address);
  }

  /** @param {Outcome} outcome that stands @param {number} end of the time to undo it */
  async #undo(outcome, end) {
    const address = this.#address;
    this.#round += 1; // the countdown must not reveal meanwhile
    const { status, body } = await askAgainSoon("POST", `${address}vote/undo/`, {});
    if (status === 200 || body.code === "no_vote") {
      this.takenBack(address);
    } else if (OUTCOMES.includes(body.outcome)) {
      this.#showChoice(body.outcome, 0); // too late: this is the vote that stands
    } else if (performance.now() < end) {
      this.#showChoice(outcome, (end - performance.now()) / 1000); // not done: it can be asked again
      this.onProblem(body.message ?? say("offline"));
    } else {
      this.onFinal(address); // unknown: the server's answer to the reveal decides
    }
  }
}

/** @param {HTMLButtonElement} choice */
function outcomeOf(choice) {
  return /** @type {Outcome} */ (choice.dataset.outcome);
}
