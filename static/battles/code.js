/** Code blocks: highlighted when their language is known, with a button that copies them. */

import { button, make } from "./dom.js";
import { say } from "./words.js";

/** Written out, so that the hashed names of the files are known when they are collected.
 * @type {Record<string, () => Promise<any>>} */
const GRAMMARS = {
  bash: () => import("../vendor/highlight/bash.grammar.js"),
  c: () => import("../vendor/highlight/c.grammar.js"),
  cpp: () => import("../vendor/highlight/cpp.grammar.js"),
  csharp: () => import("../vendor/highlight/csharp.grammar.js"),
  css: () => import("../vendor/highlight/css.grammar.js"),
  diff: () => import("../vendor/highlight/diff.grammar.js"),
  dockerfile: () => import("../vendor/highlight/dockerfile.grammar.js"),
  go: () => import("../vendor/highlight/go.grammar.js"),
  java: () => import("../vendor/highlight/java.grammar.js"),
  javascript: () => import("../vendor/highlight/javascript.grammar.js"),
  json: () => import("../vendor/highlight/json.grammar.js"),
  kotlin: () => import("../vendor/highlight/kotlin.grammar.js"),
  latex: () => import("../vendor/highlight/latex.grammar.js"),
  lua: () => import("../vendor/highlight/lua.grammar.js"),
  markdown: () => import("../vendor/highlight/markdown.grammar.js"),
  php: () => import("../vendor/highlight/php.grammar.js"),
  python: () => import("../vendor/highlight/python.grammar.js"),
  r: () => import("../vendor/highlight/r.grammar.js"),
  ruby: () => import("../vendor/highlight/ruby.grammar.js"),
  rust: () => import("../vendor/highlight/rust.grammar.js"),
  scala: () => import("../vendor/highlight/scala.grammar.js"),
  sql: () => import("../vendor/highlight/sql.grammar.js"),
  swift: () => import("../vendor/highlight/swift.grammar.js"),
  typescript: () => import("../vendor/highlight/typescript.grammar.js"),
  xml: () => import("../vendor/highlight/xml.grammar.js"),
  yaml: () => import("../vendor/highlight/yaml.grammar.js"),
};
/** @type {Record<string, string>} */
const ALIASES = {
  "c#": "csharp", "c++": "cpp", cc: "cpp", console: "bash", cs: "csharp", docker: "dockerfile",
  golang: "go", h: "c", hpp: "cpp", html: "xml", js: "javascript", jsx: "javascript", kt: "kotlin",
  md: "markdown", patch: "diff", py: "python", python3: "python", rb: "ruby", rs: "rust",
  sh: "bash", shell: "bash", svg: "xml", tex: "latex", ts: "typescript", tsx: "typescript",
  yml: "yaml", zsh: "bash",
};
const LONGEST_HIGHLIGHTED = 50_000; // characters; longer code stays plain

/** @type {any} */
let highlighter = null;
/** @type {Set<string>} */
const ready = new Set();

/** @param {string} language @returns {Promise<void>} */
async function prepare(language) {
  const [core, grammar] = await Promise.all([
    import("../vendor/highlight/core.js"),
    GRAMMARS[language]?.(),
  ]);
  highlighter ??= core.default;
  highlighter.registerLanguage(language, grammar.default);
  ready.add(language);
}

/**
 * Build the highlighter's nested spans as nodes: nothing is parsed as HTML.
 *
 * @param {HTMLElement} code
 * @param {string} language
 */
function highlight(code, language) {
  const { value } = highlighter.highlight(code.textContent ?? "", { language, ignoreIllegals: true });
  const parsed = new DOMParser().parseFromString(value, "text/html").body;
  for (const element of parsed.querySelectorAll("*")) {
    if (element.localName !== "span") return; // not the highlighter's work: leave it plain
  }
  code.replaceChildren(...parsed.childNodes);
}

/**
 * Give each code block its frame, its copy button and, once it is whole, its colours.
 *
 * @param {DocumentFragment} fragment
 * @param {boolean} whole whether the code can no longer grow
 */
export function decorate(fragment, whole) {
  for (const pre of fragment.querySelectorAll("pre")) {
    const code = /** @type {HTMLElement | null} */ (pre.querySelector("code"));
    if (!code) continue;
    const written = code.getAttribute("data-language") ?? "";
    const bar = make("div", { class: "code-bar" }, make("span", {}, written), copyButton(code));
    const frame = make("div", { class: "code" }, bar);
    pre.replaceWith(frame);
    pre.tabIndex = 0; // it scrolls sideways, so the keyboard must reach it
    frame.append(pre);
    const language = ALIASES[written.toLowerCase()] ?? written.toLowerCase();
    const length = code.textContent?.length ?? 0;
    if (!whole || !Object.hasOwn(GRAMMARS, language) || length > LONGEST_HIGHLIGHTED) continue;
    if (ready.has(language)) highlight(code, language);
    else prepare(language).then(() => highlight(code, language), () => {}); // else it stays plain
  }
}

/** @param {HTMLElement} code */
function copyButton(code) {
  const copy = button(say("copy"), async () => {
    await navigator.clipboard.writeText(code.textContent ?? "");
    copy.textContent = say("copied");
    setTimeout(() => (copy.textContent = say("copy")), 1500);
  }, "quiet copy");
  return copy;
}
