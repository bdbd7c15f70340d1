/** Code blocks: highlighted when their language is known, with a button that copies them. */

import { copyButton } from "./copying.js";
import { make } from "./dom.js";
import { pause } from "./server.js";

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
const LINES_TOGETHER = 60; // one layout of very many lines is not smooth
const SLICE = 8; // milliseconds of work before others get their turn

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

/** A code block: its bar, and its lines, a few dozen of them in each group. */
export class CodeBlock {
  /** The text of the last group, and how many lines it has room for. */
  #last = new Text();
  #room = 0;
  #length = 0;
  #isClosed = false;

  /** @param {string} language as it was written */
  constructor(language) {
    this.language = ALIASES[language.toLowerCase()] ?? language.toLowerCase();
    this.code = make("code", language ? { "data-language": language } : {});
    const bar = make("div", { class: "code-bar" }, make("span", {}, language), copyButton(() => this.code.textContent ?? ""));
    // It scrolls sideways, so the keyboard must reach it.
    this.element = make("div", { class: "code" }, bar, make("pre", { tabindex: "0" }, this.code));
  }

  /** @param {string} content that begins with what stands */
  grow(content) {
    let added = content.slice(this.#length);
    this.#length += added.length;
    while (added) {
      if (this.#room === 0) this.#startGroup();
      let end = 0;
      for (; this.#room > 0 && end < added.length; this.#room -= 1) {
        const lineEnd = added.indexOf("\n", end);
        end = lineEnd < 0 ? added.length : lineEnd + 1;
        if (lineEnd < 0) break;
      }
      this.#last.appendData(added.slice(0, end));
      added = added.slice(end);
    }
  }

  #startGroup() {
    this.#last = new Text();
    this.#room = LINES_TOGETHER;
    this.code.append(make("span", { class: "lines" }, this.#last));
  }

  /** The code is whole: give it its colours, where the language is known. */
  async close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!Object.hasOwn(GRAMMARS, this.language) || this.#length > LONGEST_HIGHLIGHTED) return;
    try {
      if (!ready.has(this.language)) await prepare(this.language);
    } catch {
      return; // the network was lost: the code stays plain
    }
    const source = this.code.textContent ?? "";
    const { value } = highlighter.highlight(source, { language: this.language, ignoreIllegals: true });
    const groups = linesIn(value, LINES_TOGETHER);
    let began = performance.now();
    for (const [at, place] of [...this.code.children].entries()) {
      const nodes = spansOf(groups[at] ?? "");
      // Colours change nothing but colours: else it was not the highlighter's work.
      if (nodes?.textContent === place.textContent) place.replaceChildren(nodes);
      if (performance.now() - began < SLICE) continue;
      await pause(0);
      began = performance.now();
    }
  }
}

/**
 * @param {string} html of nested spans
 * @param {number} lines in a group
 * @returns {string[]} the same in groups of lines: spans that go over an end are closed and reopened
 */
function linesIn(html, lines) {
  const groups = [];
  /** @type {string[]} */
  const open = [];
  let group = "";
  let room = lines;
  for (const [part] of html.matchAll(/<\/span>|<span[^>]*>|[^<\n]*\n|[^<\n]+/g)) {
    group += part;
    if (part.startsWith("</")) open.pop();
    else if (part.startsWith("<")) open.push(part);
    else if (part.endsWith("\n")) room -= 1;
    if (room > 0) continue;
    groups.push(group + "</span>".repeat(open.length));
    group = open.join("");
    room = lines;
  }
  groups.push(group);
  return groups;
}

/** @param {string} html @returns {DocumentFragment | null} null when there is more in it than spans */
function spansOf(html) {
  const fragment = document.createDocumentFragment();
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const { localName, attributes } of body.querySelectorAll("*")) {
    if (localName !== "span" || [...attributes].some(({ name }) => name !== "class")) return null;
  }
  fragment.append(...body.childNodes);
  return fragment;
}

/** Give the code blocks of finished Markdown their frames. @param {DocumentFragment} fragment */
export function frameCode(fragment) {
  for (const pre of fragment.querySelectorAll("pre")) {
    const code = pre.querySelector("code");
    if (!code) continue;
    const block = new CodeBlock(code.getAttribute("data-language") ?? "");
    block.grow(code.textContent ?? "");
    block.close();
    pre.replaceWith(block.element);
  }
}
