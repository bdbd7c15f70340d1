/** Closes the header's menus on a click elsewhere, on a choice, and on Escape. */

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
