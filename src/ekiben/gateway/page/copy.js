/** Copying text. */

import { element } from "./elements.js";

/** A button that copies a text, or what a function gives when it is pressed. */
export function copyButton(text, words = "Copy") {
  const read = typeof text === "function" ? text : () => text;
  return element("button", { type: "button", className: "copy quiet", onclick: (event) => copy(read(), event.currentTarget, words) }, words);
}

async function copy(text, button, words) {
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  button.textContent = done ? "Copied" : "Select and copy it";
  setTimeout(() => (button.textContent = words), 2000);
}
