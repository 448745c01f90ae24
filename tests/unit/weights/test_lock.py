from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.errors import WeightsError
from ekiben.weights.digest import Digest
from ekiben.weights.lock import LockedFile, LockEntry, WeightsLock, changed_lock, read_lock, write_lock

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.cards.card import Card
    from tests.unit.weights.conftest import MakeCard


@pytest.fixture
def entry(digest: Digest) -> LockEntry:
    origins = {"b.pth": LockedFile("file:b", digest), "a.json": LockedFile("file:a", digest)}
    return LockEntry("1.0.0", origins, {"model.onnx": digest})


def test_the_text_is_stable_and_readable(tmp_path: Path, entry: LockEntry) -> None:
    path = tmp_path / "weights.lock"
    write_lock(path, WeightsLock({"z": entry, "a": entry}))
    text = path.read_text()
    assert text.startswith("# Written by `ekiben models")
    assert text.index("\na:") < text.index("\nz:")
    assert text.index("a.json") < text.index("b.pth")
    assert f"\n      sha256: {entry.converted['model.onnx'].sha256}\n" in text
    write_lock(path, read_lock(path))
    assert path.read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["weights.lock"]


def test_what_is_written_is_read(tmp_path: Path, entry: LockEntry) -> None:
    path = tmp_path / "weights.lock"
    write_lock(path, WeightsLock({"toy": entry}))
    assert read_lock(path).entries == {"toy": entry}


def test_a_missing_lock_is_empty(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "weights.lock").entries == {}


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "- a",
        "a: 1",
        "a: {version: 1.0.0}",
        "a: {version: 1.0.0, origins: {f: {source: s, size_bytes: x, sha256: y}}}",
        "a: {version: 1.0.0, origins: {f: {source: s, size_bytes: -1, sha256: " + "0" * 64 + "}}}",
        "a: {version: 1.0.0, origins: {f: {source: s, size_bytes: 1, sha256: " + "0" * 63 + "}}}",
        "a: !!python/name:os.system",
        "\x00",
    ],
)
def test_a_damaged_lock_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "weights.lock"
    path.write_text(text)
    with pytest.raises(WeightsError, match="restore it from version control"):
        read_lock(path)


def test_changing_keeps_the_other_entries(tmp_path: Path, entry: LockEntry) -> None:
    path = tmp_path / "weights.lock"
    for name in ("a", "b"):
        with changed_lock(path) as lock:
            lock.entries[name] = entry
    assert set(read_lock(path).entries) == {"a", "b"}


def test_nothing_is_written_when_the_change_fails(tmp_path: Path) -> None:
    path = tmp_path / "weights.lock"
    with pytest.raises(KeyError), changed_lock(path):
        raise KeyError
    assert not path.exists()


class TestAgreementWithTheCard:
    def lock(self, card: Card, digest: Digest, **origins: str) -> WeightsLock:
        files = {name: LockedFile(uri, digest) for name, uri in origins.items()}
        return WeightsLock({card.name: LockEntry("1.0.0", files)})

    def test_agreed(self, make_card: MakeCard, digest: Digest) -> None:
        card = make_card({"a.onnx": "file:a"})
        lock = self.lock(card, digest, **{"a.onnx": "file:a"})
        assert lock.entry(card).stored == {"a.onnx": digest}

    def test_no_entry(self, make_card: MakeCard) -> None:
        with pytest.raises(WeightsError, match="run: ekiben models pull toy --lock"):
            WeightsLock().entry(make_card({"a.onnx": "file:a"}))

    @pytest.mark.parametrize(
        ("files", "version", "convert", "reason"),
        [
            ({"a.onnx": "file:a", "b.json": "file:b"}, "1.0.0", "", "b.json is not in the lock"),
            ({"a.onnx": "file:other"}, "1.0.0", "", "a.onnx is locked from another source, file:a"),
            ({"a.onnx": "file:a"}, "1.0.1", "", "locked at version 1.0.0, its card says 1.0.1"),
            ({"a.onnx": "file:a"}, "1.0.0", "recipe", "disagree on whether files are converted"),
        ],
    )
    def test_disagreed(
        self, make_card: MakeCard, digest: Digest, files: dict[str, str], version: str, convert: str, reason: str
    ) -> None:
        card = make_card(files, convert, version)
        with pytest.raises(WeightsError, match=reason) as caught:
            self.lock(card, digest, **{"a.onnx": "file:a"}).entry(card)
        assert "ekiben models pull toy --lock" in caught.value.message

    def test_a_file_too_many(self, make_card: MakeCard, digest: Digest) -> None:
        card = make_card({"a.onnx": "file:a"})
        with pytest.raises(WeightsError, match="lists files its card does not have"):
            self.lock(card, digest, **{"a.onnx": "file:a", "c.json": "file:c"}).entry(card)
