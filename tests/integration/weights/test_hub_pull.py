"""Pulling from the model hub, through real HTTP and the real command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.weights.digest import Digest
from ekiben.weights.download import Download
from ekiben.weights.hub import Hub as RealHub
from ekiben.weights.hub import HubFile
from ekiben.weights.progress import Silent

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.weights.conftest import Hub, Project

STORED = ["toy/1.0.0/model.onnx", "toy/1.0.0/model.yaml", "toy/latest"]
CONTENT = bytes(range(256)) * 4096
TOKEN = "hf_secret"


def test_a_model_is_pulled(locked: Project, hub: Hub) -> None:
    status, output, errors = locked.run("pull", "toy")
    assert (status, output) == (0, ""), errors
    assert errors.splitlines() == [
        "toy: the weights are under MIT",
        "toy model.onnx (1.0 MiB)",
        f"toy:1.0.0 is stored in {locked.home}/models/toy/1.0.0",
    ]
    assert locked.stored() == STORED
    assert locked.stored_file() == CONTENT
    assert len(hub.storage_seen) == 1


def test_a_second_pull_asks_nobody(locked: Project, hub: Hub) -> None:
    locked.run("pull", "toy")
    hub.seen.clear()
    status, _, _ = locked.run("pull")
    assert status == 0
    assert hub.seen == []


def test_the_token_goes_to_the_hub_only(locked: Project, hub: Hub) -> None:
    hub.token = TOKEN
    locked.environment["HF_TOKEN"] = f"{TOKEN}\n"
    status, output, errors = locked.run("pull", "toy")
    assert status == 0, errors
    assert [seen.headers.get("authorization") for seen in hub.seen] == [f"Bearer {TOKEN}"]
    assert [seen.headers.get("authorization") for seen in hub.storage_seen] == [None]
    assert TOKEN not in output + errors


@pytest.mark.parametrize("token", ["", "hf_wrong"])
def test_a_gated_model_says_what_to_do(locked: Project, hub: Hub, token: str) -> None:
    hub.token = TOKEN
    locked.environment["HF_TOKEN"] = token
    status, _, errors = locked.run("pull", "toy")
    assert status == 1
    message = errors.splitlines()[-1]
    assert message.startswith("ekiben: toy: model.onnx: ")
    assert "accept the model's licence on its page and set HF_TOKEN" in message
    assert "hf_wrong" not in errors
    assert locked.stored() == []


def test_wrong_bytes_are_not_stored(locked: Project, hub: Hub) -> None:
    hub.files["onnx/model.onnx"] = b"x" + CONTENT[1:]
    status, _, errors = locked.run("pull", "toy")
    assert status == 1
    assert "ekiben: toy: model.onnx: expected 1048576 bytes, sha256" in errors
    assert locked.stored() == []


def test_a_longer_file_is_refused_at_once(locked: Project, hub: Hub) -> None:
    hub.files["onnx/model.onnx"] = CONTENT * 2
    status, _, errors = locked.run("pull", "toy")
    assert status == 1
    assert "expected 1048576 bytes, the origin has 2097152" in errors


def test_a_missing_file_is_named(locked: Project, hub: Hub) -> None:
    del hub.files["onnx/model.onnx"]
    status, _, errors = locked.run("pull", "toy")
    assert status == 1
    assert "toy: model.onnx: org/Tiny_Model@01234567/onnx/model.onnx: the hub has no such file" in errors


def test_a_file_not_in_the_lock_is_refused(project: Project, hub: Hub) -> None:
    project.card("hf:org/Tiny_Model@0123456789abcdef0123456789abcdef01234567/onnx/model.onnx")
    status, _, errors = project.run("pull", "toy")
    assert (status, hub.seen) == (1, [])
    assert errors.splitlines()[-1] == (
        "ekiben: toy: is not in the lock; check where the files come from, then run: ekiben models pull toy --lock"
    )


def test_locking_writes_what_came(project: Project, hub: Hub) -> None:
    hub.files["onnx/model.onnx"] = CONTENT
    project.card("hf:org/Tiny_Model@0123456789abcdef0123456789abcdef01234567/onnx/model.onnx")
    status, _, errors = project.run("pull", "toy", "--lock")
    assert status == 0, errors
    assert "size_bytes: 1048576" in (project.models / "weights.lock").read_text()
    assert project.stored() == STORED
    assert len([seen for seen in hub.seen if "/resolve/" in seen.path]) == 1


class TestInterruptions:
    @pytest.fixture
    def expected(self, locked: Project) -> Digest:
        import hashlib

        assert locked.models.is_dir()
        return Digest(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())

    @pytest.fixture
    def source(self, hub: Hub) -> HubFile:
        return HubFile(
            RealHub(hub.endpoint), "org/Tiny_Model", "0123456789abcdef0123456789abcdef01234567", "onnx/model.onnx"
        )

    @pytest.fixture
    def pauses(self) -> list[float]:
        return []

    @pytest.fixture
    def download(self, pauses: list[float]) -> Download:
        return Download(Silent(), pauses.append)

    def test_a_cut_connection_is_resumed(
        self, source: HubFile, download: Download, hub: Hub, tmp_path: Path, expected: Digest, pauses: list[float]
    ) -> None:
        hub.cut_after = [600_000]
        assert download.fetch(source, tmp_path / "file", expected) == expected
        first, second = hub.storage_seen
        assert "range" not in first.headers
        start = int(second.headers["range"].removeprefix("bytes=").rstrip("-"))
        assert 0 < start <= 600_000
        assert second.headers["if-range"] == '"v1"'
        assert len(pauses) == 1

    def test_many_cuts_are_survived_while_bytes_come(
        self, source: HubFile, download: Download, hub: Hub, tmp_path: Path, expected: Digest
    ) -> None:
        hub.cut_after = [300_000] * 3 + [0, 0]
        assert download.fetch(source, tmp_path / "file", expected) == expected

    def test_a_file_changed_meanwhile_begins_anew(
        self, source: HubFile, download: Download, hub: Hub, tmp_path: Path, expected: Digest
    ) -> None:
        with source.open(0, None) as body:
            assert body.validator == '"v1"'
        (tmp_path / "file").write_bytes(b"x" * 1000)
        (tmp_path / "file.etag").write_text('"v0"')
        assert download.fetch(source, tmp_path / "file", expected) == expected
        assert hub.storage_seen[-1].headers["range"] == "bytes=1000-"

    def test_a_server_without_ranges_begins_anew(
        self, source: HubFile, download: Download, hub: Hub, tmp_path: Path, expected: Digest
    ) -> None:
        hub.ranges = False
        hub.cut_after = [600_000]
        assert download.fetch(source, tmp_path / "file", expected) == expected

    def test_a_weak_etag_begins_anew(
        self, source: HubFile, download: Download, hub: Hub, tmp_path: Path, expected: Digest
    ) -> None:
        hub.etag = 'W/"v1"'
        hub.cut_after = [600_000]
        assert download.fetch(source, tmp_path / "file", expected) == expected
        assert ["range" in seen.headers for seen in hub.storage_seen] == [False, False]

    def test_a_range_behind_the_end_begins_anew(
        self, source: HubFile, download: Download, hub: Hub, tmp_path: Path, expected: Digest
    ) -> None:
        (tmp_path / "file").write_bytes(b"x" * len(CONTENT))
        (tmp_path / "file.etag").write_text('"v1"')
        assert download.fetch(source, tmp_path / "file", None) == expected
        assert "range" not in hub.storage_seen[-1].headers

    def test_a_busy_hub_is_asked_again(
        self, source: HubFile, download: Download, hub: Hub, tmp_path: Path, expected: Digest, pauses: list[float]
    ) -> None:
        hub.failures = [503, 429, 500]
        assert download.fetch(source, tmp_path / "file", expected) == expected
        assert len(pauses) == 3

    def test_no_network_is_one_line(
        self, download: Download, tmp_path: Path, expected: Digest, pauses: list[float]
    ) -> None:
        from ekiben.errors import WeightsError

        unreachable = HubFile(RealHub("http://user:password@127.0.0.1:9"), "a/b", "c", "d")
        with pytest.raises(WeightsError) as caught:
            download.fetch(unreachable, tmp_path / "file", expected)
        assert caught.value.message.startswith("127.0.0.1: ")
        assert "\n" not in caught.value.message
        assert "password" not in caught.value.message
        assert len(pauses) == 3
