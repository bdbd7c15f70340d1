/** The history: each battle that was voted on can be shared from its line. */

import { showSharing } from "./sharing.js";

for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".share"))) {
  showSharing(place, place.dataset.address ?? "", place.dataset.path || null);
}
