/** A request for pictures as code: the call that gives all of them at once, which are the same ones. */

import { curlForm, curlJson, ekiben, lines, openai } from "./snippets.js";

const OPENAI_FIELDS = ["model", "prompt", "n", "size"];
const SAVED = "picture";

/** @param asked in the API's words; @param file the source picture's name, or null */
export function pictureCode(asked, file) {
  const request = { ...asked, response_format: "b64_json" };
  const [known, others] = apart(request);
  const method = file ? "images.edit" : "images.generate";
  const image = file ? [lines.raw("image", `open(${JSON.stringify(file)}, "rb")`)] : [];
  const curl = file ? curlForm("v1/images/edits", formFields(asked), { image: file }, UNPACK) : curlJson("v1/images/generations", asked, UNPACK);
  return [
    ["curl", curl],
    ["Python, openai", openai(method, [...image, ...lines.keywords(known), ...lines.keywords({ extra_body: others })], SAVING, ["import base64", "from pathlib import Path"])],
    ["Python, ekiben", ekiben(method, [...(file ? [lines.raw("image", JSON.stringify(file))] : []), ...lines.keywords(asked)], OUR_SAVING)],
  ];
}

const UNPACK = " \\\n  | jq -r '.data[0].b64_json' | base64 -d > picture.png";

const SAVING = [
  "for number, image in enumerate(answer.data):",
  `    Path(f"${SAVED}-{number}.png").write_bytes(base64.b64decode(image.b64_json))`,
];

const OUR_SAVING = ["for number, image in enumerate(answer.data):", `    image.save(f"${SAVED}-{number}.png")`];

const formFields = (asked) => Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : value]));

/** What OpenAI's client has names for, and the rest. */
function apart(request) {
  const names = [...OPENAI_FIELDS, "response_format"];
  const entries = Object.entries(request);
  return [Object.fromEntries(entries.filter(([name]) => names.includes(name))), Object.fromEntries(entries.filter(([name]) => !names.includes(name)))];
}
