/** The strip in the head: how the models are. Asked for every few seconds while somebody can see it. */

import { ask } from "./api.js";
import { byId, element, plural } from "./elements.js";
import { Failure } from "./failure.js";

const EVERY_MS = 4000;
let timer = 0;

export function startStatus() {
  const panel = byId("status-panel");
  byId("status-toggle").addEventListener("click", (event) => {
    panel.hidden = !panel.hidden;
    event.currentTarget.setAttribute("aria-expanded", String(!panel.hidden));
    look();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
  look();
}

/** Look now, and again after a while. */
export async function look() {
  clearTimeout(timer);
  write(await report());
  if (!document.hidden) timer = setTimeout(look, EVERY_MS);
}

/** `/health`; it answers 503 where a part is unhealthy, with the same report. */
async function report() {
  try {
    return await (await ask("health")).json();
  } catch (failure) {
    return failure instanceof Failure ? failure : Failure.unreachable();
  }
}

function write(found) {
  const models = found instanceof Failure ? [] : found.components.filter((part) => part.kind === "model");
  setText(byId("status-summary"), found instanceof Failure ? trouble(found) : summary(found, models));
  byId("status-toggle").querySelector(".dot").dataset.status = found instanceof Failure ? (found.status === 503 ? "unhealthy" : "unknown") : found.status;
  byId("status-rows").replaceChildren(...models.map(row));
  const others = found instanceof Failure ? [] : found.components.filter((part) => part.detail);
  setText(byId("status-note"), found instanceof Failure ? found.message : others.map((part) => `${part.name}: ${part.detail}`).join(" "));
}

// Writing what is there already would disturb those who read or select it.
function setText(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

const trouble = (failure) => (failure.status === 401 ? "Key needed" : failure.code === "unreachable" ? "No connection" : failure.status === 503 ? "Unhealthy" : "State unknown");

function summary(found, models) {
  if (found.draining) return "Shutting down";
  const ready = models.filter((model) => model.status === "ok").length;
  const busy = models.reduce((sum, model) => sum + (model.measurements.items_in_flight ?? 0), 0);
  const words = ready === models.length ? `${plural(ready, "model")} ready` : `${ready} of ${plural(models.length, "model")} ready`;
  return busy ? `${words}, ${busy} in flight` : words;
}

const tasks = new Map();

/** Tell which model does what, for the table. */
export const noteTasks = (models) => models.forEach((model) => tasks.set(model.id, model.task));

function row(model) {
  const dot = element("span", { className: "dot", "data-status": model.status, "aria-hidden": "true" });
  const state = model.status === "ok" ? (model.state ?? "ready") : model.status;
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, model.name),
    element("td", {}, tasks.get(model.name) ?? ""),
    element("td", {}, element("span", { className: "state" }, dot, state)),
    element("td", {}, `${model.workers_ready} of ${model.workers_expected}`),
    element("td", {}, String(model.measurements.items_in_flight ?? 0)),
    element("td", {}, `${(model.measurements.memory_gib ?? 0).toFixed(1)} GiB`),
  );
}
