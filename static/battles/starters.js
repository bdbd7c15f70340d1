/** Three prompts to start from; one click shows three others, of other categories. */

import { button, find, make } from "./dom.js";

/** @typedef {{category: string, text: string}} StarterPrompt */

const SHOWN = 3;

/**
 * @param {HTMLElement} place
 * @param {StarterPrompt[]} prompts
 * @param {(text: string) => void} choose
 */
export function showStarters(place, prompts, choose) {
  place.hidden = prompts.length === 0;
  if (place.hidden) return;
  const list = find(".starter-list", place);
  let rest = shuffled(prompts);
  const change = () => {
    const shown = ofDifferentCategories(rest.length < SHOWN ? (rest = shuffled(prompts)) : rest);
    rest = rest.filter((prompt) => !shown.includes(prompt));
    list.replaceChildren(...shown.map((prompt) => {
      const press = button("", () => choose(prompt.text), "starter");
      press.append(
        make("span", { class: "starter-category" }, prompt.category),
        make("span", { class: "starter-text", dir: "auto" }, prompt.text),
      );
      return make("li", {}, press);
    }));
  };
  find(".starter-change", place).addEventListener("click", change);
  change();
}

/** @param {StarterPrompt[]} prompts @returns {StarterPrompt[]} */
function ofDifferentCategories(prompts) {
  const firsts = prompts.filter(
    (prompt, index) => prompts.findIndex((other) => other.category === prompt.category) === index,
  );
  const others = prompts.filter((prompt) => !firsts.includes(prompt));
  return [...firsts, ...others].slice(0, SHOWN);
}

/** @template Item @param {Item[]} items @returns {Item[]} */
function shuffled(items) {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ item }) => item);
}
