/**
 * The battle's connection: one WebSocket that comes back by itself and resumes where it was.
 *
 * The server numbers what it streams; this module sees to it that the page gets each number once
 * and in order, whatever the network does. The messages are those of arena/battles/protocol.py.
 */

/**
 * @typedef {"waiting" | "streaming" | "complete" | "failed" | "stopped"} State
 * @typedef {{number: number, prompt: string, state: State, a: string, b: string,
 *   picture?: string}} StoredTurn
 * @typedef {{type: "battle", battle: string, turns: StoredTurn[], votable: boolean,
 *   void: string | null, seq: number,
 *   vote: {outcome: string, final_at: string} | null,
 *   models?: import("./seats.js").Chosen}} BattleMessage
 * @typedef {{type: "frame", seq: number, turn: number, a: string, b: string,
 *   state: {a: State, b: State}}} FrameMessage
 * @typedef {{type: "turn", seq: number, turn: number, state: State, votable: boolean,
 *   void: string | null}} TurnMessage
 * @typedef {{type: "queue", seq: number, turn: number, position: number}} QueueMessage
 *   the battle's place in line for its models: 1 is next, 0 is no longer in line
 * @typedef {{type: "error", code: string, message: string}} ErrorMessage
 * @typedef {{
 *   onBattle: (message: BattleMessage, isContinued: boolean) => void,
 *   onFrame: (message: FrameMessage) => void,
 *   onTurn: (message: TurnMessage) => void,
 *   onQueue: (message: QueueMessage) => void,
 *   onError: (message: ErrorMessage) => void,
 *   onLost: () => void, onBack: () => void, onRefused: (code: number) => void,
 *   onUndelivered: () => void,
 * }} Listener
 */

const FIRST_DELAY = 400; // milliseconds; doubled after each failure in a row
const LONGEST_DELAY = 10_000;
/** A connection that lasted so long, or brought more than an error, is no failure when it ends. */
const PROVEN = 10_000; // milliseconds
/** The close codes in the 4400s after which we come back: at once, or when the limit has passed. */
const SLOW_READER = 4408;
const TOO_MANY = 4429;
const AFTER_TOO_MANY = 30_000; // milliseconds
/** Milliseconds without a word where one is due, and one more for each character that was sent: slow lines. */
const SILENCE = 10_000;
/** A prompt waits for the moderation check first, which may be given half a minute. */
const PROMPT_SILENCE = 40_000;

export class BattleSocket {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {string | null} */
  #battle = null;
  /** The last number the page has seen. */
  #seen = 0;
  /** How many connections in a row did not prove themselves. */
  #failures = 0;
  #lost = false;
  /** When this connection opened, in milliseconds since the page began; 0 before it did. */
  #openedAt = 0;
  /** @type {{type: string} | null} a request that no `battle` message has answered yet */
  #unanswered = null;
  /** What this connection was asked and has not answered: it answers in turn. @type {string[]} */
  #asked = [];
  #streaming = false;
  /** @type {number | undefined} */
  #patience;
  /** @type {number | undefined} */
  #timer;

  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    addEventListener("online", () => this.#retryNow());
    addEventListener("pageshow", (event) => event.persisted && this.#retryNow());
  }

  /** Whether a prompt, or the same one again, waits for its battle. */
  get isAsking() {
    return this.#unanswered !== null;
  }

  get isLost() {
    return this.#lost;
  }

  /** Open the connection early, so that the first prompt need not wait for it. */
  warmUp() {
    if (!this.#socket) this.#connect();
  }

  /**
   * @param {string} text
   * @param {string | null} battle null starts a new one
   * @param {boolean} acknowledged the visitor was warned of this prompt and sends it anyway
   * @param {string[]} models who is to answer a new battle; none: two are drawn blind
   * @param {string} [picture] one that the server has
   */
  prompt(text, battle, acknowledged, models, picture) {
    const more = { ...(battle ? {} : { models }), ...(picture ? { picture } : {}) };
    this.#request({ type: "prompt", text, battle, acknowledged, ...more });
  }

  /**
   * @param {string} battle whose first prompt goes to a new pair
   * @param {boolean} acknowledged as in `prompt`
   */
  again(battle, acknowledged) {
    this.#request({ type: "again", battle, acknowledged });
  }

  /** @param {string} battle */
  stop(battle) {
    this.#send({ type: "stop", battle });
  }

  /** @param {string} battle @param {number} [after] the last number seen */
  resume(battle, after = 0) {
    this.#battle = battle;
    this.#seen = after;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#sendResume();
    else this.#connect();
  }

  /** Ask for what was done elsewhere meanwhile. */
  refresh() {
    if (this.#battle && !this.#unanswered) this.#sendResume();
  }

  /** Forget the battle: what still comes for it is dropped. */
  leave() {
    this.#battle = null;
    this.#seen = 0;
    this.#unanswered = null;
    this.#streaming = false;
    this.#asked.fill("resume"); // what is still answered says nothing new
  }

  /** @param {{type: string, [more: string]: unknown}} message that a `battle` message will answer */
  #request(message) {
    this.#unanswered = message;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#ask(message);
    else this.#connect();
  }

  /** @param {{type: string, [more: string]: unknown}} message @returns {number} how long it is */
  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return 0;
    const text = JSON.stringify(message);
    this.#socket.send(text);
    return text.length;
  }

  /** @param {{type: string, [more: string]: unknown}} message that is answered by a `battle` message or an error */
  #ask(message) {
    const length = this.#send(message);
    if (!length) return;
    this.#asked.push(message.type);
    this.#wait((message.type === "resume" ? SILENCE : PROMPT_SILENCE) + length);
  }

  #sendResume() {
    this.#ask({ type: "resume", battle: this.#battle, after: this.#seen });
  }

  /** A connection can die without anybody being told: it is given up, or asked, after a silence.
   * @param {number} [patience] in milliseconds */
  #wait(patience = SILENCE) {
    clearTimeout(this.#patience);
    const socket = this.#socket;
    if (!socket) return;
    const isDue = socket.readyState === WebSocket.CONNECTING || this.#asked.length > 0;
    if (isDue) this.#patience = setTimeout(() => this.#giveUp(socket), patience);
    else if (this.#streaming) this.#patience = setTimeout(() => this.#sendResume(), patience);
  }

  /** @param {WebSocket} socket that may take long to close: nobody waits for it */
  #giveUp(socket) {
    this.#closed(socket, 0);
    socket.close();
  }

  #connect() {
    clearTimeout(this.#timer);
    if (this.#socket && this.#socket.readyState < WebSocket.CLOSING) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const language = document.documentElement.lang.toLowerCase();
    const address = `${scheme}//${location.host}/ws/battle/?language=${language}`;
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#openedAt = 0;
    this.#wait();
    socket.addEventListener("open", () => socket === this.#socket && this.#opened());
    socket.addEventListener("message", (event) => socket === this.#socket && this.#received(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#closed(socket, event.code));
  }

  #opened() {
    this.#openedAt = performance.now();
    this.#wait();
    if (this.#battle) this.#sendResume();
    // A follow-up may have arrived before the connection broke: the stored turns will tell.
    const waiting = this.#unanswered;
    if (waiting && (!this.#battle || waiting.type === "again")) this.#ask(waiting);
    if (!this.#asked.length) this.#back(); // nothing will be answered that could tell
  }

  #back() {
    if (this.#lost) this.listener.onBack();
    this.#lost = false;
  }

  /** @param {BattleMessage | FrameMessage | TurnMessage | QueueMessage | ErrorMessage} message */
  #received(message) {
    this.#back();
    if (message.type !== "error") this.#failures = 0;
    if (message.type === "error") {
      this.#asked.shift();
      if (!this.#isAwaiting) {
        this.#unanswered = null;
        this.listener.onError(message);
      }
    } else if (message.type === "battle") {
      this.#tookBattle(message);
    } else if (this.#inOrder(message.seq)) {
      if (message.type === "frame") this.listener.onFrame(message);
      else if (message.type === "queue") this.listener.onQueue(message);
      else if (message.type === "turn") {
        this.#streaming = false;
        this.listener.onTurn(message);
      }
    }
    this.#wait();
  }

  /** Whether the reply to a prompt is still to come on this connection: what comes before says nothing of it. */
  get #isAwaiting() {
    return this.#asked.some((type) => type !== "resume");
  }

  /** @param {BattleMessage} message */
  #tookBattle(message) {
    const answered = this.#asked.shift();
    if (!this.#battle && (answered === undefined || answered === "resume")) return; // of one that was left
    if (message.battle !== this.#battle) this.#seen = 0;
    this.#battle = message.battle;
    this.#streaming = message.turns.some(({ state }) => state === "streaming");
    if (!this.#isAwaiting) this.#unanswered = null;
    const isContinued = this.#seen > message.seq;
    this.#seen = Math.max(this.#seen, message.seq);
    this.listener.onBattle(message, isContinued);
  }

  /** @param {number} number @returns {boolean} whether the page should see it */
  #inOrder(number) {
    if (!this.#battle || number <= this.#seen) return false;
    if (number > this.#seen + 1) {
      this.#sendResume();
      return false;
    }
    this.#seen = number;
    return true;
  }

  /** @param {WebSocket} socket @param {number} code */
  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#asked = [];
    clearTimeout(this.#patience);
    if (code >= 4400 && code < 4500 && code !== SLOW_READER && code !== TOO_MANY) {
      this.#unanswered = null;
      this.listener.onRefused(code);
      return;
    }
    if (!this.#battle && !this.#unanswered) return; // nothing is at stake; the next prompt connects
    if (!this.#lost) this.listener.onLost();
    this.#lost = true;
    // While no connection opens, it waits for one; asked on an open one, it may have arrived.
    if (this.#unanswered && !this.#battle && (this.#openedAt || !this.#failures)) this.#giveBack();
    if (this.#openedAt && performance.now() - this.#openedAt >= PROVEN) this.#failures = 0;
    const backOff = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failures);
    const delay = code === TOO_MANY ? AFTER_TOO_MANY : backOff;
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), delay * (0.7 + 0.6 * Math.random()));
  }

  /** A first prompt may or may not have arrived: the reader decides whether to send it again. */
  #giveBack() {
    this.#unanswered = null;
    this.listener.onUndelivered();
  }

  #retryNow() {
    if (this.#lost || (this.#battle && !this.#socket)) this.#connect();
  }
}
