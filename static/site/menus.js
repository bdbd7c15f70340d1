/** The header: its menus close on a click elsewhere, on a choice, and on Escape; on a phone its links
 * are scrolled to the one that is open. */

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

// `nearest` moves nothing that is seen already; the margin of the links keeps clear of the fade.
document.querySelector(".site-nav [aria-current]")
  ?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
