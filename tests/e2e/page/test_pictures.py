"""Pictures on the page: drawn, previewed, called off, kept, drawn again, drawn on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Platform
from tests.e2e.page.conftest import NARROW, choose_model, picture_file
from tests.e2e.test_loading import model_state, until
from tests.e2e.test_text_generation import metric

pytestmark = pytest.mark.slow
DONE, CANCELLED = ".tile[data-state=done]", ".tile[data-state=cancelled]"


def draw(page: Page, prompt: str = "a red apple", **settings: str) -> None:
    page.get_by_label("Prompt", exact=True).fill(prompt)
    for field, value in settings.items():
        page.locator(f"#{field}").fill(value)
    page.get_by_role("button", name="Draw").click()


def pixels(page: Page) -> str:
    """A digest of what the one finished picture looks like."""
    drawn = page.locator(f"{DONE} img").screenshot()
    return hashlib.sha256(drawn).hexdigest()


def test_a_picture_is_drawn_with_previews_on_the_way(page: Page) -> None:
    draw(page, steps="12")
    expect(page.locator(DONE)).to_have_count(1)
    assert int(page.locator(".tile").get_attribute("data-previews") or 0) >= 2
    expect(page.locator("#picture-said")).to_have_text("1 picture drawn.")
    expect(page.locator(".tile .words")).to_contain_text(f"Seed {page.locator('#seed').input_value()}")
    assert page.locator(f"{DONE} img").evaluate("image => image.naturalWidth") == 128
    expect(page.locator("#gallery li")).to_have_count(1)


def test_several_are_drawn_at_once_each_with_a_seed_of_its_own(page: Page) -> None:
    page.get_by_label("A new seed each time").uncheck()
    draw(page, seed="7", count="3", steps="8")
    expect(page.locator(DONE)).to_have_count(3)
    seeds = sorted(words.split(",")[0] for words in page.locator(".tile .words").all_inner_texts())
    assert seeds == ["Seed 7", "Seed 8", "Seed 9"]


def test_one_is_called_off_and_the_server_says_that_its_place_is_free(page: Page, served: Platform) -> None:
    cancelled = metric(served, "ekiben_diffusion_ended_total", model=NARROW, reason="cancelled")
    choose_model(page, NARROW)
    draw(page, steps="400")
    expect(page.locator(".tile .words")).to_contain_text("Step")
    assert metric(served, "ekiben_diffusion_open_images", model=NARROW) == 1
    page.get_by_role("button", name="Cancel the picture").click()
    expect(page.locator(CANCELLED)).to_have_count(1)
    expect(page.locator(".tile .words")).to_contain_text("its place is free")
    expect(page.locator("#picture-said")).to_have_text("1 picture cancelled, the server has freed its place.")
    # The worker itself has let go of it.
    until(lambda: metric(served, "ekiben_diffusion_open_images", model=NARROW) == 0)
    assert metric(served, "ekiben_diffusion_ended_total", model=NARROW, reason="cancelled") == cancelled + 1
    draw(page, steps="4")
    expect(page.locator(DONE)).to_have_count(1)


def test_leaving_the_page_stops_the_drawing(page: Page, served: Platform) -> None:
    choose_model(page, NARROW)
    draw(page, steps="400")
    expect(page.locator(".tile .words")).to_contain_text("Step")
    page.goto("about:blank")
    until(lambda: model_state(served, NARROW)["measurements"]["items_in_flight"] == 0)


def test_again_with_the_same_settings_is_the_same_picture(page: Page) -> None:
    draw(page, "two pears", steps="6")
    expect(page.locator(DONE)).to_have_count(1)
    first = pixels(page)
    draw(page, "another thing", steps="5", guidance="2")
    expect(page.locator("#gallery li")).to_have_count(2)
    assert pixels(page) != first
    page.reload()  # the gallery outlives it
    page.get_by_role("button", name="Open: two pears").click()
    expect(page.locator("#picture-facts")).to_contain_text("two pears")
    page.get_by_role("button", name="Again with these settings").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("two pears")
    expect(page.get_by_label("Steps", exact=True)).to_have_value("6")
    page.get_by_role("button", name="Draw").click()
    expect(page.locator(DONE)).to_have_count(1)
    assert pixels(page) == first


def test_a_picture_is_drawn_on_from_another(page: Page, tmp_path: Path) -> None:
    page.locator("#source-drop input").set_input_files(picture_file(tmp_path, "cat.jpg"))
    page.locator("#strength").fill("0.5")
    draw(page, steps="24")
    expect(page.locator(DONE)).to_have_count(1)
    assert int(page.locator(".tile").get_attribute("data-previews") or 0) >= 2
    page.get_by_role("button", name="Open the picture").click()
    expect(page.locator("#picture-facts")).to_contain_text("0.5")
    page.get_by_role("button", name="Start from this picture").click()
    draw(page, "drawn on")
    expect(page.locator("#gallery li")).to_have_count(2)


def test_one_that_is_drawn_on_is_called_off(page: Page, served: Platform, tmp_path: Path) -> None:
    choose_model(page, NARROW)
    page.locator("#source-drop input").set_input_files(picture_file(tmp_path, "cat.jpg"))
    draw(page, steps="400")
    expect(page.locator(".tile[data-previews]")).to_have_count(1)
    page.get_by_role("button", name="Cancel the picture").click()
    expect(page.locator(CANCELLED)).to_have_count(1)
    until(lambda: model_state(served, NARROW)["measurements"]["items_in_flight"] == 0)


def test_the_gallery_is_downloaded_from_and_cleared(page: Page) -> None:
    draw(page, "Ein grüner Apfel!")
    page.get_by_role("button", name="Open: Ein grüner Apfel!").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.startswith("ein-grüner-apfel-")
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_role("button", name="Clear 1 picture?").click()
    expect(page.locator("#gallery li")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("tab").first).to_be_visible()
    expect(page.locator("#gallery li")).to_have_count(0)
