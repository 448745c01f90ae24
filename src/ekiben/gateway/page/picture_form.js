/** The form for pictures: filled with what a model takes and does by default, read as the API's own fields. */

import { makeDrop } from "./drop.js";
import { byId, element, offer } from "./elements.js";
import { numberOf, offerModels, stated } from "./forms.js";

const OWN = "own";
const RATIOS = [[1, 1], [4, 3], [3, 4], [16, 9], [9, 16]];
const SEEDS = 2 ** 32;

export class PictureForm {
  /** @param models those that draw; @param changed called when the source picture is another one */
  constructor(models) {
    this.models = models;
    this.source = makeDrop(byId("source-drop"), {
      labelledBy: "source-label",
      changed: (file) => (byId("strength-field").hidden = !file),
    });
    offerModels(byId("picture-model"), models);
    byId("picture-model").addEventListener("change", () => this.adapt());
    byId("size").addEventListener("change", () => this.#showOwnSize());
    byId("strength").addEventListener("input", () => this.#showStrength());
    byId("new-seed").addEventListener("change", () => this.#freeSeed());
    this.#freeSeed();
    this.adapt();
  }

  get images() {
    return this.models.find((model) => model.id === byId("picture-model").value).images;
  }

  /** Fit limits, defaults and choices to the model. */
  adapt() {
    const { images } = this;
    bound(byId("steps"), 1, images.max_steps, images.default_steps);
    bound(byId("guidance"), 0, images.max_guidance_scale, images.default_guidance_scale);
    bound(byId("count"), 1, images.max_images, 1);
    for (const side of ["width", "height"]) bound(byId(side), images.min_side, images.max_side, images.default_size[side === "width" ? 0 : 1], images.size_multiple);
    byId("guidance").closest(".field").hidden = images.max_guidance_scale === 0;
    byId("negative-field").hidden = !images.negative_prompt;
    byId("source-field").hidden = !images.edits;
    if (!images.edits) this.source.clear();
    byId("size").value = "";
    offer(byId("size"), sizesOf(images));
    offer(byId("scheduler"), images.schedulers.map((name) => [name, name]));
    this.#offerAdapters(images.adapters);
    this.#showOwnSize();
  }

  /** What to draw, in the API's words; a new seed is drawn here, so that it can be seen. */
  read() {
    if (byId("new-seed").checked) byId("seed").value = String(Math.floor(Math.random() * SEEDS));
    return stated({
      model: byId("picture-model").value,
      prompt: byId("prompt").value,
      negative_prompt: this.images.negative_prompt ? byId("negative").value.trim() : undefined,
      size: byId("size").value === OWN ? `${byId("width").value}x${byId("height").value}` : byId("size").value,
      n: numberOf(byId("count")),
      num_inference_steps: numberOf(byId("steps")),
      guidance_scale: byId("guidance").closest(".field").hidden ? undefined : numberOf(byId("guidance")),
      scheduler: byId("scheduler").value,
      seed: numberOf(byId("seed")),
      adapters: this.#adapters(),
      strength: this.source.file ? byId("strength").valueAsNumber : undefined,
    });
  }

  /** Fill in what a picture was made with; the seed is kept, so that it is the same picture again. */
  fill(settings, source) {
    if (this.models.some((model) => model.id === settings.model)) byId("picture-model").value = settings.model;
    this.adapt();
    byId("prompt").value = settings.prompt;
    byId("negative").value = settings.negative_prompt ?? "";
    byId("steps").value = settings.num_inference_steps;
    byId("guidance").value = settings.guidance_scale;
    byId("seed").value = settings.seed;
    byId("new-seed").checked = false;
    byId("scheduler").value = settings.scheduler;
    byId("strength").value = settings.strength ?? 0.8;
    this.#fillSize(settings.size);
    for (const { name, weight } of settings.adapters ?? []) this.#adapterField(name)?.setAttribute("value", weight);
    if (this.images.edits) this.source.take(source ?? null, "picture.png");
    this.#freeSeed();
    this.#showStrength();
  }

  #fillSize(size) {
    const isOffered = [...byId("size").options].some((option) => option.value === size);
    byId("size").value = isOffered ? size : OWN;
    [byId("width").value, byId("height").value] = size.split("x");
    this.#showOwnSize();
  }

  #showOwnSize() {
    byId("own-size").hidden = byId("size").value !== OWN;
  }

  #showStrength() {
    byId("strength-shown").textContent = byId("strength").value;
  }

  #freeSeed() {
    byId("seed").readOnly = byId("new-seed").checked;
  }

  #offerAdapters(adapters) {
    const fields = Object.entries(adapters).map(([name, most], index) => {
      const id = `adapter-${index}`;
      const amount = element("input", { id, "data-adapter": name, type: "number", inputmode: "decimal", step: "any", min: String(-most), max: String(most), value: "0" });
      return element("div", { className: "field" }, element("label", { for: id }, name), amount);
    });
    byId("adapters").hidden = fields.length === 0;
    byId("adapters").replaceChildren(byId("adapters").querySelector("legend"), ...fields);
  }

  #adapterField = (name) => byId("adapters").querySelector(`[data-adapter="${CSS.escape(name)}"]`);

  #adapters() {
    const named = [...byId("adapters").querySelectorAll("input")].map((field) => ({ name: field.dataset.adapter, weight: field.valueAsNumber || 0 }));
    const used = named.filter((adapter) => adapter.weight !== 0);
    return used.length ? used : undefined;
  }
}

function bound(field, min, max, value, step) {
  Object.assign(field, { min: String(min), max: String(max), value: String(value) });
  if (step) field.step = String(step);
}

/** A few sizes of about the default's area, in the model's multiples and limits; the default is the first. */
function sizesOf(images) {
  const [width, height] = images.default_size;
  const sides = RATIOS.map(([across, down]) => {
    const scale = Math.sqrt((width * height) / (across * down));
    return [fitted(across * scale, images), fitted(down * scale, images)];
  }).filter(([across, down]) => across * down <= images.max_pixels);
  const sizes = [...new Set([[width, height], ...sides].map((size) => size.join("x")))];
  const options = sizes.map((size) => [size, size.replace("x", " × ")]);
  return images.min_side === images.max_side ? options : [...options, [OWN, "Other…"]];
}

const fitted = (side, { min_side, max_side, size_multiple }) =>
  Math.max(min_side, Math.min(max_side, Math.round(side / size_multiple) * size_multiple));
