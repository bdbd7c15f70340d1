/* The browser libraries are copied at set-up, so the type check knows them only as "anything". */

declare module "*/vendor/markdown-it.js";
declare module "*/vendor/markdown-it-cjk-friendly.js";
declare module "*/vendor/dompurify.js";
declare module "*/vendor/katex.js";
declare module "*/vendor/mhchem.js";
declare module "*/vendor/highlight/core.js";
declare module "*/vendor/vega-interpreter.js";
declare module "*.grammar.js";
