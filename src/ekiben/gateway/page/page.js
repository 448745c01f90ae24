/** Where the page begins: which models there are decides which tabs there are. */

import { ask, askJson } from "./api.js";
import { startChat } from "./chat.js";
import { startClassify } from "./classify.js";
import { startCompare } from "./compare.js";
import { refuseDropsElsewhere } from "./drop.js";
import { byId } from "./elements.js";
import { show } from "./failure_box.js";
import { guarded } from "./forms.js";
import { startKey } from "./key.js";
import { startModerate } from "./moderate.js";
import { startPictures } from "./pictures.js";
import { noteTasks, startStatus, look } from "./status.js";
import { makeTabs } from "./tabs.js";

const TABS = [
  { id: "pictures", words: "Pictures", task: "text-to-image", start: startPictures },
  { id: "chat", words: "Chat", task: "text-generation", start: startChat },
  { id: "classify", words: "Classification", task: "image-classification", start: startClassify },
  { id: "compare", words: "Embeddings", task: "text-embedding", start: startCompare },
  { id: "moderate", words: "Moderation", task: "moderation", start: startModerate },
];

async function start() {
  refuseDropsElsewhere();
  startKey(() => (byId("opening").hidden ? look() : openTabs()));
  startStatus();
  await openTabs();
  hideMissingDocs();
}

/** Ask for the models; without a key that is asked for, the dialog comes up and this is done again after it. */
async function openTabs() {
  const opening = byId("opening");
  await guarded(opening, null, async () => {
    const { data } = await askJson("v1/models");
    noteTasks(data);
    const tabs = TABS.map((tab) => ({ ...tab, models: data.filter((model) => model.task === tab.task), panel: byId(tab.id) })).filter((tab) => tab.models.length);
    if (!tabs.length) {
      opening.textContent = "This server serves no model that this page has a tab for.";
      return;
    }
    show(opening, null);
    opening.hidden = true;
    for (const tab of tabs) tab.start(tab.models);
    const choose = makeTabs(byId("tabs"), tabs, (id) => history.replaceState(null, "", `#${id}`));
    const wanted = location.hash.slice(1);
    choose(tabs.some((tab) => tab.id === wanted) ? wanted : tabs[0].id);
  });
}

/** The documentation can be turned off. */
async function hideMissingDocs() {
  const link = byId("docs-link");
  link.hidden = await ask("docs").then(() => false, () => true);
}

start();
