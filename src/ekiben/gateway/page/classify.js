/** The tab for classification: a picture in, labels out. */

import { askJson } from "./api.js";
import { showCode } from "./code_box.js";
import { makeDrop } from "./drop.js";
import { barLine, byId, percent, say } from "./elements.js";
import { Failure } from "./failure.js";
import { numberOf, offerModels, onSend, stated } from "./forms.js";
import { curlForm, ekiben, lines } from "./snippets.js";

const PATH = "v1/images/classifications";

export function startClassify(models) {
  const form = byId("classify-form");
  offerModels(byId("classify-model"), models);
  const drop = makeDrop(byId("classify-drop"), { changed: (file) => file && form.requestSubmit() });
  onSend(form, byId("classify-failure"), () => classify(drop));
}

async function classify(drop) {
  if (!drop.file) throw new Failure({ message: "There is no picture yet: drop one, paste one or choose one.", param: "image", status: 400 });
  const fields = stated({ model: byId("classify-model").value, top_k: numberOf(byId("top-k")) });
  writeCode(fields, drop.name);
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("image", drop.file, drop.name);
  const answer = await askJson(PATH, { form });
  byId("classify-labels").replaceChildren(...answer.data.map((each, index) => barLine(each.label, percent(each.score), each.score, index === 0)));
  byId("classify-result").hidden = false;
  const best = answer.data[0];
  say(byId("classify-said"), `Most likely ${best.label}, ${percent(best.score)}, says ${answer.model}.`);
}

function writeCode(fields, name) {
  const reading = ["for label in answer.data:", '    print(f"{label.score:.3f} {label.label}")'];
  const { model, ...others } = fields;
  showCode(byId("classify-code"), [
    ["curl", curlForm(PATH, fields, { image: name })],
    ["Python", ekiben("images.classify", [`    ${JSON.stringify(name)},`, ...lines.keywords({ model, ...others })], reading)],
  ]);
}
