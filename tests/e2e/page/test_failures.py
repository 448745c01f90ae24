"""What goes wrong is said in words: refusals, a model that is away, too much work, keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Platform, start_platform
from tests.e2e.page.conftest import NARROW, choose_model, listen
from tests.e2e.test_keys import create_key
from tests.e2e.test_loading import command

pytestmark = pytest.mark.slow
THREAT = "I will murder you."


@pytest.fixture
def without_embedder(served: Platform) -> Iterator[None]:
    """As when its operator has unloaded it."""
    assert command(served, "unload", "all-minilm-l6-v2").returncode == 0
    yield
    assert command(served, "load", "all-minilm-l6-v2").returncode == 0


def test_a_prompt_that_is_refused(page: Page) -> None:
    page.get_by_label("Prompt", exact=True).fill(THREAT)
    page.get_by_role("button", name="Draw").click()
    alert = page.locator("#picture-failure").get_by_role("alert")
    expect(alert).to_contain_text("Refused by this server's moderation policy")
    expect(alert).to_contain_text("harassment/threatening")
    expect(page.get_by_label("Prompt", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".tile[data-state=failed]")).to_have_count(1)


def test_a_message_that_is_refused_comes_back_to_be_changed(page: Page) -> None:
    page.get_by_role("tab", name="Chat").click()
    page.get_by_label("Message").fill(THREAT)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#chat-failure").get_by_role("alert")).to_contain_text("Refused by this server's")
    expect(page.get_by_label("Message")).to_have_value(THREAT)
    expect(page.locator(".turn")).to_have_count(0)


@pytest.mark.usefixtures("without_embedder")
def test_a_server_error_with_the_request_to_copy(page: Page) -> None:
    page.get_by_role("tab", name="Embeddings").click()
    page.get_by_label("First text").fill("one")
    page.get_by_label("Second text").fill("two")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("alert")).to_contain_text("The model is unloaded")
    request_id = page.locator("#compare-failure code").inner_text()
    page.locator("#compare-failure").get_by_role("button", name="Copy").click()
    expect(page.locator("#compare-failure").get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == request_id
    page.get_by_role("button", name="models ready").click()
    expect(page.get_by_role("row", name="all-minilm-l6-v2")).to_contain_text("unloaded")


def test_too_much_work_with_the_wait_counted_down(page: Page) -> None:
    choose_model(page, NARROW)
    page.get_by_label("Prompt", exact=True).fill("a red apple")
    page.locator("#count").fill("4")
    page.locator("#steps").fill("100")
    page.get_by_role("button", name="Draw").click()
    expect(page.locator("#picture-failure").get_by_role("alert")).to_contain_text("Too much to do right now")
    expect(page.locator("#picture-failure .countdown")).to_contain_text("ry again")
    expect(page.locator("#picture-failure .countdown")).to_have_text("You can try again now.")
    page.get_by_role("button", name="Cancel all").click()
    expect(page.locator(".is-under-way")).to_have_count(0)


def test_a_limit_that_only_the_server_knows(page: Page) -> None:
    choose_model(page, "tiny-sd")
    page.locator("#size").select_option("own")
    page.locator("#width").fill("128")
    page.locator("#height").fill("120")
    page.get_by_label("Prompt", exact=True).fill("x" * 600)
    page.get_by_role("button", name="Draw").click()
    expect(page.locator("#picture-failure").get_by_role("alert")).to_contain_text("the limit is 500")
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()


def test_a_key_is_asked_for_and_goes_with_every_call(browser: Browser, served: Platform, tmp_path: Path) -> None:
    key = create_key(tmp_path / "keys", "page")
    environment = {"EKIBEN_MODELS_DIR": str(served.run_dir.parent / "models" / "models")}
    environment["BENTOML_HOME"] = str(served.run_dir.parent / "models" / "bentoml")
    platform = start_platform(tmp_path, "--only", "tiny-sd", EKIBEN_KEYS_FILE=str(tmp_path / "keys"), **environment)
    context = browser.new_context()
    try:
        platform.wait_until_ready(120)
        page = context.new_page()
        faults = listen(page)
        page.goto(f"{platform.base_url}/")
        dialog = page.get_by_role("dialog", name="Key")
        expect(dialog).to_be_visible()
        page.get_by_label("API key").fill("ek_wrong")
        page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        page.get_by_label("API key").fill(key)
        page.keyboard.press("Enter")
        page.get_by_label("Prompt", exact=True).fill("a red apple")
        page.get_by_role("button", name="Draw").click()
        expect(page.locator(".tile[data-state=done]")).to_have_count(1)
        page.get_by_text("This call as code").click()
        expect(page.locator("#picture-code pre").first).to_contain_text("$EKIBEN_API_KEY")
        assert key not in page.content()
        assert key not in page.url
        assert page.evaluate("sessionStorage.length + localStorage.length") == 0
        page.reload()
        expect(dialog).to_be_visible()
        page.get_by_label("API key").fill(key)
        page.get_by_label("Keep it in this tab").check()
        page.get_by_role("button", name="Use this key").click()
        expect(page.get_by_role("tab", name="Pictures")).to_be_visible()
        page.reload()
        expect(page.get_by_role("tab", name="Pictures")).to_be_visible()
        assert faults == []
        assert key not in platform.log.read_text()
    finally:
        context.close()
        assert platform.stop() == 0
