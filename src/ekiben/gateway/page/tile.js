/** One picture on its way: what it looks like so far, how far it is, and a button to call it off. */

import { element, seconds } from "./elements.js";

// Below this, more of a prompt was guessed than understood.
const SURE = 0.5;
const LISTED = 3;

/** What is to be said of a prompt that a model with a list of things did not quite understand. */
function doubt(match) {
  if (!match || match.score >= SURE) return "";
  if (match.unknown.length) return `. It does not know ${match.unknown.slice(0, LISTED).map((word) => `“${word}”`).join(", ")}`;
  return match.things.length ? `. It took this for: ${match.things.slice(0, LISTED).join(", ")}` : "";
}

export class Tile {
  /** @param number counted from 1, of @param count; @param cancel called when the person has had enough */
  constructor(number, count, size, cancel) {
    this.name = count > 1 ? `Picture ${number}` : "The picture";
    this.state = "waiting";
    this.previews = 0;
    this.image = element("img", { alt: "", hidden: true });
    this.progress = element("progress", { max: 1, value: 0, "aria-label": `Progress of ${this.name.toLowerCase()}` });
    this.words = element("span", { className: "words" }, "Waiting…");
    this.button = element("button", { type: "button", className: "quiet", "aria-label": `Cancel ${this.name.toLowerCase()}`, onclick: () => this.#stop(cancel) }, "Cancel");
    this.foot = element("div", { className: "bar" }, this.words, this.button);
    const view = element("div", { className: "view" }, this.image);
    view.style.setProperty("--ratio", size.replace("x", " / "));
    this.root = element("figure", { className: "tile is-under-way", "data-state": "waiting" }, view, this.progress, this.foot);
  }

  /** Take a message of the drawing. */
  take(told, picture) {
    if (told.steps) this.#step(told);
    if (told.type === "started") this.words.textContent = "Starting…";
    if (picture) this.#show(picture);
    if (told.type === "preview") this.root.dataset.previews = String((this.previews += 1));
  }

  /** The picture is there; `open` shows it large. */
  finish(facts, alt, open) {
    this.#end("done");
    this.image.alt = alt;
    const times = facts.timings_ms ?? {};
    const total = ["queue", "encode", "denoise", "decode"].reduce((sum, stage) => sum + (times[stage] ?? 0), 0);
    this.words.textContent = `Seed ${facts.seed}${total ? `, ${seconds(total)}` : ""}${doubt(facts.prompt_match)}`;
    this.#replaceButton(element("button", { type: "button", className: "quiet", "aria-label": `Open ${this.name.toLowerCase()}`, onclick: open }, "Open"));
  }

  /** It was called off; `unconfirmed` where the server had no way to say so. */
  cancelled(unconfirmed) {
    this.#end("cancelled");
    this.words.textContent = `Cancelled${this.steps ? ` after step ${this.steps}` : ""}${unconfirmed ? "." : "; its place is free."}`;
    this.isConfirmed = !unconfirmed;
    this.#replaceButton(null);
  }

  failed() {
    this.#end("failed");
    this.words.textContent = "Failed.";
    this.#replaceButton(null);
  }

  /** It leaves the page: the browser may forget its picture. */
  drop() {
    if (this.image.src) URL.revokeObjectURL(this.image.src);
  }

  #step({ step, steps }) {
    if (step === undefined) return; // how many there will be, before the first
    this.steps = step;
    Object.assign(this.progress, { max: steps, value: step });
    if (this.state !== "stopping") this.words.textContent = `Step ${step} of ${steps}`;
  }

  #show(picture) {
    const before = this.image.src;
    this.image.src = URL.createObjectURL(picture);
    this.image.hidden = false;
    if (before) URL.revokeObjectURL(before);
  }

  #stop(cancel) {
    this.state = this.root.dataset.state = "stopping";
    this.words.textContent = "Cancelling…";
    cancel();
  }

  #end(state) {
    this.state = this.root.dataset.state = state;
    this.root.classList.remove("is-under-way");
    this.progress.hidden = true;
  }

  /** Whoever was at the button stays near it. */
  #replaceButton(button) {
    const hadFocus = document.activeElement === this.button;
    if (button) this.button.replaceWith(button);
    else this.button.remove();
    if (hadFocus) (button ?? document.querySelector("#picture-form [type=submit]")).focus();
    this.button = button;
  }
}
