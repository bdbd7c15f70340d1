/** A picture in the prompt box: made smaller here, kept by the server, then shown, sent or removed. Loaded with the first. */

import { button, make } from "./dom.js";
import { announce, say } from "./words.js";

/** A picture that the server has. @typedef {{id: string, address: string}} Kept */

const LONG_SIDE = 1568; // pixels; the server draws none larger
const SMALL = 500_000; // bytes that are sent as they are
const QUALITY = 0.9;
const LONGEST_WAIT = 180_000; // milliseconds: a photo by a slow telephone

export class Attachment {
  /** Null until the server has it. @type {Kept | null} */
  kept = null;
  #ended = new AbortController();

  /**
   * @param {HTMLElement} place
   * @param {{onChange: () => void, onRemove: () => void, onProblem: (sentence: string) => void}} listener
   */
  constructor(place, listener) {
    this.place = place;
    this.listener = listener;
    this.frame = make("span", { class: "attached-picture" }, say("picture_coming"));
    const remove = button("×", () => this.listener.onRemove(), "icon quiet");
    remove.setAttribute("aria-label", say("picture_remove"));
    place.replaceChildren(this.frame, remove);
    place.hidden = false;
  }

  /** @param {Kept} kept */
  show(kept) {
    this.kept = kept;
    this.frame.replaceChildren(make("img", { src: kept.address, alt: say("picture") }));
    this.listener.onChange();
  }

  /** @param {File} file @param {string} address */
  async upload(file, address) {
    const wait = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(LONGEST_WAIT)]);
    try {
      const answer = await send(await smaller(file), address, wait);
      if (this.#ended.signal.aborted) return;
      if ("id" in answer) {
        this.show(answer);
        announce(say("picture_there"));
        return;
      }
      this.listener.onProblem(answer.message);
    } catch {
      if (this.#ended.signal.aborted) return;
      this.listener.onProblem(say("picture_failed"));
    }
    this.listener.onRemove();
  }

  remove() {
    this.#ended.abort();
    this.place.hidden = true;
    this.place.replaceChildren();
  }
}

/** @param {Blob} file @param {string} address @param {AbortSignal} signal
 * @returns {Promise<Kept | {message: string}>} what the server says of it */
async function send(file, address, signal) {
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  const headers = { "Content-Type": "application/octet-stream", "X-CSRFToken": token, Accept: "application/json" };
  const reply = await fetch(address, { method: "POST", headers, body: file, signal });
  return reply.json();
}

/** What the browser cannot read goes as it is: the server says what is wrong with it.
 * @param {File} file @returns {Promise<Blob>} */
async function smaller(file) {
  if (file.size <= SMALL) return file;
  try {
    const image = await createImageBitmap(file);
    const scale = Math.min(1, LONG_SIDE / Math.max(image.width, image.height));
    const canvas = make("canvas");
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    const pen = canvas.getContext("2d");
    if (!pen) return file;
    pen.fillStyle = "white"; // a JPEG has no transparency
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    return blob && blob.size < file.size ? blob : file;
  } catch {
    return file;
  }
}
