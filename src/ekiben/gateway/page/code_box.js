/** The box under a call: the same call as curl and as Python, one at a time, to copy. */

import { copyButton } from "./copy.js";
import { element } from "./elements.js";
import { makeTabs } from "./tabs.js";

let boxes = 0;

/** Show what was called; `versions` is [[words, code], …]. The version and whether it is open stay as they were. */
export function showCode(place, versions) {
  const before = place.querySelector("details");
  const chosenBefore = place.dataset.chosen ?? "0";
  const number = (boxes += 1);
  const panels = versions.map(([, code], index) =>
    element("div", { id: `code-${number}-${index}`, className: "code-text" }, element("pre", { tabindex: "0", "aria-label": "Code" }, element("code", {}, code))),
  );
  const list = element("div", { role: "tablist", className: "tabs", "aria-label": "Language" });
  const chosenCode = () => versions[Number(place.dataset.chosen)][1];
  const box = element(
    "details",
    { className: "card code" },
    element("summary", {}, "This call as code"),
    element("div", { className: "bar" }, list, copyButton(chosenCode, "Copy")),
    ...panels,
  );
  box.open = before ? before.open : false;
  place.replaceChildren(box);
  const tabs = versions.map(([words], index) => ({ id: `${number}-${index}`, words, panel: panels[index] }));
  const choose = makeTabs(list, tabs, (id) => (place.dataset.chosen = id.split("-")[1]));
  choose(`${number}-${chosenBefore}`);
}
