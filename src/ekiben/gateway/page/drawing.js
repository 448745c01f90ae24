/**
 * Having one picture drawn. Each way tells the same messages as they come, as `WS /v1/images/stream` has them: `queued`,
 * `started`, `progress`, `preview` and `image` (both with a picture, a Blob), and at the end `completed` or `cancelled`.
 */

import { address, ask, askEvents } from "./api.js";
import { Failure } from "./failure.js";
import { subprotocols } from "./key.js";

const SPOKEN = "ekiben.images";
export const PREVIEWS = 3;

/** From text, over a WebSocket: every step is told, and cancelling is confirmed. */
export function drawFromText(request, tell, signal) {
  return new Promise((resolve, reject) => {
    const url = address("v1/images/stream");
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, subprotocols(SPOKEN));
    socket.binaryType = "arraybuffer";
    let isOpen = false;
    let coming = null; // the message whose picture is the next one

    const take = (told, picture) => {
      if (told.type === "error") return end(() => reject(Failure.ofPayload(told, told.status)));
      tell(told, picture && new Blob([picture], { type: `image/${told.output_format}` }));
      if (told.type === "completed" || told.type === "cancelled") end(resolve);
    };
    const end = (settle) => {
      settle();
      socket.close();
    };
    socket.onopen = () => {
      isOpen = true;
      socket.send(JSON.stringify({ ...request, partial_images: PREVIEWS, binary: true }));
      if (signal.aborted) cancel();
    };
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") return take(coming, data);
      const told = JSON.parse(data);
      if ("bytes" in told) coming = told;
      else take(told);
    };
    socket.onclose = async () => reject(isOpen ? lost() : await refusal());
    const cancel = () => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ type: "cancel" }));
    signal.addEventListener("abort", cancel, { once: true });
  });
}

const lost = () => new Failure({ message: "The connection was lost while the picture was drawn. Try again.", code: "worker_lost", status: 503 });

/** A page is not told why its socket was refused; what any other call says is the reason. */
async function refusal() {
  try {
    await ask("v1/models");
    return new Failure({ message: "The server refused the connection for previews.", status: 503 });
  } catch (failure) {
    return failure;
  }
}

/** From another picture: as server-sent events, since a socket takes no files. Stopping closes the connection. */
export async function drawFromPicture(request, source, tell, signal) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...request, stream: true, partial_images: PREVIEWS })) {
    form.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  form.append("image", source, "source.png");
  try {
    for await (const event of askEvents("v1/images/edits", { form, signal })) {
      const isDone = event.type === "image_edit.completed";
      tell({ ...event, type: isDone ? "image" : "preview" }, blobOf(event));
    }
    tell({ type: "completed" });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    tell({ type: "cancelled", unconfirmed: true }); // a closed connection gets no answer
  }
}

function blobOf({ b64_json, output_format }) {
  const bytes = Uint8Array.from(atob(b64_json), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: `image/${output_format}` });
}
