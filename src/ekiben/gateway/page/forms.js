/** What every tab's form does: choose among its models, and answer one call at a time with its failures shown. */

import { offer } from "./elements.js";
import { Failure } from "./failure.js";
import { show } from "./failure_box.js";
import { firstFault } from "./faults.js";
import { openKey } from "./key.js";

/** Offer the models of a task; with one alone there is nothing to choose. */
export function offerModels(select, models) {
  offer(select, models.map((model) => [model.id, model.id]));
  select.closest("[data-when-several]").hidden = models.length < 2;
}

/**
 * Call `run` when the form is sent. Its failures are shown in `place`, in words and at the field that they name.
 * While it runs, sending again does nothing.
 */
export function onSend(form, place, run) {
  const button = form.querySelector('[type="submit"]');
  let isRunning = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isRunning) return;
    isRunning = true;
    show(place, null, form);
    // Not disabled, which would take the keyboard's focus away.
    button.setAttribute("aria-disabled", "true");
    await guarded(place, form, async () => {
      const fault = firstFault(form);
      if (fault) throw fault;
      await run();
    });
    button.removeAttribute("aria-disabled");
    isRunning = false;
  });
}

/** Run it; what fails is shown. A person's own stop is no failure. */
export async function guarded(place, form, run) {
  try {
    await run();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Failure)) console.error(error);
    show(place, error instanceof Failure ? error : new Failure({ message: "Something failed on this page; its console has the reason." }), form);
    if (error.code === "invalid_api_key") openKey();
  }
}

/** A number field's value; undefined where it is empty, so that the server's default counts. */
export const numberOf = (field) => (field.value.trim() === "" ? undefined : field.valueAsNumber);

/** Without what nobody said. */
export const stated = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""));
