// @ts-check
// Admission tests as they run: asks the server once in a while, and draws what changed.

const MILLISECONDS = 700;
const MARKS = { passed: "✓", adapted: "✓", lacking: "–", unknown: "?", failed: "✕", now: "", next: "" };

/**
 * @typedef {{title: string, outcome: keyof typeof MARKS, sentence?: string, detail?: string}} Step
 * @typedef {{endpoint: number, model: string, provider: string, state: string, open: boolean,
 *   verdict: string, steps: Step[]}} Test
 */

const page = /** @type {HTMLElement} */ (document.getElementById("tests"));
const cards = /** @type {HTMLElement} */ (page.querySelector(".tests-cards"));
/** @type {Map<number, string>} */
const drawn = new Map();

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
function element(tag, className, text = "") {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
}

/** @param {Step} step */
function line(step) {
    const row = element("li", `step step-${step.outcome}`);
    const mark = element("span", "step-mark", MARKS[step.outcome]);
    mark.setAttribute("aria-hidden", "true");
    const said = element("span", "step-said", step.sentence ?? "");
    if (step.detail) said.append(element("code", "step-detail", step.detail));
    row.append(mark, element("span", "step-title", step.title), said);
    return row;
}

/** @param {Test} test */
function card(test) {
    const made = element("section", `test test-${test.state}`);
    made.dataset.endpoint = String(test.endpoint);
    const head = element("header", "test-head");
    const name = document.createElement("h2");
    const link = /** @type {HTMLAnchorElement} */ (element("a", "", test.model));
    link.href = `../${test.endpoint}/change/`;
    name.append(link);
    head.append(name, element("span", "test-provider", test.provider));
    const steps = element("ol", "test-steps");
    steps.append(...test.steps.map(line));
    made.append(head, steps, element("p", "test-verdict", test.verdict));
    return made;
}

/** @param {Test[]} tests */
function draw(tests) {
    for (const test of tests) {
        const now = JSON.stringify(test);
        if (drawn.get(test.endpoint) === now) continue;
        drawn.set(test.endpoint, now);
        const old = cards.querySelector(`[data-endpoint="${test.endpoint}"]`);
        if (old) old.replaceWith(card(test));
        else cards.append(card(test));
    }
    return tests.some((test) => test.open);
}

async function follow() {
    const answer = await fetch(`${page.dataset.url}${location.search}`).catch(() => null);
    // A server that is away for a moment is asked again.
    const open = answer?.ok ? draw((await answer.json()).tests) : true;
    if (open) setTimeout(follow, MILLISECONDS);
}

const first = /** @type {HTMLElement} */ (document.getElementById("tests-now")).textContent;
if (draw(JSON.parse(first ?? "[]"))) setTimeout(follow, MILLISECONDS);
