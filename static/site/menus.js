/** The header: its menus close on a click elsewhere, on a choice, and on Escape; a new language keeps
 * the place; on a phone the links are scrolled to the one that is open. */

const menus = () => /** @type {NodeListOf<HTMLDetailsElement>} */ (
  document.querySelectorAll("details.menu[open]")
);

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  for (const menu of menus()) {
    if (!menu.contains(target) || target?.closest(".menu-list")) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

// Where one is may have changed since the page came: a battle has begun, a filter was set.
document.addEventListener("submit", ({ target: form }) => {
  if (!(form instanceof HTMLFormElement) || !form.matches(".menu-list")) return;
  const next = form.querySelector(":scope > input[name=next]");
  if (!(next instanceof HTMLInputElement)) return;
  const languages = [...form.querySelectorAll("button[name=language]")].map((button) => button.getAttribute("value"));
  const [, first = "", ...rest] = location.pathname.split("/");
  const path = languages.includes(first) ? `/${rest.join("/")}` : location.pathname;
  next.value = path + location.search;
});

// `nearest` moves nothing that is seen already; the margin of the links keeps clear of the fade.
document.querySelector(".site-nav [aria-current]")
  ?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
