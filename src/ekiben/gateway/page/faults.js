/** Fields of a form that are wrong: found by the server's name for them, and marked. */

import { element } from "./elements.js";
import { Failure } from "./failure.js";

/** The field for what the server names: `size`, `input[1]` or `messages[0].content`. */
export function fieldOf(form, param) {
  if (!param) return null;
  const name = param.replace(/\[(\d+)\]/g, ".$1");
  const names = [name, name.split(".").slice(0, 2).join("."), name.split(".")[0]];
  return names.map((each) => form.querySelector(`[name="${CSS.escape(each)}"]`)).find((field) => field && !field.closest("[hidden]")) ?? null;
}

export function mark(field, message) {
  const note = element("p", { className: "fault", id: `${field.id}-fault` }, message);
  field.setAttribute("aria-invalid", "true");
  field.dataset.describedBy = field.getAttribute("aria-describedby") ?? "";
  field.setAttribute("aria-describedby", `${note.id} ${field.dataset.describedBy}`.trim());
  field.closest("details")?.setAttribute("open", "");
  field.after(note);
}

export function unmark(form) {
  for (const field of form.querySelectorAll('[aria-invalid="true"]')) {
    field.removeAttribute("aria-invalid");
    document.getElementById(`${field.id}-fault`)?.remove();
    if (field.dataset.describedBy) field.setAttribute("aria-describedby", field.dataset.describedBy);
    else field.removeAttribute("aria-describedby");
  }
}

/** The form's own fields first: what is missing is said before anything is sent. */
export function firstFault(form) {
  const field = [...form.elements].find((each) => each.willValidate && !each.closest("[hidden]") && !isFilled(each));
  if (!field) return null;
  const label = form.querySelector(`label[for="${field.id}"]`)?.textContent.trim() ?? field.name;
  const blank = field.required && !field.value.trim() && !field.validity.badInput;
  return new Failure({ message: blank ? `${label} is empty.` : `${label}: ${field.validationMessage}`, code: "invalid_value", param: field.name, status: 400 });
}

const isFilled = (field) => field.validity.valid && !(field.required && !field.value.trim());
