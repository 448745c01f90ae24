"""Classification, embeddings, moderation and chat on the page."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.page.conftest import picture_file

pytestmark = pytest.mark.slow
_DROP = """
(zone, [content, name]) => {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], name, { type: "image/jpeg" }));
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
}
"""


def drop(zone: Locator, photo: Path) -> None:
    """Let a file fall there, as a person does with the mouse."""
    zone.evaluate(_DROP, [base64.b64encode(photo.read_bytes()).decode(), photo.name])


def test_a_dropped_photo_is_classified(page: Page, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Classification").click()
    drop(page.locator("#classify-drop .drop"), picture_file(tmp_path, "somebody's cat.jpg"))
    labels = page.locator("#classify-labels .name")
    expect(labels).to_have_count(5)
    assert labels.first.inner_text() in {"tiger cat", "Egyptian cat", "tabby"}
    expect(page.locator("#classify-said")).to_contain_text("says efficientnet-lite0")
    expect(page.locator("#classify-drop .words")).to_have_text("somebody's cat.jpg")


def test_no_picture_is_said_in_words(page: Page) -> None:
    page.get_by_role("tab", name="Classification").click()
    page.get_by_role("button", name="Classify").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no picture yet")


def test_what_is_no_picture_is_said_in_words(page: Page) -> None:
    page.get_by_role("tab", name="Classification").click()
    page.locator("#classify-drop input").set_input_files(
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"not a picture"}
    )
    expect(page.get_by_role("alert")).to_contain_text("This cannot be done")
    expect(page.locator("#classify-failure code")).not_to_be_empty()


def test_two_texts_are_compared(page: Page) -> None:
    page.get_by_role("tab", name="Embeddings").click()
    page.get_by_label("First text").fill("A cat sleeps on the sofa.")
    page.get_by_label("Second text").fill("A kitten naps on the couch.")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#compare-said")).to_contain_text("384 dimensions")
    alike = float(page.locator("#similarity").inner_text())
    page.get_by_label("Second text").fill("Quarterly revenue fell by a tenth.")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#similarity")).not_to_have_text(f"{alike:.3f}")
    assert float(page.locator("#similarity").inner_text()) < 0.3 < 0.6 < alike


def test_a_missing_text_is_marked_and_found_by_the_keyboard(page: Page) -> None:
    page.get_by_role("tab", name="Embeddings").click()
    page.get_by_label("First text").fill("A cat sleeps on the sofa.")
    page.get_by_role("button", name="Compare").click()
    field = page.get_by_label("Second text")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("Second text is empty.")


def test_a_text_and_a_picture_are_judged(page: Page, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Moderation").click()
    page.get_by_label("Text", exact=True).fill("You stupid idiot.")
    page.get_by_role("button", name="Judge").click()
    expect(page.locator("#verdict")).to_contain_text("Flagged: ")
    expect(page.locator("#moderate-scores .is-marked").first).to_be_visible()
    page.get_by_label("Text", exact=True).fill("Have a nice day.")
    page.locator("#moderate-drop input").set_input_files(picture_file(tmp_path, "cat.jpg"))
    page.get_by_role("button", name="Judge").click()
    expect(page.locator("#verdict")).to_have_text("Nothing is flagged.")
    expect(page.locator("#moderate-scores")).to_contain_text("sexual")


def test_a_chat_is_streamed_and_goes_on(page: Page) -> None:
    page.get_by_role("tab", name="Chat").click()
    page.evaluate("""() => {
      window.lengths = new Set();
      new MutationObserver(() => window.lengths.add(document.querySelector("#turns").textContent.length))
        .observe(document.querySelector("#turns"), { childList: true, subtree: true, characterData: true });
    }""")
    page.get_by_text("More settings").click()
    page.get_by_label("Temperature").fill("0")
    page.get_by_label("Message").fill("What is the capital of Japan?")
    page.keyboard.press("Enter")
    expect(page.locator(".turn[data-role=assistant]:not(.is-writing)")).to_have_count(1)
    expect(page.locator(".turn[data-role=assistant] .text")).to_contain_text("Tokyo")
    assert page.evaluate("window.lengths.size") > 3, "it came in pieces"
    expect(page.locator("#chat-heard")).to_contain_text("Tokyo")
    page.get_by_label("Message").fill("And of Italy?")
    page.keyboard.press("Enter")
    expect(page.locator(".turn[data-role=assistant]:not(.is-writing)")).to_have_count(2)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".turn")).to_have_count(0)


def test_a_chat_is_stopped(page: Page) -> None:
    page.get_by_role("tab", name="Chat").click()
    page.get_by_text("More settings").click()
    page.get_by_label("Longest answer, in tokens").fill("1000")
    page.get_by_label("Message").fill("Tell me a very long story about a train.")
    page.get_by_role("button", name="Send").click()
    answer = page.locator(".turn[data-role=assistant] .text")
    expect(answer).not_to_be_empty()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#chat-said")).to_have_text("Stopped.")
    expect(page.locator(".turn.is-writing")).to_have_count(0)
    assert len(answer.inner_text()) < 5_000
