/** The tab for pictures: a request becomes one drawing a picture, all at once; what comes of them goes into the gallery. */

import { showCode } from "./code_box.js";
import { drawFromPicture, drawFromText } from "./drawing.js";
import { byId, plural, say } from "./elements.js";
import { guarded, onSend } from "./forms.js";
import { Gallery } from "./gallery.js";
import { pictureCode } from "./picture_code.js";
import { PictureForm } from "./picture_form.js";
import { look } from "./status.js";
import { Tile } from "./tile.js";

export function startPictures(models) {
  const form = new PictureForm(models);
  const gallery = new Gallery({
    again: (settings, source) => (form.fill(settings, source), byId("prompt").focus()),
    startFrom: (picture) => (form.source.take(picture, "picture.png"), byId("prompt").focus()),
  });
  gallery.start();
  // On a phone the picture would be far below the settings.
  byId("picture-settings").open = matchMedia("(width >= 56rem)").matches;
  onSend(byId("picture-form"), byId("picture-failure"), () => draw(form, gallery));
}

// The drawings on the stage.
const shown = [];

async function draw(form, gallery) {
  const asked = form.read();
  const source = form.source.file;
  showCode(byId("picture-code"), pictureCode(asked, source && form.source.name));
  const { n = 1, ...request } = asked;
  const drawings = Array.from({ length: n }, (_, index) => new Drawing(index, n, { ...request, seed: request.seed + index }, source, gallery));
  shown.splice(0, shown.length, ...drawings).forEach((drawing) => drawing.tile.drop());
  byId("stage").replaceChildren(...drawings.map((drawing) => drawing.tile.root));
  byId("stage").scrollIntoView({ block: "nearest" });
  say(byId("picture-said"), `Drawing ${plural(n, "picture")}.`);
  const cancelAll = () => drawings.forEach((drawing) => drawing.cancel());
  byId("cancel-all").hidden = n < 2;
  byId("cancel-all").onclick = cancelAll;
  await Promise.all(drawings.map((drawing) => drawing.run()));
  byId("cancel-all").hidden = true;
  say(byId("picture-said"), summary(drawings));
  look();
}

function summary(drawings) {
  const counted = (state) => drawings.filter((drawing) => drawing.tile.state === state).length;
  const parts = [
    counted("done") && `${plural(counted("done"), "picture")} drawn`,
    counted("cancelled") && `${plural(counted("cancelled"), "picture")} cancelled${freed(drawings, counted("cancelled"))}`,
    counted("failed") && `${plural(counted("failed"), "picture")} failed`,
  ];
  return `${parts.filter(Boolean).join("; ")}.`;
}

const freed = (drawings, count) =>
  drawings.every(({ tile }) => tile.state !== "cancelled" || tile.isConfirmed) ? `, the server has freed ${count > 1 ? "their places" : "its place"}` : "";

/** One picture: a connection of its own, so that it can be called off alone; the server computes them together. */
class Drawing {
  constructor(index, count, request, source, gallery) {
    Object.assign(this, { request, source, gallery, stopping: new AbortController() });
    this.tile = new Tile(index + 1, count, request.size, () => this.cancel());
  }

  cancel() {
    this.stopping.abort();
  }

  async run() {
    const tell = (told, picture) => this.#take(told, picture);
    await guarded(byId("picture-failure"), byId("picture-form"), async () => {
      if (this.source) await drawFromPicture(this.request, this.source, tell, this.stopping.signal);
      else await drawFromText(this.request, tell, this.stopping.signal);
    });
    if (!["done", "cancelled"].includes(this.tile.state)) this.tile.failed();
  }

  #take(told, picture) {
    this.tile.take(told, picture);
    if (told.type === "image") this.#keep(told, picture);
    // One that was finished before the word reached the server is a picture like others.
    if (told.type === "cancelled" && this.tile.state !== "done") this.tile.cancelled(told.unconfirmed);
  }

  #keep(told, blob) {
    const settings = { ...this.request, ...factsOf(told) };
    let kept = null;
    const adding = this.gallery.add(blob, settings, this.source).then((picture) => (kept = picture));
    this.tile.finish(told, settings.prompt, async () => this.gallery.open(kept ?? (await adding)));
  }
}

const factsOf = ({ seed, num_inference_steps, guidance_scale, scheduler, model, model_version, width, height }) => ({
  seed,
  num_inference_steps,
  guidance_scale,
  scheduler,
  model,
  model_version,
  size: `${width}x${height}`,
});
