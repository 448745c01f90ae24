/** The call just made, written as curl and as Python, to be copied; a key never stands in it. */

import { address } from "./api.js";
import { isSet } from "./key.js";

const origin = () => address(".").href.replace(/\/$/, "");
const base = () => `${origin()}/v1`;

const quoted = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;

/** A JSON value as Python writes it. */
export function literal(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${literal(each)}`).join(", ")}}`;
  return JSON.stringify(value);
}

const keywords = (fields) => Object.entries(fields).map(([name, value]) => `    ${name}=${literal(value)},`);
const raw = (name, code) => `    ${name}=${code},`;

/** curl with a JSON body; `ending` is what reads the answer. */
export function curlJson(path, body, ending = "") {
  return [
    `curl ${quoted(address(path).href)}`,
    ...authorization(),
    "  -H 'content-type: application/json'",
    `  -d ${quoted(JSON.stringify(body))}${ending}`,
  ].join(" \\\n");
}

/** curl with a form; `files` are by field, the name that the file shall have. */
export function curlForm(path, fields, files, ending = "") {
  const parts = Object.entries(fields).map(([name, value]) => `  --form-string ${quoted(`${name}=${value}`)}`);
  const uploads = Object.entries(files).map(([name, file]) => `  -F ${quoted(`${name}=@${file}`)}`);
  return [`curl ${quoted(address(path).href)}`, ...authorization(), ...uploads, ...parts].join(" \\\n") + ending;
}

const authorization = () => (isSet() ? ['  -H "authorization: Bearer $EKIBEN_API_KEY"'] : []);

/** Python with OpenAI's client. */
export function openai(method, lines, reading, imports = [], before = []) {
  const key = isSet() ? 'os.environ["EKIBEN_API_KEY"]' : '"none"';
  const modules = [...(isSet() ? ["import os"] : []), ...imports].sort((one, other) => other.startsWith("import") - one.startsWith("import"));
  return [
    ...modules,
    ...(modules.length ? [""] : []),
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${literal(base())}, api_key=${key})`,
    ...before,
    ...call(method, lines),
    ...reading,
  ].join("\n");
}

/** Python with our own client, which finds the key in EKIBEN_API_KEY by itself. */
export function ekiben(method, lines, reading) {
  return ["from ekiben import Client", "", `client = Client(${literal(origin())})`, ...call(method, lines), ...reading].join("\n");
}

const call = (method, lines) => [`answer = client.${method}(`, ...lines, ")"];

export const lines = { keywords, raw };
