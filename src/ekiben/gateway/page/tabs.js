/** Tabs as the ARIA practices have them: one of them in the tab order, arrows go from one to the next. */

import { element } from "./elements.js";

/**
 * Fill a tablist.
 * @param list the element of role tablist
 * @param tabs [{id, words, panel}], the panels already on the page
 * @param chosen called with the id whenever another one is chosen
 */
export function makeTabs(list, tabs, chosen = () => {}) {
  const buttons = tabs.map(({ id, words, panel }) => {
    const button = element("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": panel.id }, words);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
    button.addEventListener("click", () => choose(id));
    return button;
  });

  function choose(id) {
    tabs.forEach((tab, index) => {
      const isChosen = tab.id === id;
      buttons[index].setAttribute("aria-selected", String(isChosen));
      buttons[index].tabIndex = isChosen ? 0 : -1;
      tab.panel.hidden = !isChosen;
      if (isChosen) list.scrollTo({ left: buttons[index].offsetLeft - list.clientWidth / 3 });
    });
    chosen(id);
  }

  list.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const index = (to + buttons.length) % buttons.length;
    buttons[index].focus();
    choose(tabs[index].id);
  });
  list.replaceChildren(...buttons);
  return choose;
}
