/** The API key: in memory, or in this tab's storage where the person asks for that; never in an address or a cookie. */

import { byId } from "./elements.js";

const STORED = "ekiben.key";
let key = stored() ?? "";

function stored() {
  try {
    return sessionStorage.getItem(STORED);
  } catch {
    return null; // A browser may refuse storage; then the key lives as long as the page.
  }
}

export const headers = () => (key ? { authorization: `Bearer ${key}` } : {});

/** Browsers let a page set no header of a WebSocket: the key goes as a subprotocol. */
export const subprotocols = (spoken) => (key ? [spoken, `ekiben.key.${key}`] : [spoken]);

export const isSet = () => key !== "";

function keep(value, isKept) {
  key = value;
  try {
    if (value && isKept) sessionStorage.setItem(STORED, value);
    else sessionStorage.removeItem(STORED);
  } catch {
    // As above.
  }
}

/** Wire the dialog; `changed` is called when there is another key, or none any more. */
export function startKey(changed) {
  const dialog = byId("key-dialog");
  byId("key-open").addEventListener("click", () => openKey());
  byId("key-close").addEventListener("click", () => dialog.close());
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const isForgotten = event.submitter?.value === "forget";
    keep(isForgotten ? "" : byId("key").value.trim(), byId("key-keep").checked);
    dialog.close();
    byId("key-open").textContent = key ? "Key: set" : "Key";
    changed();
  });
  byId("key-open").textContent = key ? "Key: set" : "Key";
}

export function openKey() {
  const dialog = byId("key-dialog");
  if (dialog.open) return;
  byId("key").value = key;
  byId("key-keep").checked = stored() !== null;
  dialog.showModal();
}
