// Draws the page's Vega-Lite specifications in its colours, under a content policy that allows no
// evaluated code: expressions run in the interpreter.

import { expressionInterpreter } from "../vendor/vega-interpreter.js";
import { colour, onThemeChange } from "../site/colours.js";

// Parameter of the specification and token of the page.
const INKS = {
  open: "--open",
  closed: "--closed",
  unknown: "--unknown",
  accent: "--accent",
  text: "--text",
  quiet: "--text-quiet",
  line: "--line",
  page: "--page",
};

/** @param {{ params?: { name: string, value: unknown }[], config: { font?: string } }} spec */
function inPageColours(spec) {
  const drawn = structuredClone(spec);
  for (const parameter of drawn.params ?? []) {
    const token = INKS[/** @type {keyof typeof INKS} */ (parameter.name)];
    if (token) parameter.value = colour(token);
  }
  return drawn;
}

/** @param {Element} frame */
async function draw(frame) {
  const { vega, vegaLite } = /** @type {any} */ (globalThis);
  const source = document.getElementById(frame.getAttribute("data-chart") ?? "");
  const spec = inPageColours(JSON.parse(source?.textContent ?? "{}"));
  spec.config.font = getComputedStyle(frame).fontFamily;
  const runtime = vega.parse(vegaLite.compile(spec).spec, undefined, { ast: true });
  const view = new vega.View(runtime, {
    expr: expressionInterpreter,
    renderer: "svg",
    container: frame,
    hover: false,
  });
  await view.runAsync();
  return view;
}

for (const frame of document.querySelectorAll("[data-chart]")) {
  let drawing = draw(frame);
  onThemeChange(() => {
    drawing = drawing.then((view) => {
      view.finalize();
      return draw(frame);
    });
  });
}
