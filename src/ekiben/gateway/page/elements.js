/** Building the page. Text is only ever set as text: what a model, a file or a person says is never read as HTML. */

export const byId = (id) => document.getElementById(id);

/** An element with properties and children; strings become text. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name === "className" ? "class" : name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

/** A line with a bar: a name, what it amounts to, and its share from 0 to 1. */
export function barLine(name, amount, share, isMarked = false) {
  const fill = element("span");
  fill.style.setProperty("--share", `${Math.max(0, Math.min(1, share)) * 100}%`);
  return element(
    "li",
    { className: isMarked ? "is-marked" : "" },
    element("span", { className: "name" }, name),
    element("span", { className: "amount" }, amount),
    element("span", { className: "track", "aria-hidden": "true" }, fill),
  );
}

/** Offer these values in a select; each is [value, words]. The chosen one stays chosen where it is still there. */
export function offer(select, options) {
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, words]) => element("option", { value }, words)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

/** Say something once to those who listen, and show it. */
export function say(place, words) {
  place.textContent = words;
}

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

export const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}\u00a0%`;

export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)}\u00a0s`;
