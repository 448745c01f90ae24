"""The page in a real Chromium, against the platform with every kind of model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.e2e.conftest import Platform, start_platform

PAINTER = "emoji-128"
# One picture at a time, one more may wait, and nobody hurries it.
NARROW = "tiny-single"
POLICY = """\
routes:
  /v1/images/generations:
    input: block
  /v1/chat/completions:
    input: block
"""
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# Two cores may be at other things as well.
expect.set_options(timeout=60_000)


def chromium() -> str:
    """Where it is; continuous integration must have it."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = "no Chromium on the PATH; on Debian and Ubuntu install the package chromium."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The platform with models that draw, and a policy."""
    chromium()
    from tests.e2e.tiny_models import make_tiny_models  # torch takes a while

    folder = tmp_path_factory.mktemp("page")
    models = make_tiny_models(folder / "models", beside=PAINTER)
    models.add(
        NARROW,
        batch={"cost_unit": "pixels", "max_cost": 64 * 64, "max_items": 1, "max_queue_items": 1},
        latency={"default_timeout_ms": 600_000, "max_timeout_ms": 600_000},
    )
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    platform = start_platform(folder, EKIBEN_MODERATION_POLICY=str(policy), **models.environment)
    try:
        platform.wait_until_ready(180)
        yield platform
    finally:
        status = platform.stop()
    assert status == 0, platform.log_end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real one, for a module's tests: its driver's event loop must not outlive them."""
    with sync_playwright() as playwright:
        # Chromium's own sandbox refuses to run for root, as whom containers run tests.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been here."""
    made = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, served: Platform) -> Iterator[Page]:
    """The page, opened; a script that fails or a broken policy fails the test."""
    opened = context.new_page()
    faults = listen(opened)
    opened.goto(f"{served.base_url}/")
    expect(opened.get_by_role("tab").first).to_be_visible()
    yield opened
    assert faults == []


def listen(page: Page) -> list[str]:
    """What the browser complains of: script errors, and whatever the content-security policy stopped."""
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # That an answer has an error's status, every browser says; the page says it too.
        if message.type == "error" and "Failed to load resource" not in message.text:
            faults.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


def choose_model(page: Page, name: str) -> None:
    """Have this model draw."""
    page.locator("#picture-model").select_option(name)


def picture_file(folder: Path, name: str) -> Path:
    """A photograph of tests/data under another name."""
    copy = folder / name
    shutil.copy(Path(__file__).resolve().parents[2] / "data" / "images" / "chelsea.jpg", copy)
    return copy
