"""The page's files over HTTP: headers, validation, what cannot be asked for, and the switch."""

from __future__ import annotations

import re

from ekiben.gateway.page_files import FOLDER
from tests.unit.gateway.conftest import Gateway, StartGateway

_NAMES = sorted(path.name for path in FOLDER.iterdir() if path.name != "index.html")


async def test_the_page_comes_with_a_policy_that_lets_nothing_in(gateway: Gateway) -> None:
    reply = await gateway.http.get("/")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.split(" ", 1) for part in reply.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: data:",
        "connect-src": "'self'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "same-origin"
    assert reply.headers["cross-origin-opener-policy"] == "same-origin"
    assert reply.headers["x-request-id"]


async def test_every_file_comes_with_its_kind(gateway: Gateway) -> None:
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    for name in _NAMES:
        reply = await gateway.http.get(f"/page/{name}")
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith(kinds[name.rpartition(".")[2]])
        assert reply.content == (FOLDER / name).read_bytes()


async def test_what_a_browser_has_already_is_not_sent_again(gateway: Gateway) -> None:
    first = await gateway.http.get("/")
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = await gateway.http.get("/", headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert "content-security-policy" in again.headers
    other = await gateway.http.get("/", headers={"if-none-match": '"other"'})
    assert other.status_code == 200


async def test_a_head_is_the_same_without_the_body(gateway: Gateway) -> None:
    whole = await gateway.http.get("/page/page.js")
    head = await gateway.http.head("/page/page.js")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]
    assert head.headers["content-length"] == whole.headers["content-length"] == str(len(whole.content))


async def test_nothing_else_can_be_asked_for(gateway: Gateway) -> None:
    for path in (
        "/page/",
        "/page/missing.js",
        "/page/..%2Fpage_files.py",
        "/page/%2e%2e/page_files.py",
        "/page/../../settings.py",
        "/page//etc/passwd",
        "/page/%2Fetc%2Fpasswd",
        "/page/page.js%00.html",
    ):
        reply = await gateway.http.get(path)
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found"), path


async def test_it_can_be_turned_off(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(page=False)
    for path in ("/", "/page/page.js"):
        reply = await gateway.http.get(path)
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


async def test_it_takes_no_posts(gateway: Gateway) -> None:
    reply = await gateway.http.post("/")
    assert (reply.status_code, reply.json()["error"]["code"]) == (405, "method_not_allowed")


async def test_the_page_names_only_files_that_are_there_and_nothing_from_outside(gateway: Gateway) -> None:
    html = (await gateway.http.get("/")).text
    assert set(re.findall(r'(?:src|href)="page/([^"]+)"', html)) <= set(_NAMES)
    imported = {name for path in FOLDER.glob("*.js") for name in re.findall(r'from "\./([^"]+)"', path.read_text())}
    assert imported <= set(_NAMES)
    everything = "".join(path.read_text() for path in FOLDER.iterdir())
    outside = set(re.findall(r'https?://[^\s"\'`<>]+', everything)) - {"http://www.w3.org/2000/svg"}
    assert not outside
    # The policy would stop these; better that nobody writes them.
    assert not re.search(
        r"\bon\w+=\"|style=\"|<style|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", everything
    )
