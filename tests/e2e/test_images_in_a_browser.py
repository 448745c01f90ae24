"""Previews in a real browser: a page of this server's own shows them, by a WebSocket and by server-sent events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.e2e.conftest import Platform, start_platform
from tests.e2e.page.conftest import chromium
from tests.e2e.tiny_models import TinyModels

# A picture counts once the browser has decoded it.
_SHOW: Final = """
const shown = [];
async function show(kind, format, base64) {
  const picture = new Image();
  picture.src = `data:image/${format};base64,${base64}`;
  await picture.decode();
  document.body.append(picture);
  shown.push([kind, picture.naturalWidth]);
}
"""
_SOCKET: Final = (
    _SHOW
    + """
async function run(asked) {
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/v1/images/stream", ["ekiben.images"]);
  await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
  const pictures = [];
  const ended = new Promise((resolve) => {
    socket.onmessage = ({data}) => {
      const message = JSON.parse(data);
      if (message.b64_json) pictures.push(show(message.type, message.output_format, message.b64_json));
      if (["completed", "error"].includes(message.type)) resolve(message.type);
    };
  });
  socket.send(JSON.stringify(asked));
  const last = await ended;
  await Promise.all(pictures);
  return {protocol: socket.protocol, last, shown};
}
"""
)
_EVENTS: Final = (
    _SHOW
    + """
async function run(asked) {
  const body = JSON.stringify({...asked, stream: true});
  const headers = {"content-type": "application/json"};
  const reply = await fetch("/v1/images/generations", {method: "POST", headers, body});
  let held = "", last = "";
  for await (const piece of reply.body.pipeThrough(new TextDecoderStream())) {
    const events = (held + piece).split("\\n\\n");
    held = events.pop();
    for (const event of events) {
      const message = JSON.parse(event.slice(event.indexOf("data: ") + 6));
      await show(message.type.split(".")[1], message.output_format, message.b64_json);
      last = message.type;
    }
  }
  return {protocol: "", last, shown};
}
"""
)
_FOREIGN: Final = """
(url) => new Promise((resolve) => {
  const socket = new WebSocket(url);
  socket.onopen = () => resolve("open");
  socket.onerror = () => resolve("refused");
})
"""
ASKED: Final = {"prompt": "a b c", "seed": 0, "partial_images": 3, "num_inference_steps": 100}


@pytest.fixture(scope="module")
def drawing(tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("drawing")
    state = {"EKIBEN_STATE_DIR": str(folder / "state")}
    started = start_platform(folder, **tiny_models.environment, **state, EKIBEN_ONLY="tiny-sd")
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.mark.parametrize(
    ("script", "preview", "picture", "last", "protocol"),
    [
        (_SOCKET, "preview", "image", "completed", "ekiben.images"),
        (_EVENTS, "partial_image", "completed", "image_generation.completed", ""),
    ],
    ids=["socket", "events"],
)
def test_a_page_shows_previews_and_then_the_picture(
    page: Page, drawing: Platform, script: str, preview: str, picture: str, last: str, protocol: str
) -> None:
    page.goto(f"{drawing.base_url}/docs")
    found: Any = page.evaluate(f"(asked) => {{ {script} return run(asked); }}", ASKED)
    kinds = [kind for kind, _ in found["shown"]]
    assert (found["last"], found["protocol"]) == (last, protocol)
    assert kinds == [preview] * (len(kinds) - 1) + [picture]
    assert len(kinds) > 1
    assert all(width > 0 for _, width in found["shown"])


def test_a_page_elsewhere_is_not_let_in(page: Page, drawing: Platform, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.html"
    elsewhere.write_text("<title>elsewhere</title>")
    page.goto(elsewhere.as_uri())
    assert page.evaluate(_FOREIGN, f"ws://127.0.0.1:{drawing.port}/v1/images/stream") == "refused"
    page.goto(f"{drawing.base_url}/docs")
    assert page.evaluate(_FOREIGN, f"ws://127.0.0.1:{drawing.port}/v1/images/stream") == "open"
