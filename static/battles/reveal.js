/** After the vote: who A and B were. The names take the place of the letters, like cards turned. */

import { find, make, SIDES } from "./dom.js";
import { ask, pause } from "./server.js";
import { announce, figure, money, percent, say } from "./words.js";

/**
 * @typedef {import("./dom.js").Side} Side
 * @typedef {{name: string, slug: string, organisation: string, licence_class: string,
 *   licence_label: string, params_total_b: number | null, url: string}} RevealedModel
 * @typedef {{rating: number, lower: number, upper: number, rank_best: number, rank_worst: number,
 *   votes: number}} Rating
 * @typedef {{model: RevealedModel, rating: Rating | null, first_token_seconds: number | null,
 *   total_seconds: number | null, completion_tokens: number | null, tokens_estimated: boolean,
 *   tokens_per_second: number | null, cost: number | null, reasoning: (string | null)[], finish_reason: string}} RevealedSide
 * @typedef {{sides: Record<Side, RevealedSide>, outcome: string,
 *   receipt: {code: string, counted: boolean | null, reason: string | null},
 *   pair: {votes: number, agreed: number | null, path: string | null,
 *     record: {a: number, b: number, tie: number, both_bad: number}},
 *   reasons: import("./after.js").Reasons, shared: string | null}} Revealed
 */

const ATTEMPTS = 40;
const BETWEEN = 250; // milliseconds
/** A share of fewer votes would say more than it knows. */
const ENOUGH_VOTES = 10;

/**
 * Ask until the vote is final.
 *
 * @param {string} address of the battle
 * @param {() => boolean} wanted false ends the asking
 * @returns {Promise<Revealed | "no_vote" | null>} no vote: it was taken back in another tab
 */
export async function fetchReveal(address, wanted) {
  for (let attempt = 0; attempt < ATTEMPTS && wanted(); attempt += 1) {
    const { status, body } = await ask("GET", `${address}reveal/`);
    if (status === 200) return body;
    if (body.code === "no_vote") return body.code;
    if (status !== 425 && status !== 0 && status !== 429 && status < 500) return null;
    await pause(status === 425 ? BETWEEN : BETWEEN * 4);
  }
  return null;
}

/** @param {HTMLElement} page @param {Revealed} revealed */
export function turnCards(page, revealed) {
  page.dataset.revealed = "";
  for (const side of SIDES) {
    const head = find(`.head[data-side="${side}"]`, page);
    head.replaceChildren(...card(side, revealed));
    head.classList.add("turned");
    const { name } = revealed.sides[side].model;
    find(`.tab[data-side="${side}"] .tab-state`, page).textContent = name;
    showReasoning(page, side, revealed.sides[side]);
  }
  announce(say("revealed", { a: revealed.sides.a.model.name, b: revealed.sides.b.model.name }));
}

/** @param {HTMLElement} page */
export function turnBack(page) {
  delete page.dataset.revealed;
  for (const side of SIDES) {
    const head = find(`.head[data-side="${side}"]`, page);
    head.classList.remove("turned");
    head.replaceChildren(make("h2", { class: "head-letter" }, side.toUpperCase()));
  }
}

/** @param {Revealed} revealed @returns {Node[]} what came of the vote, in sentences */
export function sentences({ sides, outcome, receipt, pair }) {
  const isOneModel = sides.a.model.slug === sides.b.model.slug;
  const choice = (outcome === "a" || outcome === "b") && !isOneModel
    ? say("preferred", { name: sides[outcome].model.name })
    : say(`chose_${outcome}`);
  const [before = "", after = ""] = pair.agreed === null || pair.votes < ENOUGH_VOTES
    ? []
    : say("agreed", { share: percent(pair.agreed), votes: figure(pair.votes) }).split("{choice}");
  return [
    make("p", { class: "vote-sentence" }, before, make("strong", {}, choice), after),
    ...record(sides, pair),
    make("p", { class: "receipt small quiet" }, receiptSentence(receipt)),
  ];
}

/** The two against each other. @param {Revealed["sides"]} sides @param {Revealed["pair"]} pair */
function record(sides, { record: { a, b, tie, both_bad: bothBad }, path }) {
  if (!path || !isOurs(path)) return [];
  const counts = say("record", {
    a: sides.a.model.name, b: sides.b.model.name,
    won_a: figure(a), won_b: figure(b), neither: figure(tie + bothBad),
  });
  const link = make("a", { href: path }, say("compare"));
  return [make("p", { class: "small quiet" }, counts, " ", link)];
}

/** @param {Revealed["receipt"]} receipt */
function receiptSentence({ code, counted, reason }) {
  if (counted === null) return say("being_counted", { receipt: code });
  return counted
    ? say("counted", { receipt: code })
    : say("not_counted", { receipt: code, reason: reason ?? "" });
}

/** @param {Side} side @param {Revealed} revealed @returns {Node[]} */
function card(side, { sides, outcome }) {
  const { model, rating } = sides[side];
  const title = make("h2", { class: "head-name" },
    make("span", { class: "head-was" }, side.toUpperCase()), " ", nameOf(model));
  const facts = make("p", { class: "head-facts" },
    make("span", {}, model.organisation),
    make("span", { class: "licence", "data-class": model.licence_class }, model.licence_label));
  if (model.params_total_b) {
    const digits = Number.isInteger(model.params_total_b) ? 0 : 1;
    facts.append(make("span", {}, say("size", { count: figure(model.params_total_b, digits) })));
  }
  if (outcome === side) title.append(make("span", { class: "head-chosen", "aria-hidden": "true" }));
  return [title, facts, figures(sides[side], rating)];
}

/** Whether it is a path of this site, whatever a name may have made of it. @param {string} url */
function isOurs(url) {
  return url.startsWith("/") && URL.canParse(url, location.href) && new URL(url, location.href).origin === location.origin;
}

/** @param {RevealedModel} model */
function nameOf({ name, url }) {
  return isOurs(url) ? make("a", { href: url }, name) : make("span", {}, name);
}

/** @param {Rating | null} rating */
function ratingOf(rating) {
  const term = make("dt", rating ? {} : { class: "visually-hidden" }, say("rating_term"));
  if (!rating) return make("div", {}, term, make("dd", { class: "quiet" }, say("too_few")));
  const { rating: value, lower, upper, rank_best: best, rank_worst: worst } = rating;
  const interval = say("rating", { rating: figure(value), margin: figure((upper - lower) / 2) });
  const ranks = best === worst
    ? say("rank", { best: figure(best) })
    : say("ranks", { best: figure(best), worst: figure(worst) });
  return make("div", {}, term,
    make("dd", {}, make("strong", {}, interval), make("span", { class: "quiet" }, ranks)));
}

/** @param {RevealedSide} side @param {Rating | null} rating */
function figures(side, rating) {
  const list = make("dl", { class: "head-figures" }, ratingOf(rating));
  const add = (/** @type {string} */ term, /** @type {string} */ value) =>
    list.append(make("div", {}, make("dt", {}, say(term)), make("dd", {}, value)));
  if (side.first_token_seconds !== null) {
    add("first_word", say("seconds", { count: figure(side.first_token_seconds, 1) }));
  }
  if (side.completion_tokens !== null) {
    const count = figure(side.completion_tokens);
    add("tokens", side.tokens_estimated ? say("tokens_estimated", { count }) : count);
  }
  if (side.tokens_per_second !== null) add("speed", figure(side.tokens_per_second));
  if (side.cost !== null) add("cost", money(side.cost));
  return list;
}

/** Reasoning is kept back before the vote: it would tell who answers. @param {HTMLElement} page
 * @param {Side} side @param {RevealedSide} revealed */
function showReasoning(page, side, { reasoning, finish_reason: finished }) {
  const places = page.querySelectorAll(`.side[data-side="${side}"]`);
  places.forEach((place, turn) => {
    const text = reasoning?.[turn];
    if (text && !place.querySelector(".reasoning")) {
      // Under the answer, so that what is being read stays where it is.
      find(".answer", place).after(make("details", { class: "reasoning" },
        make("summary", {}, say("reasoning")), make("div", { class: "reasoning-text", dir: "auto" }, text)));
    }
  });
  if (finished === "length") {
    const last = places[places.length - 1];
    if (last) find(".answer", last).after(make("p", { class: "small quiet" }, say("cut_off")));
  }
}
