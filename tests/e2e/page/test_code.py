"""The code under a call is the call: it runs as it stands, and draws the very same picture."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import picture_file

pytestmark = pytest.mark.slow


def code_of(page: Page, tab: str, language: str) -> str:
    """What the box of a tab shows for a language, as copying it gives it."""
    box = page.locator(f"#{tab}-code")
    if not box.locator("details[open]").count():
        box.locator("summary").click()
    box.get_by_role("tab", name=language).click()
    box.get_by_role("button", name="Copy").click()
    expect(box.get_by_role("button", name="Copied")).to_be_visible()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied == box.locator("pre:visible").inner_text()
    return copied


def run(code: str, language: str, folder: Path) -> str:
    """Run it in a folder; returns what it prints."""
    command = ["bash", "-c", code] if language == "curl" else [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{code}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("language", ["curl", "Python, openai", "Python, ekiben"])
def test_a_picture(page: Page, tmp_path: Path, language: str) -> None:
    page.get_by_label("Prompt", exact=True).fill('it\'s a "red" apple, $HOME `id` \\ ü')
    page.locator("#negative").fill("noise")
    page.get_by_role("button", name="Draw").click()
    expect(page.locator(".tile[data-state=done]")).to_have_count(1)
    page.get_by_role("button", name="Open the picture").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    page.keyboard.press("Escape")
    code = code_of(page, "picture", language)
    if language == "curl":
        code = code.replace("| jq -r '.data[0].b64_json'", f"| {sys.executable} -c '{_UNPACK}'")
    run(code, language, tmp_path)
    drawn = next(tmp_path.glob("picture*.png"))
    assert drawn.read_bytes() == Path(download.value.path()).read_bytes()


# Not every machine has jq.
_UNPACK = 'import json, sys; print(json.load(sys.stdin)["data"][0]["b64_json"])'


def test_an_edit(page: Page, tmp_path: Path) -> None:
    photo = picture_file(tmp_path, "cat.jpg")
    page.locator("#source-drop input").set_input_files(photo)
    page.get_by_label("Prompt", exact=True).fill("a cat")
    page.get_by_role("button", name="Draw").click()
    expect(page.locator(".tile[data-state=done]")).to_have_count(1)
    for language in ("Python, openai", "Python, ekiben"):
        run(code_of(page, "picture", language), language, tmp_path)
        assert (tmp_path / "picture-0.png").read_bytes().startswith(b"\x89PNG")
        (tmp_path / "picture-0.png").unlink()


def test_the_other_models(page: Page, tmp_path: Path) -> None:
    photo = picture_file(tmp_path, "cat.jpg")
    page.get_by_role("tab", name="Classification").click()
    page.locator("#classify-drop input").set_input_files(photo)
    expect(page.locator("#classify-labels li")).to_have_count(5)
    best = page.locator("#classify-labels .name").first.inner_text()
    for language in ("curl", "Python"):
        assert best in run(code_of(page, "classify", language), language, tmp_path)

    page.get_by_role("tab", name="Embeddings").click()
    page.get_by_label("First text").fill("one")
    page.get_by_label("Second text").fill("it's two")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#compare-said")).not_to_be_empty()
    alike = float(page.locator("#similarity").inner_text())
    for language in ("Python, openai", "Python, ekiben"):
        assert float(run(code_of(page, "compare", language), language, tmp_path)) == pytest.approx(alike, abs=1e-3)
    assert "embedding" in run(code_of(page, "compare", "curl"), "curl", tmp_path)

    page.get_by_role("tab", name="Moderation").click()
    page.get_by_label("Text", exact=True).fill("You stupid idiot.")
    page.get_by_role("button", name="Judge").click()
    expect(page.locator("#verdict")).to_contain_text("Flagged")
    for language in ("Python, openai", "Python, ekiben"):
        assert run(code_of(page, "moderate", language), language, tmp_path).startswith("True")
    page.locator("#moderate-drop input").set_input_files(photo)
    page.get_by_role("button", name="Judge").click()
    expect(page.locator("#moderate-code")).to_contain_text("cat.jpg")
    for language in ("Python, openai", "Python, ekiben"):
        assert run(code_of(page, "moderate", language), language, tmp_path).startswith("True")

    page.get_by_role("tab", name="Chat").click()
    page.get_by_text("More settings").click()
    page.get_by_label("Temperature").fill("0")
    page.get_by_label("Message").fill("What is the capital of Japan?")
    page.keyboard.press("Enter")
    expect(page.locator(".turn[data-role=assistant]:not(.is-writing)")).to_have_count(1)
    for language in ("curl", "Python, openai", "Python, ekiben"):
        assert "Tokyo" in run(code_of(page, "chat", language), language, tmp_path)
