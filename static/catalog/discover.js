// @ts-check
// The form for a new endpoint: the usual address of a kind of server, and what a server offers.

const MOST_SHOWN = 200;

/** @typedef {{name: string, context: number | null, added: boolean, known: string}} Offered */
/** @typedef {{base_url: string, notes: string[], key: string}} Preset */

const panel = /** @type {HTMLElement} */ (document.getElementById("discover"));
const form = /** @type {HTMLFormElement} */ (panel.closest("form"));
const ask = /** @type {HTMLButtonElement} */ (panel.querySelector(".discover-ask"));
const found = /** @type {HTMLElement} */ (panel.querySelector(".discover-found"));
const list = /** @type {HTMLElement} */ (panel.querySelector(".discover-models"));
const notes = /** @type {HTMLElement} */ (panel.querySelector(".discover-notes"));
const count = /** @type {HTMLElement} */ (panel.querySelector(".discover-count"));
const more = /** @type {HTMLElement} */ (panel.querySelector(".discover-more"));
const search = /** @type {HTMLInputElement} */ (panel.querySelector("input[type=search]"));
const problem = /** @type {HTMLElement} */ (panel.querySelector(".discover-problem"));
/** @type {Record<string, Preset>} */
const presets = JSON.parse(document.getElementById("presets")?.textContent ?? "{}");

/** @type {Offered[]} */
let offered = [];
/** @type {Set<string>} */
const ticked = new Set();

/** @param {string} name */
const input = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

/** @param {Offered} model */
function row(model) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = ticked.has(model.name) || model.added;
    box.disabled = model.added;
    box.addEventListener("change", () => {
        if (box.checked) ticked.add(model.name);
        else ticked.delete(model.name);
        tell();
    });
    const name = document.createElement("span");
    name.className = "discover-name";
    name.textContent = model.name;
    const fact = document.createElement("span");
    fact.className = "discover-fact";
    const context = model.context ? `${model.context.toLocaleString("en")} tokens` : "";
    const known = model.known ? `known as ${model.known}` : "";
    fact.textContent = model.added
        ? "added already"
        : [known, context].filter(Boolean).join(", ");
    label.append(box, name, fact);
    const item = document.createElement("li");
    item.append(label);
    return item;
}

/** Says how many there are and carries the ticked ones in the form, shown or filtered away. */
function tell() {
    const some = ticked.size ? `, ${ticked.size} ticked` : "";
    count.textContent = `${offered.length.toLocaleString("en")} models${some}`;
    form.querySelectorAll("input[name=chosen]").forEach((old) => old.remove());
    for (const name of ticked) {
        const carried = document.createElement("input");
        carried.type = "hidden";
        carried.name = "chosen";
        carried.value = name;
        panel.append(carried);
    }
}

function draw() {
    const wanted = search.value.trim().toLowerCase();
    const fits = offered.filter((model) => model.name.toLowerCase().includes(wanted));
    list.replaceChildren(...fits.slice(0, MOST_SHOWN).map(row));
    more.hidden = fits.length <= MOST_SHOWN;
    more.textContent = `${(fits.length - MOST_SHOWN).toLocaleString("en")} more: filter by name.`;
    tell();
}

/** @param {string[]} sentences */
function note(sentences) {
    notes.replaceChildren(
        ...sentences.map((sentence) => {
            const item = document.createElement("li");
            item.textContent = sentence;
            return item;
        }),
    );
}

/** @param {string} sentence */
function complain(sentence) {
    problem.textContent = sentence;
    problem.hidden = !sentence;
}

async function discover() {
    const body = new FormData();
    for (const name of ["base_url", "api_key", "provider", "preset", "csrfmiddlewaretoken"]) {
        body.set(name, input(name)?.value ?? "");
    }
    ask.disabled = true;
    complain("");
    const answer = await fetch(panel.dataset.url ?? "", { method: "POST", body }).catch(() => null);
    ask.disabled = false;
    const said = await answer?.json().catch(() => null);
    if (!answer?.ok || !said) {
        complain(said?.problem ?? "The arena itself did not answer: try again.");
        return;
    }
    offered = said.models;
    ticked.clear();
    found.hidden = false;
    note(said.notes);
    if (!offered.length) complain("This server lists no models: enter the name by hand.");
    draw();
}

// Right below what it asks with.
form.querySelector("fieldset")?.after(panel);
ask.addEventListener("click", discover);
search.addEventListener("input", draw);
search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
});

const kind = input("preset");
const usual = () => Object.values(presets).map((preset) => preset.base_url);
kind.addEventListener("change", () => {
    const chosen = presets[kind.value];
    const url = input("base_url");
    if (chosen && (!url.value || usual().includes(url.value))) url.value = chosen.base_url;
    note(chosen?.notes ?? []);
    found.hidden = !chosen?.notes.length && !offered.length;
    search.closest("label")?.toggleAttribute("hidden", !offered.length);
});
