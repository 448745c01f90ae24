"""The page for everybody: by keyboard alone, by axe's rules, and safe against text that looks like HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Platform
from tests.e2e.page.conftest import NARROW, choose_model, listen, picture_file

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
TABS = ("Pictures", "Chat", "Classification", "Embeddings", "Moderation")


def tab_to(page: Page, name: str, presses: int = 40) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.labels?.[0]?.textContent"
            " || document.activeElement.textContent).trim()"
        )
        if focused == name:
            return
    pytest.fail(f"Tab does not come to {name!r}")


def test_a_picture_by_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the models")).to_be_focused()
    tab_to(page, "Prompt")
    page.keyboard.type("a red apple")
    tab_to(page, "Draw")
    page.keyboard.press("Enter")
    expect(page.locator(".tile[data-state=done]")).to_have_count(1)
    tab_to(page, "Open the picture")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()
    expect(page.get_by_role("button", name="Open the picture")).to_be_focused()


def test_the_tabs_go_by_arrows_and_only_one_is_in_the_order(page: Page) -> None:
    tab_to(page, "Pictures")
    for name in (*TABS[1:], TABS[0]):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name=TABS[-1])).to_be_focused()
    assert page.locator("#tabs [tabindex='0']").count() == 1


def test_a_cancelled_picture_leaves_the_focus_where_one_can_go_on(page: Page) -> None:
    page.get_by_label("Prompt", exact=True).fill("a")
    choose_model(page, NARROW)
    page.locator("#steps").fill("400")
    page.get_by_role("button", name="Draw").click()
    page.get_by_role("button", name="Cancel the picture").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".tile[data-state=cancelled]")).to_have_count(1)
    expect(page.get_by_role("button", name="Draw")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_serious(
    browser: Browser, served: Platform, tmp_path: Path, scheme: Literal["light", "dark"], width: int
) -> None:
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{served.base_url}/")
    expect(page.get_by_role("tab").first).to_be_visible()
    found = []
    for name in TABS:
        page.get_by_role("tab", name=name).click()
        found += _serious(page, name)
        _use(page, name, tmp_path)
        found += _serious(page, f"{name}, used")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is too wide"
    page.get_by_role("button", name="ready").click()
    page.get_by_role("button", name="Key").click()
    found += _serious(page, "key and status")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Pictures").click()
    page.get_by_role("button", name="Open the picture").click()
    found += _serious(page, "a picture")
    context.close()
    assert found == []


def _use(page: Page, name: str, folder: Path) -> None:
    """Have something on the tab to look at: a result, its code, and a failure."""
    if name == "Pictures":
        page.get_by_label("Prompt", exact=True).fill("a")
        page.get_by_role("button", name="Draw").click()
        expect(page.locator(".tile[data-state=done]")).to_have_count(1)
        page.locator("#picture-code summary").click()
        page.get_by_label("Prompt", exact=True).fill("")
        page.get_by_role("button", name="Draw").click()
        expect(page.locator("#picture-failure").get_by_role("alert")).to_be_visible()
    elif name == "Classification":
        page.locator("#classify-drop input").set_input_files(picture_file(folder, "cat.jpg"))
        expect(page.locator("#classify-labels li")).to_have_count(5)
    elif name == "Embeddings":
        page.get_by_label("First text").fill("one")
        page.get_by_label("Second text").fill("two")
        page.get_by_role("button", name="Compare").click()
        expect(page.locator("#compare-said")).not_to_be_empty()
    elif name == "Moderation":
        page.get_by_label("Text", exact=True).fill("You stupid idiot.")
        page.get_by_role("button", name="Judge").click()
        expect(page.locator("#verdict")).to_contain_text("Flagged")
    else:
        page.get_by_text("More settings").click()
        page.get_by_label("Longest answer, in tokens").fill("8")
        page.get_by_label("Message").fill("Hello")
        page.keyboard.press("Enter")
        expect(page.locator(".turn[data-role=assistant]:not(.is-writing)")).to_have_count(1)


def _serious(page: Page, where: str) -> list[str]:
    violations = Axe().run(page).response["violations"]
    return [
        f"{where}: {each['id']} at {each['nodes'][0]['target']}: {each['nodes'][0].get('failureSummary')}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]


def test_text_that_looks_like_html_stays_text(page: Page, tmp_path: Path) -> None:
    page.get_by_label("Prompt", exact=True).fill(HOSTILE)
    page.get_by_role("button", name="Draw").click()
    expect(page.locator(".tile[data-state=done]")).to_have_count(1)
    page.get_by_text("This call as code").click()
    page.get_by_role("button", name="Open the picture").click()
    expect(page.locator("#picture-facts")).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Chat").click()
    page.get_by_label("Message").fill(f"Say exactly this: {HOSTILE}")
    page.keyboard.press("Enter")
    expect(page.locator(".turn[data-role=assistant]:not(.is-writing)")).to_have_count(1)
    page.get_by_role("tab", name="Classification").click()
    page.locator("#classify-drop input").set_input_files(picture_file(tmp_path, "<img src=x onerror=alert(1)>.jpg"))
    expect(page.locator("#classify-labels li")).to_have_count(5)
    assert page.title() == "Ekiben"
    assert page.locator("main script, main img[src='x'], dialog img[src='x']").count() == 0


def test_the_policy_lets_nothing_run_that_is_not_the_pages_own(browser: Browser, served: Platform) -> None:
    context = browser.new_context()
    page = context.new_page()
    faults = listen(page)
    page.goto(f"{served.base_url}/")
    expect(page.get_by_role("tab").first).to_be_visible()
    assert faults == []
    page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "document.title = 'broken'";
      document.body.append(script);
      const link = document.createElement("img");
      link.src = "http://127.0.0.1:9/spy.png";
      document.body.append(link);
    }""")
    page.wait_for_event("console", lambda _: len(faults) >= 2) if len(faults) < 2 else None
    assert page.title() == "Ekiben"
    assert all("Content Security Policy" in fault for fault in faults)
    context.close()
