// A classic script in <head>: it sets the remembered theme before anything is painted.
(() => {
  "use strict";
  const root = document.documentElement;
  root.dataset.scripted = ""; // hides the sentence for browsers without scripts
  /** @returns {string} "auto", "light" or "dark" */
  const remembered = () => {
    try {
      return localStorage.getItem("theme") ?? "auto";
    } catch {
      return "auto"; // storage refused: the system's choice holds
    }
  };
  /** @param {string} theme */
  const show = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      const chosen = button.getAttribute("data-theme-choice") === theme;
      button.setAttribute("aria-current", String(chosen));
    }
  };
  // By now the battle page's scripts have run, or this browser is too old for them: then it is told.
  addEventListener("load", () => {
    if (document.querySelector("[data-stage]:not([data-running])")) delete root.dataset.scripted;
  });
  show(remembered());
  document.addEventListener("DOMContentLoaded", () => show(remembered()));
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const theme = target?.closest("[data-theme-choice]")?.getAttribute("data-theme-choice");
    if (!theme) return;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // remembered for this page only
    }
    show(theme);
    document.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  });
})();
