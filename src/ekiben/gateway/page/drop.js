/** A place for one picture: chosen by a button, dropped, or pasted. */

import { element } from "./elements.js";

let drops = 0;
const WORDS = "Drop a picture here, paste one, or";

/**
 * Make one in `place`.
 * @param changed called when there is another picture, or none any more
 * @returns {{file: File|Blob|null, name: string, take: Function, clear: Function}}
 */
export function makeDrop(place, { name = "image", labelledBy, changed = () => {} } = {}) {
  const id = `drop-${(drops += 1)}`;
  const held = { file: null, name: "", take, clear: () => take(null) };
  const input = element("input", { type: "file", id, name, accept: "image/png,image/jpeg,image/webp" });
  const shown = element("img", { alt: "", hidden: true });
  const words = element("span", { className: "words" }, WORDS);
  const remove = element("button", { type: "button", className: "quiet", hidden: true, onclick: () => (take(null), input.focus()) }, "Remove");
  const zone = element("div", { className: "drop", role: "group", "aria-label": "Picture" }, shown, words, input, element("label", { for: id, className: "button" }, "Choose a picture"), remove);
  if (labelledBy) zone.setAttribute("aria-labelledby", labelledBy);

  function take(file, fileName = file?.name ?? "picture.png") {
    if (shown.src) URL.revokeObjectURL(shown.src);
    shown.removeAttribute("src");
    held.file = file ?? null;
    held.name = file ? fileName : "";
    if (file) shown.src = URL.createObjectURL(file);
    else input.value = "";
    shown.hidden = remove.hidden = !file;
    words.textContent = file ? fileName : WORDS;
    changed(held.file);
  }

  const takeFirst = (files) => {
    const picture = [...(files ?? [])].find((file) => file.type.startsWith("image/")) ?? files?.[0];
    if (picture) take(picture);
    return Boolean(picture);
  };
  input.addEventListener("change", () => takeFirst(input.files));
  zone.addEventListener("dragover", (event) => (event.preventDefault(), zone.classList.add("is-over")));
  zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("is-over");
    takeFirst(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const isSeen = zone.offsetParent !== null;
    if (isSeen && event.clipboardData.files.length && takeFirst(event.clipboardData.files)) event.preventDefault();
  });
  place.replaceChildren(zone);
  return held;
}

/** A picture dropped beside a zone would otherwise replace the page. */
export function refuseDropsElsewhere() {
  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => event.preventDefault());
  }
}
