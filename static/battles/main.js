/** The battle page: wires the prompt box, the connection, the turns, the vote and the reveal. */

import { loadRenderer } from "./answer.js";
import { offerAfter } from "./after.js";
import { keepClear } from "./clearance.js";
import { Composer } from "./composer.js";
import { button, find, make } from "./dom.js";
import { keep, kept } from "./drafts.js";
import { startFollowing, stopFollowing } from "./follow.js";
import { isShortcut, showKeysWhenAsked } from "./keys.js";
import { fetchReveal, sentences, turnBack, turnCards } from "./reveal.js";
import { pause } from "./server.js";
import { Seats } from "./seats.js";
import { BattleSocket } from "./socket.js";
import { showStarters } from "./starters.js";
import { Tabs } from "./tabs.js";
import { Turn } from "./turns.js";
import { VoteBar } from "./vote.js";
import { toast } from "../site/toast.js";
import { announce, say } from "./words.js";

/**
 * @typedef {import("./socket.js").BattleMessage} BattleMessage
 * @typedef {import("./socket.js").FrameMessage} FrameMessage
 * @typedef {import("./socket.js").TurnMessage} TurnMessage
 * @typedef {import("./pictures.js").Kept} Kept
 * @typedef {{text: string, picture: Kept | null, battle: string | null, turn: number}} Pending
 *   a prompt, what was attached to it, and the battle (null: a new one) whose turn it is to be
 * @typedef {{state: import("./socket.js").State, votable: boolean, void: string | null}} Outcome
 */

const RECEIPT_CHECKS = [2000, 4000, 8000]; // milliseconds between looks at an undecided receipt

class BattlePage {
  /** @type {string | null} */
  battle = null;
  /** @type {Turn[]} */
  turns = [];
  /** What was sent and is not yet confirmed. @type {Pending | null} */
  pending = null;
  revealed = false;
  /** How the last turn ended, as far as the vote is concerned. @type {Outcome | null} */
  outcome = null;

  /** Of what is shown. */
  path = location.pathname;
  /** The turn that failed and whose prompt was given back. @type {Turn | null} */
  offered = null;

  /** @param {HTMLElement} page */
  constructor(page) {
    this.page = page;
    this.home = page.dataset.home ?? "/";
    this.turnList = find(".turns", page);
    this.notice = find(".battle-notice", page);
    this.seats = new Seats(page, { onNew: () => this.newBattle(), onBlind: () => this.again() });
    this.tabs = new Tabs(page, find(".field-of-battle", page));
    this.composer = new Composer(find("form.composer", page), {
      limit: Number(page.dataset.maxPrompt),
      onSend: (text, picture) => this.send(text, picture),
      onProblem: (sentence) => this.showNotice(sentence),
      onStop: () => this.battle && this.socket.stop(this.battle),
    });
    this.vote = new VoteBar(find(".vote", page), {
      undoSeconds: Number(page.dataset.undoSeconds),
      onFinal: (address) => this.reveal(address),
      onProblem: (sentence) => this.showNotice(sentence),
    });
    this.socket = new BattleSocket({
      onBattle: (message, isContinued) => this.tookBattle(message, isContinued),
      onFrame: (message) => this.tookFrame(message),
      onTurn: (message) => this.endedTurn(message),
      onQueue: ({ turn, position }) => this.turns.find(({ number }) => number === turn)?.queue(position),
      onError: ({ code, message }) => this.refused(code, message),
      onUndelivered: () => this.refusedPrompt(say("not_arrived")),
      onLost: () => this.showNotice(say("offline")),
      onBack: () => this.hideNotice(say("back_online")),
      onRefused: (code) => this.refusedPrompt(say(code === 4403 ? "no_cookie" : "closed")),
    });
    const prompts = JSON.parse(find("#starter-prompts").textContent ?? "[]");
    showStarters(find(".starters", page), prompts, (text) => {
      this.composer.fill(text);
      this.composer.focus();
    });
    this.listen();
  }

  listen() {
    // A link within the page, as the one that skips to its content, has the same path.
    addEventListener("popstate", () => location.pathname !== this.path && location.reload());
    // Another tab may have gone on with this battle, or voted.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && !this.turns.at(-1)?.streaming) this.socket.refresh();
    });
    document.addEventListener("keydown", (event) => {
      if (!isShortcut(event)) return;
      const onControl = event.target instanceof Element && event.target.closest("a, button, summary");
      if (event.key === "Enter" && this.revealed && !this.composer.busy && !onControl) {
        event.preventDefault();
        this.newBattle();
      } else if (event.key === "/") {
        event.preventDefault();
        this.composer.focus();
      }
    });
    showKeysWhenAsked();
    keepClear(this.page);
    const stored = this.page.dataset.battle;
    this.takeUpPending(stored || null);
    if (stored) {
      loadRenderer();
      this.tabs.openFor(stored);
      this.socket.resume(stored);
    } else {
      find("textarea", this.page).addEventListener("focus", () => this.socket.warmUp(), { once: true });
    }
  }

  /** What a reload interrupted: the stored turns will tell whether a follow-up arrived.
   * @param {string | null} battle */
  takeUpPending(battle) {
    /** @type {Pending | null} */
    const pending = JSON.parse(kept("pending") || "null");
    if (!pending || pending.battle !== battle) return;
    if (battle) {
      this.pending = pending;
    } else {
      this.composer.giveBack(pending.text, pending.picture);
      this.wait(null);
    }
  }

  /** @param {Pending | null} pending */
  wait(pending) {
    this.pending = pending;
    keep("pending", pending ? JSON.stringify(pending) : "");
  }

  get address() {
    return `${this.home}battle/${this.battle}/`;
  }

  /** @param {string} text @param {Kept | null} picture
   * @param {boolean} [acknowledged] sent in spite of the warning about it */
  send(text, picture, acknowledged = false) {
    const models = this.battle ? [] : this.seats.choose();
    if (!models) {
      this.composer.giveBack(text, picture);
      this.showNotice(say("choose_first"));
      return;
    }
    this.clearNotice();
    loadRenderer();
    this.setStage("battle");
    this.composer.setBusy(true);
    if (this.vote.state !== "cast") this.vote.sleep();
    const last = this.turns.at(-1);
    const isRetry = (this.revealed || this.seats.areChosen) && last?.states.a === "failed";
    if (isRetry) this.drop(last);
    const turn = (last?.number ?? 0) + (isRetry ? 0 : 1);
    this.wait({ text, picture, battle: this.battle, turn });
    this.show(new Turn(turn, text, this.seats.sides, picture));
    startFollowing();
    announce(say(this.seats.sides.length === 1 ? "answering_alone" : "answering"));
    this.socket.prompt(text, this.battle, acknowledged, models, picture?.id);
  }

  /** @param {Turn} turn */
  show(turn) {
    this.turns.push(turn);
    this.turnList.append(turn.element);
    this.showProgress(turn);
  }

  /** @param {BattleMessage} message
   * @param {boolean} isContinued whether its frames go on after those the page has */
  tookBattle(message, isContinued) {
    if (this.battle && this.battle !== message.battle) this.clear();
    if (this.battle !== message.battle) this.entered(message.battle);
    this.setStage("battle");
    this.seats.show(message.models ?? null);
    this.keepPendingPrompt(message);
    for (const stored of message.turns) this.tookTurn(stored, isContinued);
    const current = this.turns.at(-1);
    this.composer.setBusy(current?.streaming ?? false);
    this.composer.setPlaceholder(say("follow_up"));
    this.allowPictures();
    if (message.vote) this.vote.restore(this.address, message.vote);
    if (!current?.streaming) this.showOutcome({ ...message, state: current?.states.a ?? "failed" });
    else if (this.vote.state === "awake") this.vote.sleep();
  }

  /** A blind battle that began without a picture goes on without: not all models see. */
  allowPictures() {
    this.composer.pictures.allow(!this.battle || this.seats.areChosen || Boolean(this.turns[0]?.picture));
  }

  /** @param {string | undefined} id @returns {Kept | null} */
  picture(id) {
    return id ? { id, address: `${this.page.dataset.pictures}${id}/` } : null;
  }

  /** @param {string} battle */
  entered(battle) {
    const first = this.battle === null;
    this.battle = battle;
    this.tabs.openFor(battle);
    if (location.pathname === this.address) return;
    this.goTo(this.address, first ? "replaceState" : "pushState");
  }

  /** @param {string} address @param {"pushState" | "replaceState"} change */
  goTo(address, change) {
    history[change](null, "", address);
    this.path = location.pathname;
  }

  /** A prompt that the stored turns do not have did not arrive, unless its reply is still to come.
   * @param {BattleMessage} message */
  keepPendingPrompt(message) {
    if (!this.pending || this.socket.isAsking) return;
    const { text, picture, turn } = this.pending;
    if (!message.turns.some(({ number, state }) => number === turn && state !== "failed")) {
      const shown = this.turns.find(({ number }) => number === turn);
      if (shown) this.drop(shown);
      this.composer.giveBack(text, picture);
      this.showNotice(say("not_arrived"));
    }
    this.wait(null);
  }

  /** @param {import("./socket.js").StoredTurn} stored @param {boolean} isContinued */
  tookTurn(stored, isContinued) {
    let turn = this.turns.find(({ number }) => number === stored.number);
    if (!turn) {
      const picture = this.picture(stored.picture);
      this.show((turn = new Turn(stored.number, stored.prompt, this.seats.sides, picture)));
      if (stored.state === "streaming") startFollowing();
    }
    if (stored.state !== "streaming") turn.restore(stored);
    else if (!isContinued) turn.restart();
    this.showProgress(turn);
  }

  /** @param {FrameMessage} message */
  tookFrame({ turn: number, a, b, state }) {
    const turn = this.turns.find((each) => each.number === number);
    if (!turn) return;
    turn.grow({ a, b }, state);
    this.showProgress(turn);
  }

  /** @param {TurnMessage} message */
  endedTurn(message) {
    const turn = this.turns.find(({ number }) => number === message.turn);
    turn?.end(message.state);
    if (turn) this.showProgress(turn);
    this.composer.setBusy(false);
    this.showOutcome(message);
  }

  /** What the voter can do now that a turn has ended. @param {Outcome} outcome */
  showOutcome(outcome) {
    this.outcome = outcome;
    if (this.vote.state === "sending") return; // the reply says what became of it
    if (this.vote.state === "cast" || this.seats.areChosen) {
      if (outcome.state === "failed") this.offerTurnAgain();
    } else if (outcome.votable) {
      this.vote.wake(this.address);
    } else {
      this.vote.sleep(say("vote_closed"));
      const isVoid = outcome.void !== null || outcome.state === "failed";
      const sentence = say(isVoid ? "void" : "stopped_turn");
      if (!this.isShown(sentence)) this.showNotice(sentence, this.tryAgainButton());
    }
  }

  /** Where there is no vote to lose a turn that failed costs nothing: the same can be asked again. */
  offerTurnAgain() {
    const last = this.turns.at(-1);
    if (!last || last === this.offered) return;
    this.offered = last; // once: what the voter then clears stays away
    if (!this.composer.text.trim()) this.composer.giveBack(last.prompt, last.picture);
    this.showNotice(say("failed_turn"));
  }

  tryAgainButton() {
    return button(say("try_again"), () => this.again(), "primary");
  }

  /** @param {Turn} turn */
  showProgress(turn) {
    if (this.revealed) return;
    for (const side of turn.sides) {
      const state = turn.states[side];
      const done = (state === "complete" && this.seats.names[side]) || say(`tab_${state}`);
      this.tabs.setState(side, state === "streaming" ? String(turn.lengths[side]) : done);
    }
  }

  /** @param {string} code @param {string} sentence */
  refused(code, sentence) {
    const text = this.pending?.text ?? null;
    if (code !== "prompt_flagged") {
      this.refusedPrompt(sentence);
    } else if (text === null) {
      this.refusedPrompt(sentence, button(say("send_anyway"), () => this.again(true)));
    } else {
      this.refusedPrompt(sentence, button(say("send_anyway"), () => this.sendAnyway(text)));
    }
  }

  /** Send what the warning was about; what was written in its place since is another prompt.
   * @param {string} text */
  sendAnyway(text) {
    const written = this.composer.text.trim();
    if (written) this.composer.fill("");
    this.send(written || text, this.composer.pictures.take(), !written || written === text);
  }

  /** The prompt was not taken: it goes back into the box.
   * @param {string} sentence @param {...Node} actions */
  refusedPrompt(sentence, ...actions) {
    const last = this.turns.at(-1);
    if (this.pending) {
      if (last) this.drop(last);
      this.composer.giveBack(this.pending.text, this.pending.picture);
      this.wait(null);
      const shown = this.turns.at(-1);
      if (shown) this.showProgress(shown);
      else this.setStage("landing");
    }
    const streaming = this.turns.at(-1)?.streaming ?? false;
    this.composer.setBusy(streaming);
    if (this.outcome && !streaming) this.showOutcome(this.outcome);
    const isOver = this.vote.state === "asleep" && !this.seats.areChosen && this.turns.length > 0 && !streaming;
    this.showNotice(sentence, ...(actions.length || !isOver ? actions : [this.tryAgainButton()]));
  }

  /** @param {Turn} turn */
  drop(turn) {
    turn.element.remove();
    this.turns = this.turns.filter((other) => other !== turn);
  }

  /** @param {string} address */
  async reveal(address) {
    const revealed = await fetchReveal(address, () => address === this.address);
    if (address !== this.address) return;
    if (revealed === "no_vote") {
      this.vote.takenBack(address);
      this.socket.refresh();
      return;
    }
    if (!revealed) {
      this.showNotice(say("reveal_failed"));
      return;
    }
    this.revealed = true;
    turnCards(this.page, revealed);
    this.showVerdict(revealed, address);
    await this.watchReceipt(address, revealed);
  }

  /** @param {import("./reveal.js").Revealed} revealed @param {string} address */
  showVerdict(revealed, address) {
    const buttons = make("div", { class: "vote-next" },
      button(say("new_battle"), () => this.newBattle(), "primary", "↵"),
      button(say("new_pair"), () => this.again()));
    const names = { a: revealed.sides.a.model.name, b: revealed.sides.b.model.name };
    const after = offerAfter(find(".after", this.page), { address, names, ...revealed });
    this.vote.showAfter(make("div", {}, make("div", { class: "verdict" }, ...sentences(revealed)), after), buttons);
    this.composer.setPlaceholder(say("go_on"));
  }

  /** Whether a vote counts is decided in the background. @param {string} address
   * @param {import("./reveal.js").Revealed} revealed */
  async watchReceipt(address, revealed) {
    for (const wait of RECEIPT_CHECKS) {
      if (revealed.receipt.counted !== null) return;
      await pause(wait);
      const again = address === this.address ? await fetchReveal(address, () => true) : null;
      if (!again || again === "no_vote" || address !== this.address) return;
      revealed = again;
      const place = this.page.querySelector(".verdict");
      place?.replaceChildren(...sentences(revealed));
      if (revealed.receipt.counted !== null) announce(place?.querySelector(".receipt")?.textContent ?? "");
    }
  }

  /** @param {boolean} [acknowledged] as in `send` */
  again(acknowledged = false) {
    if (!this.battle || this.socket.isAsking) return;
    this.clearNotice();
    this.composer.setBusy(true);
    this.socket.again(this.battle, acknowledged);
  }

  newBattle() {
    if (this.seats.fields.length && !this.seats.areChosen) {
      location.assign(this.home); // the page is for those who choose, this battle was blind
      return;
    }
    this.clear();
    this.battle = null;
    this.socket.leave();
    this.goTo(this.seats.start, "pushState");
    this.setStage("landing");
    this.composer.setPlaceholder(say("placeholder"));
    this.composer.setBusy(false);
    this.allowPictures();
    scrollTo({ top: 0, behavior: "instant" });
    this.composer.focus();
  }

  clear() {
    this.turns = [];
    this.wait(null);
    this.outcome = null;
    this.revealed = false;
    this.turnList.replaceChildren();
    this.tabs.forget();
    turnBack(this.page);
    find(".after", this.page).hidden = true;
    this.vote.sleep();
    this.hideNotice();
    stopFollowing();
  }

  /** @param {"landing" | "battle"} stage */
  setStage(stage) {
    this.page.dataset.stage = stage;
  }

  /** @param {string} sentence @param {...Node} actions */
  showNotice(sentence, ...actions) {
    this.notice.replaceChildren(make("span", {}, sentence), ...actions);
    this.notice.hidden = false;
    announce(sentence);
  }

  /** @param {string} sentence @returns {boolean} whether the notice says just that */
  isShown(sentence) {
    return !this.notice.hidden && this.notice.firstChild?.textContent === sentence;
  }

  /** Something new begins: of what was said, only a lost connection still holds. */
  clearNotice() {
    if (this.socket.isLost) this.showNotice(say("offline"));
    else this.hideNotice();
  }

  /** @param {string} [sentence] said in its stead */
  hideNotice(sentence) {
    this.notice.hidden = true;
    if (!sentence) return;
    toast(sentence);
    announce(sentence);
  }
}

new BattlePage(find("#main"));
find("#main").dataset.running = ""; // theme.js looks whether it came so far
