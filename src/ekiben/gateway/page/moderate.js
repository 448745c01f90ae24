/** The tab for moderation: whether a text, a picture or both together are harmful, and in which way. */

import { askJson } from "./api.js";
import { showCode } from "./code_box.js";
import { makeDrop } from "./drop.js";
import { barLine, byId, percent, say } from "./elements.js";
import { Failure } from "./failure.js";
import { offerModels, onSend } from "./forms.js";
import { curlJson, ekiben, lines, openai } from "./snippets.js";

const PATH = "v1/moderations";
const SHOWN = 12;

export function startModerate(models) {
  offerModels(byId("moderate-model"), models);
  const drop = makeDrop(byId("moderate-drop"));
  onSend(byId("moderate-form"), byId("moderate-failure"), () => moderate(drop));
}

async function moderate(drop) {
  const text = byId("moderate-text").value;
  if (!text.trim() && !drop.file) throw new Failure({ message: "There is nothing to judge yet: write a text or choose a picture.", param: "input", status: 400 });
  const model = byId("moderate-model").value;
  const input = drop.file ? [...(text.trim() ? [{ type: "text", text }] : []), imagePart(await dataUrl(drop.file))] : text;
  writeCode(model, text, drop);
  const answer = await askJson(PATH, { json: { model, input } });
  write(answer.results[0], answer.model);
}

const imagePart = (url) => ({ type: "image_url", image_url: { url } });

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Failure({ message: "The picture cannot be read.", param: "image" }));
    reader.readAsDataURL(file);
  });
}

function write(result, model) {
  const judged = Object.keys(result.category_scores).filter((name) => result.category_applied_input_types[name]?.length);
  const best = judged.sort((one, other) => result.category_scores[other] - result.category_scores[one]);
  const flagged = best.filter((name) => result.categories[name]);
  const words = result.flagged ? `Flagged: ${flagged.join(", ")}` : "Nothing is flagged.";
  byId("verdict").textContent = words;
  byId("moderate-scores").replaceChildren(
    ...best.slice(0, SHOWN).map((name) => barLine(name, percent(result.category_scores[name]), result.category_scores[name], result.categories[name])),
  );
  byId("moderate-result").hidden = false;
  say(byId("moderate-said"), `${words.replace(/\.$/, "")}, says ${model}; ${best.length} categories were looked for.`);
}

function writeCode(model, text, drop) {
  const reading = ["print(answer.results[0].flagged)", "print(answer.results[0].category_scores)"];
  const fields = { model, input: text };
  if (!drop.file) {
    showCode(byId("moderate-code"), [
      ["curl", curlJson(PATH, fields)],
      ["Python, openai", openai("moderations.create", lines.keywords(fields), reading)],
      ["Python, ekiben", ekiben("moderations.create", lines.keywords(fields), reading)],
    ]);
    return;
  }
  // A picture's base64 would fill the page: the code reads it from the file.
  const texts = text.trim() ? [text] : [];
  const type = drop.file.type || "image/png";
  const image = `{"type": "image_url", "image_url": {"url": f"data:${type};base64,{picture}"}}`;
  const parts = [...texts.map((each) => `{"type": "text", "text": ${JSON.stringify(each)}}`), image];
  const read = [`picture = base64.b64encode(Path(${JSON.stringify(drop.name)}).read_bytes()).decode()`];
  showCode(byId("moderate-code"), [
    ["Python, openai", openai("moderations.create", [...lines.keywords({ model }), lines.raw("input", `[${parts.join(", ")}]`)], reading, ["import base64", "from pathlib import Path"], read)],
    ["Python, ekiben", ekiben("moderations.create", [...lines.keywords({ model, input: texts }), lines.raw("images", `[${JSON.stringify(drop.name)}]`)], reading)],
  ]);
}
