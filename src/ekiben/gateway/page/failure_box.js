/** Showing what went wrong, in words. */

import { copyButton } from "./copy.js";
import { element } from "./elements.js";
import { fieldOf, mark, unmark } from "./faults.js";

/** What stands above the server's own words. */
const HEADS = {
  content_blocked: "Refused by this server's moderation policy",
  invalid_api_key: "A key is needed",
  permission_denied: "Not allowed",
  unreachable: "No connection",
  deadline_exceeded: "It took too long",
  worker_lost: "The model's process was lost",
  model_unloaded: "The model is unloaded",
  out_of_memory: "Too large for the device",
  shutting_down: "The server is shutting down",
};

const headOf = (failure) =>
  HEADS[failure.code] ??
  (failure.status === 429 ? "Too much to do right now" : failure.status >= 500 ? "The server failed" : "This cannot be done");

/** Show a failure in a place; null clears it. Fields of the form that it names are marked. */
export function show(place, failure, form = null) {
  place.replaceChildren();
  if (form) unmark(form);
  if (!failure) return;
  const field = form && fieldOf(form, failure.param);
  if (field) mark(field, failure.message);
  place.append(
    element(
      "div",
      { className: "failure" },
      element("div", { role: "alert" }, element("strong", {}, headOf(failure)), element("p", {}, failure.message)),
      metaOf(failure),
    ),
  );
  field?.focus();
}

/** Out of the alert, so that a countdown is not read out every second. */
function metaOf(failure) {
  const parts = [];
  if (failure.waitMs !== null && failure.status === 429) parts.push(countdown(failure.waitMs));
  if (failure.requestId) parts.push(element("span", {}, "Request ", element("code", {}, failure.requestId)), copyButton(failure.requestId));
  return parts.length ? element("div", { className: "meta" }, ...parts) : null;
}

function countdown(waitMs) {
  const until = performance.now() + waitMs;
  const words = element("span", { className: "countdown" });
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    words.textContent = left > 0 ? `Try again in ${left} s.` : "You can try again now.";
    if (left > 0) setTimeout(() => (words.isConnected ? tick() : undefined), 250);
  };
  tick();
  return words;
}
