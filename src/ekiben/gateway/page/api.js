/** Asking this server. Whatever does not succeed is thrown as a Failure, but for what the person stopped (AbortError). */

import { Failure } from "./failure.js";
import { headers } from "./key.js";

// The page may stand below a path of a proxy's.
export const address = (path) => new URL(path, document.baseURI);

/** Ask, and return the response once its head says that it succeeds. */
export async function ask(path, { json, form, signal } = {}) {
  const options = { headers: headers(), signal, cache: "no-store", credentials: "omit" };
  if (json !== undefined) {
    Object.assign(options, { method: "POST", body: JSON.stringify(json) });
    options.headers["content-type"] = "application/json";
  } else if (form !== undefined) {
    Object.assign(options, { method: "POST", body: form });
  }
  const response = await reached(fetch(address(path), options));
  if (!response.ok) throw await Failure.ofResponse(response);
  return response;
}

export const askJson = async (path, options) => reached((await ask(path, options)).json());

/** The events of an answer that is streamed, each as its data; `[DONE]` ends it. */
export async function* askEvents(path, options) {
  const response = await ask(path, options);
  for await (const data of eventsOf(response.body)) {
    if (data === "[DONE]") return;
    const content = JSON.parse(data);
    if (content.error) throw Failure.ofPayload(content, content.status ?? 500);
    yield content;
  }
}

/** Server-sent events out of a body: only their data counts here. */
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reached(reader.read());
      if (done) return;
      const events = (rest + value).split(/\r?\n\r?\n/);
      rest = events.pop();
      for (const event of events) {
        const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
        if (data.length) yield data.map((line) => line.slice(5).trimStart()).join("\n");
      }
    }
  } finally {
    // Whoever stops reading has the server stop writing.
    reader.cancel().catch(() => {});
  }
}

async function reached(pending) {
  try {
    return await pending;
  } catch (error) {
    throw error.name === "AbortError" || error instanceof Failure ? error : Failure.unreachable();
  }
}
