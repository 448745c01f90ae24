/** The tab for chats: the answer appears while it is written, and can be stopped. */

import { askEvents } from "./api.js";
import { showCode } from "./code_box.js";
import { byId, element, say } from "./elements.js";
import { guarded, numberOf, offerModels, onSend, stated } from "./forms.js";
import { show } from "./failure_box.js";
import { curlJson, ekiben, lines, openai } from "./snippets.js";

const PATH = "v1/chat/completions";
let turns = [];
let stopping = null;

export function startChat(models) {
  const form = byId("chat-form");
  offerModels(byId("chat-model"), models);
  onSend(form, byId("chat-failure"), send);
  byId("chat-stop").addEventListener("click", () => stopping?.abort());
  byId("chat-new").addEventListener("click", startAnew);
  byId("message").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

function startAnew() {
  stopping?.abort();
  turns = [];
  byId("turns").replaceChildren(element("p", { className: "empty" }, "Nothing said yet."));
  byId("chat-new").hidden = true;
  show(byId("chat-failure"), null, byId("chat-form"));
  byId("message").focus();
}

async function send() {
  const message = byId("message");
  const asked = [...turns, { role: "user", content: message.value }];
  const body = bodyOf(asked);
  writeCode(body);
  const mine = addTurn("user", message.value);
  const answer = addTurn("assistant", "");
  message.value = "";
  stopping = new AbortController();
  isWriting(answer, true);
  const written = await receive(body, answer, stopping.signal);
  isWriting(answer, false);
  if (!mine.isConnected) return; // a new chat was begun meanwhile
  if (written) settle(asked, written);
  else takeBack(mine, answer, asked.at(-1).content);
  byId("chat-new").hidden = turns.length === 0;
}

/** Show the answer as it comes; what fails is shown too. Returns what came. */
async function receive(body, answer, signal) {
  let written = "";
  await guarded(byId("chat-failure"), byId("chat-form"), async () => {
    for await (const chunk of askEvents(PATH, { json: { ...body, stream: true }, signal })) {
      written += chunk.choices[0]?.delta?.content ?? "";
      append(answer, written);
    }
  });
  return written;
}

function settle(asked, written) {
  turns = [...asked, { role: "assistant", content: written }];
  say(byId("chat-said"), stopping.signal.aborted ? "Stopped." : "");
  announce(written);
}

/** Nothing came of it: the message goes back to be changed or sent again. */
function takeBack(mine, answer, told) {
  say(byId("chat-said"), "");
  mine.remove();
  answer.remove();
  byId("message").value ||= told;
}

function bodyOf(asked) {
  const system = byId("system").value.trim();
  return stated({
    model: byId("chat-model").value,
    messages: [...(system ? [{ role: "system", content: system }] : []), ...asked],
    max_completion_tokens: numberOf(byId("answer-tokens")),
    temperature: numberOf(byId("temperature")),
  });
}

function isWriting(turn, isOn) {
  turn.classList.toggle("is-writing", isOn);
  const hadFocus = document.activeElement === byId("chat-stop");
  byId("chat-stop").hidden = !isOn;
  if (hadFocus && !isOn) byId("message").focus();
  if (isOn) say(byId("chat-said"), "Writing…");
}

function addTurn(role, text) {
  const place = byId("turns");
  place.querySelector(".empty")?.remove();
  const who = role === "user" ? "You" : byId("chat-model").value;
  const turn = element("div", { className: "turn", "data-role": role }, element("span", { className: "who" }, who), element("span", { className: "text" }, text));
  place.append(turn);
  place.scrollTop = place.scrollHeight;
  return turn;
}

function append(turn, text) {
  const place = byId("turns");
  // Whoever has scrolled back is not dragged along.
  const isAtEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 48;
  turn.querySelector(".text").textContent = text;
  if (isAtEnd) place.scrollTop = place.scrollHeight;
}

/** Read the whole answer out once, rather than every piece of it. */
const announce = (text) => byId("chat-heard").replaceChildren(text);

function writeCode(body) {
  const streamed = { ...body, stream: true };
  const openaiReading = ["for chunk in answer:", "    for choice in chunk.choices:", '        print(choice.delta.content or "", end="", flush=True)'];
  const ekibenReading = ["for chunk in answer:", '    print(chunk.text, end="", flush=True)'];
  showCode(byId("chat-code"), [
    ["curl", curlJson(PATH, streamed)],
    ["Python, openai", openai("chat.completions.create", lines.keywords(streamed), openaiReading)],
    ["Python, ekiben", ekiben("chat.completions.create", lines.keywords(streamed), ekibenReading)],
  ]);
}
