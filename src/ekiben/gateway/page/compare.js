/** The tab for embeddings: how alike two texts are. */

import { askJson } from "./api.js";
import { showCode } from "./code_box.js";
import { byId, say } from "./elements.js";
import { offerModels, onSend } from "./forms.js";
import { curlJson, ekiben, lines, openai } from "./snippets.js";

const PATH = "v1/embeddings";

export function startCompare(models) {
  offerModels(byId("compare-model"), models);
  onSend(byId("compare-form"), byId("compare-failure"), compare);
}

async function compare() {
  const body = { model: byId("compare-model").value, input: [byId("first-text").value, byId("second-text").value] };
  writeCode(body);
  const answer = await askJson(PATH, { json: body });
  const [first, second] = answer.data.map((each) => each.embedding);
  const alike = cosine(first, second);
  byId("similarity").textContent = alike.toFixed(3);
  byId("similarity-mark").style.setProperty("--share", `${(alike + 1) * 50}%`);
  byId("compare-result").hidden = false;
  say(byId("compare-said"), `Cosine similarity ${alike.toFixed(3)}, by ${answer.model} in ${first.length} dimensions.`);
}

function cosine(first, second) {
  const dot = (one, other) => one.reduce((sum, value, index) => sum + value * other[index], 0);
  return dot(first, second) / Math.sqrt(dot(first, first) * dot(second, second));
}

function writeCode(body) {
  const reading = ["first, second = (each.embedding for each in answer.data)", "print(sum(a * b for a, b in zip(first, second)))  # both have length 1"];
  showCode(byId("compare-code"), [
    ["curl", curlJson(PATH, body)],
    ["Python, openai", openai("embeddings.create", lines.keywords(body), reading)],
    ["Python, ekiben", ekiben("embeddings.create", lines.keywords(body), reading)],
  ]);
}
