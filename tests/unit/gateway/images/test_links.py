"""Pictures under links: whole, until they expire, and for nobody who made one up."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ekiben.policy.key_record import create_key
from ekiben.policy.keys_file import write_keys
from ekiben.testing import toy_card
from tests.unit.gateway.conftest import StartGateway
from tests.unit.gateway.image_platform import GENERATIONS, ImagePlatform, image_platform

ASKED = {"prompt": "a lake", "response_format": "url", "output_format": "webp"}


async def link_of(platform: ImagePlatform, **headers: str) -> str:
    reply = await platform.http.post(GENERATIONS, json=ASKED, headers=headers)
    assert reply.status_code == 200, reply.text
    (drawn,) = reply.json()["data"]
    assert "b64_json" not in drawn
    return str(drawn["url"])


async def test_a_link_leads_to_the_picture(images: ImagePlatform) -> None:
    url = await link_of(images)
    assert re.fullmatch(r"http://127\.0\.0\.1/v1/files/[\w-]{43}\.webp\?expires=\d+&signature=[\w-]{43}", url)
    fetched = await images.http.get(url)
    assert (fetched.status_code, fetched.content[8:12]) == (200, b"WEBP")
    head = await images.http.head(url)
    for reply in (fetched, head):
        assert reply.headers["content-type"] == "image/webp"
        assert reply.headers["content-length"] == str(len(fetched.content))
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"].startswith("private")
        assert reply.headers["content-disposition"].startswith("inline; filename=")
    assert head.content == b""


async def test_links_that_are_not_ours_say_nothing_of_what_is_there(images: ImagePlatform) -> None:
    url = urlsplit(await link_of(images))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    other = url.path[:-6] + ("A" if url.path[-6] != "A" else "B") + url.path[-5:]
    changed = [
        (url.path, {}),
        (url.path, {"expires": query["expires"]}),
        (url.path, {**query, "expires": str(int(query["expires"]) + 1)}),
        (url.path, {**query, "signature": "A" * 43}),
        (url.path, {**query, "signature": "ä"}),
        (url.path, {**query, "expires": "٣"}),
        (url.path, {**query, "expires": "9" * 5_000}),
        (other, query),
        ("/v1/files/nothing", query),
    ]
    answers = set()
    for path, sent in changed:
        reply = await images.http.get(path, params=sent)
        answers.add((reply.status_code, reply.json()["error"]["message"]))
    assert answers == {(403, "this link is not valid, or not any more.")}


async def test_what_was_swept_away_is_not_found(images: ImagePlatform) -> None:
    url = await link_of(images)
    assert images.state.files is not None
    (kept,) = (images.state.settings.state_dir / "objects" / "files").iterdir()
    kept.unlink()
    reply = await images.http.get(url)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("host", "begins"),
    [
        ("localhost:8080", "http://localhost:8080/"),
        ("127.0.0.1", "http://127.0.0.1/"),
        ("[::1]:3000", "http://[::1]:3000/"),
    ],
)
async def test_links_begin_with_a_name_of_this_machines_own(images: ImagePlatform, host: str, begins: str) -> None:
    assert (await link_of(images, host=host)).startswith(begins)


async def test_links_begin_with_the_public_address_where_there_is_one(run_dir: Path) -> None:
    async with image_platform(run_dir, public_url="https://models.example.com/pictures") as platform:
        assert (await link_of(platform)).startswith("https://models.example.com/pictures/v1/files/")


async def test_a_name_that_anybody_could_have_written_is_not_believed(run_dir: Path) -> None:
    key, record = create_key("someone")
    write_keys(run_dir / "keys", [record])
    async with image_platform(run_dir, keys_file=run_dir / "keys") as platform:
        url = await link_of(platform, host="evil.example", authorization=f"Bearer {key}")
        assert url.startswith("http://localhost/v1/files/")
        assert (await platform.http.get(url)).status_code == 200  # the link itself is the permission


async def test_the_secret_is_kept_and_is_nobody_elses(run_dir: Path) -> None:
    async with image_platform(run_dir) as platform:
        url = await link_of(platform)
    secret = run_dir / "state" / "link-secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    async with image_platform(run_dir) as platform:
        assert (await platform.http.get(url)).status_code == 200
    secret.unlink()
    async with image_platform(run_dir) as platform:
        assert (await platform.http.get(url)).status_code == 403


async def test_a_platform_that_draws_nothing_keeps_no_files(start_gateway: StartGateway, tmp_path: Path) -> None:
    gateway = await start_gateway(toy_card(), state_dir=tmp_path / "state")
    assert (await gateway.http.get("/v1/files/a.png")).status_code == 404
    assert not (tmp_path / "state").exists()
