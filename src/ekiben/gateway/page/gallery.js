/** The gallery: this browser's pictures with what they were made with. */

import { byId, element, plural } from "./elements.js";
import * as store from "./store.js";

const FACTS = {
  prompt: "Prompt",
  negative_prompt: "Negative prompt",
  model: "Model",
  model_version: "Version",
  size: "Size",
  num_inference_steps: "Steps",
  guidance_scale: "Guidance",
  scheduler: "Scheduler",
  seed: "Seed",
  strength: "Strength",
  adapters: "Adapters",
};

export class Gallery {
  /** @param again called with settings and source picture; @param startFrom with the picture itself */
  constructor({ again, startFrom }) {
    this.pictures = [];
    this.urls = new Map();
    this.chosen = null;
    byId("picture-close").addEventListener("click", () => byId("picture-dialog").close());
    byId("picture-again").addEventListener("click", () => this.#leave(() => again(this.chosen.settings, this.chosen.source)));
    byId("picture-source").addEventListener("click", () => this.#leave(() => startFrom(this.chosen.blob)));
    byId("picture-delete").addEventListener("click", () => this.#leave(() => this.#drop([this.chosen])));
    byId("gallery-clear").addEventListener("click", (event) => this.#clear(event.currentTarget));
    byId("gallery-clear").addEventListener("blur", (event) => (event.currentTarget.textContent = "Clear"));
  }

  async start() {
    try {
      this.pictures = await store.all();
    } catch {
      this.#cannotKeep();
    }
    this.#write();
  }

  /** Keep a new picture; returns what it is kept as. */
  async add(blob, settings, source = null) {
    const picture = { id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, made: Date.now(), blob, settings, source };
    this.pictures.unshift(picture);
    await store.put(picture).catch(() => this.#cannotKeep());
    await this.#drop(store.beyond(this.pictures));
    return picture;
  }

  open(picture) {
    this.chosen = picture;
    const { settings } = picture;
    byId("picture-large").src = this.#url(picture);
    byId("picture-large").alt = settings.prompt;
    byId("picture-facts").replaceChildren(...Object.entries(FACTS).flatMap(([name, words]) => fact(words, settings[name])));
    byId("picture-download").href = this.#url(picture);
    byId("picture-download").download = fileName(picture);
    byId("picture-dialog").showModal();
  }

  #leave(act) {
    byId("picture-dialog").close();
    act();
  }

  async #drop(gone) {
    this.pictures = this.pictures.filter((picture) => !gone.includes(picture));
    if (gone.length) await store.remove(gone.map((picture) => picture.id)).catch(() => {});
    this.#write();
    for (const picture of gone) this.#forget(picture);
  }

  /** Asked twice, since nothing brings them back. */
  async #clear(button) {
    const question = `Clear ${plural(this.pictures.length, "picture")}?`;
    if (button.textContent !== question) {
      button.textContent = question;
      return;
    }
    await this.#drop(this.pictures);
    byId("gallery-title").scrollIntoView({ block: "nearest" });
    byId("prompt").focus();
  }

  #write() {
    byId("gallery-clear").hidden = this.pictures.length === 0;
    byId("gallery").replaceChildren(...this.pictures.map((picture) => element("li", {}, this.#button(picture))));
  }

  #button(picture) {
    const image = element("img", { src: this.#url(picture), alt: "", loading: "lazy" });
    const { prompt, seed } = picture.settings;
    return element("button", { type: "button", "aria-label": `Open: ${prompt}, seed ${seed}`, onclick: () => this.open(picture) }, image);
  }

  #url(picture) {
    if (!this.urls.has(picture.id)) this.urls.set(picture.id, URL.createObjectURL(picture.blob));
    return this.urls.get(picture.id);
  }

  #forget(picture) {
    URL.revokeObjectURL(this.urls.get(picture.id));
    this.urls.delete(picture.id);
  }

  #cannotKeep() {
    byId("gallery-hint").textContent = "This browser keeps nothing for pages: these pictures are gone when the page is closed.";
  }
}

function fact(words, value) {
  if (value === undefined || value === null || value === "") return [];
  const told = Array.isArray(value) ? value.map(({ name, weight }) => `${name} ${weight}`).join(", ") : String(value);
  return [element("dt", {}, words), element("dd", {}, told)];
}

function fileName({ settings, blob }) {
  const words = settings.prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu)?.slice(0, 6).join("-") || "picture";
  return `${words}-${settings.seed}.${blob.type.split("/")[1] ?? "png"}`;
}
