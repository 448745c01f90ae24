"""The page at three widths; EKIBEN_RETAKE_SCREENSHOTS=1 writes docs/page/*.png anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PROJECT, Platform
from tests.e2e.page.conftest import picture_file

pytestmark = pytest.mark.slow
FOLDER = PROJECT / "docs" / "page"
_MOST_BYTES = 300_000
SHOTS: list[tuple[str, int, int, Literal["light", "dark"]]] = [
    ("phone", 360, 740, "light"),
    ("tablet", 820, 1100, "light"),
    ("desktop", 1280, 860, "light"),
    ("desktop-dark", 1280, 860, "dark"),
]


@pytest.mark.parametrize(("name", "width", "height", "scheme"), SHOTS)
def test_the_page_fits(
    browser: Browser,
    served: Platform,
    tmp_path: Path,
    name: str,
    width: int,
    height: int,
    scheme: Literal["light", "dark"],
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{served.base_url}/")
    _draw(page)
    _keep(page, FOLDER / f"pictures-{name}.png", width)
    page.get_by_role("tab", name="Classification").click()
    page.locator("#classify-drop input").set_input_files(picture_file(tmp_path, "cat.jpg"))
    expect(page.locator("#classify-labels li")).to_have_count(5)
    _keep(page, FOLDER / f"classification-{name}.png", width)
    context.close()


def _draw(page: Page) -> None:
    page.get_by_label("Prompt", exact=True).fill("a red apple")
    if not page.locator("#count").is_visible():
        page.locator("#picture-settings summary").click()
    page.locator("#count").fill("4")
    page.get_by_label("A new seed each time").uncheck()
    page.locator("#seed").fill("1")
    page.get_by_role("button", name="Draw").click()
    expect(page.locator(".tile[data-state=done]")).to_have_count(4)


def _keep(page: Page, path: Path, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if os.environ.get("EKIBEN_RETAKE_SCREENSHOTS"):
        path.parent.mkdir(exist_ok=True)
        page.screenshot(path=path)
        # Few colours: a third of the bytes, and nobody sees it.
        Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)
    assert path.stat().st_size <= _MOST_BYTES
