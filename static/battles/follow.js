/** Keeps the end of a growing page in sight, until the reader scrolls up; the end takes it up again. */

const NEAR_END = 48; // pixels

const root = document.documentElement;
let following = false;
let last = 0;

const distance = () => root.scrollHeight - innerHeight - scrollY;

addEventListener("scroll", () => {
  if (scrollY < last - 2) following = false;
  else if (distance() < NEAR_END) following = true;
  last = scrollY;
}, { passive: true });

addEventListener("wheel", (event) => {
  if (event.deltaY < 0) following = false;
}, { passive: true });

/** A new turn begins: follow it. */
export function startFollowing() {
  following = true;
  follow();
}

export function stopFollowing() {
  following = false;
}

/** The page has grown. */
export function follow() {
  if (following && distance() > 1) scrollTo({ top: root.scrollHeight, behavior: "instant" });
}
