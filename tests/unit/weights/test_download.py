from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from ekiben.errors import WeightsError
from ekiben.weights.digest import Digest
from ekiben.weights.download import MAX_FRUITLESS_ATTEMPTS, Download
from ekiben.weights.progress import Silent
from ekiben.weights.source import Body, Interrupted

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = bytes(range(256)) * 40
EXPECTED = Digest(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class Scripted:
    """A source that follows a script: each attempt gives so many bytes, then stops."""

    def __init__(self, *script: int | WeightsError, content: bytes = CONTENT, version: str | None = '"1"') -> None:
        self.script = list(script)
        self.content = content
        self.version = version
        self.offsets: list[int] = []
        self.total: int | None = len(content)

    @contextmanager
    def open(self, offset: int, validator: str | None) -> Iterator[Body]:
        offset = offset if validator and validator == self.version else 0
        self.offsets.append(offset)
        step = self.script.pop(0) if self.script else len(self.content)
        if isinstance(step, WeightsError):
            raise step
        yield Body(offset, self._chunks(offset, step), self.total, self.version)

    def _chunks(self, offset: int, step: int) -> Iterator[bytes]:
        end = min(offset + step, len(self.content))
        for start in range(offset, end, 1000):
            yield self.content[start : min(start + 1000, end)]
        if end < len(self.content):
            raise Interrupted("the line went dead")


class Counting(Silent):
    def __init__(self) -> None:
        self.count = 0

    def advance(self, count: int) -> None:
        self.count += count


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "file"


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def progress() -> Counting:
    return Counting()


@pytest.fixture
def download(progress: Counting, pauses: list[float]) -> Download:
    return Download(progress, pauses.append)


def test_a_file_arrives(download: Download, path: Path, progress: Counting) -> None:
    assert download.fetch(Scripted(), path, EXPECTED) == EXPECTED
    assert path.read_bytes() == CONTENT
    assert progress.count == len(CONTENT)


def test_an_empty_file_arrives(download: Download, path: Path) -> None:
    empty = Digest(0, hashlib.sha256().hexdigest())
    assert download.fetch(Scripted(content=b""), path, empty) == empty
    assert path.read_bytes() == b""


def test_it_goes_on_where_it_stopped(download: Download, path: Path, progress: Counting, pauses: list[float]) -> None:
    source = Scripted(3000, 4000)
    download.fetch(source, path, EXPECTED)
    assert source.offsets == [0, 3000, 7000]
    assert path.read_bytes() == CONTENT
    assert len(pauses) == 2
    assert progress.count == len(CONTENT)


def test_another_process_goes_on_where_one_stopped(download: Download, path: Path) -> None:
    with pytest.raises(WeightsError, match="no luck"):
        download.fetch(Scripted(5000, WeightsError("no luck")), path, EXPECTED)
    source = Scripted()
    download.fetch(source, path, EXPECTED)
    assert source.offsets == [5000]


def test_a_whole_file_is_not_asked_for_again(download: Download, path: Path, progress: Counting) -> None:
    download.fetch(Scripted(), path, EXPECTED)
    source = Scripted()
    assert download.fetch(source, path, EXPECTED) == EXPECTED
    assert source.offsets == []
    assert progress.count == 2 * len(CONTENT)


def test_a_new_version_at_the_origin_begins_anew(download: Download, path: Path) -> None:
    with pytest.raises(WeightsError):
        download.fetch(Scripted(5000, WeightsError("no luck")), path, EXPECTED)
    source = Scripted(version='"2"')
    download.fetch(source, path, EXPECTED)
    assert source.offsets == [0]


def test_without_a_version_it_begins_anew(download: Download, path: Path) -> None:
    source = Scripted(5000, version=None)
    download.fetch(source, path, EXPECTED)
    assert source.offsets == [0, 0]
    assert path.read_bytes() == CONTENT


def test_it_gives_up_when_nothing_comes(download: Download, path: Path, pauses: list[float]) -> None:
    with pytest.raises(WeightsError, match="the line went dead; 2000 bytes are kept") as caught:
        download.fetch(Scripted(2000, *[0] * 20), path, EXPECTED)
    assert not isinstance(caught.value, Interrupted)
    assert len(pauses) == MAX_FRUITLESS_ATTEMPTS
    assert path.stat().st_size == 2000


def test_pauses_grow(download: Download, path: Path, pauses: list[float]) -> None:
    with pytest.raises(WeightsError):
        download.fetch(Scripted(*[0] * 20), path, EXPECTED)
    assert all(0.25 * 2**n <= pause <= 0.5 * 2**n for n, pause in enumerate(pauses, start=1))


def test_what_will_not_work_is_not_tried_again(download: Download, path: Path, pauses: list[float]) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        download.fetch(Scripted(WeightsError("no such file")), path, EXPECTED)
    assert pauses == []


def test_wrong_bytes_are_not_kept(download: Download, path: Path) -> None:
    wrong = b"x" + CONTENT[1:]
    with pytest.raises(WeightsError, match=r"expected 10240 bytes, sha256 .*…, found 10240 bytes, sha256"):
        download.fetch(Scripted(content=wrong), path, EXPECTED)
    assert not path.exists()


def test_wrong_bytes_from_before_are_replaced(download: Download, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"x" * 5000)
    path.with_name("file.etag").write_text('"1"')
    source = Scripted()
    assert download.fetch(source, path, EXPECTED) == EXPECTED
    assert source.offsets == [5000, 0]


def test_more_bytes_than_locked_before_are_replaced(download: Download, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"x" * 50_000)
    assert download.fetch(Scripted(), path, EXPECTED) == EXPECTED


def test_a_larger_file_is_refused_before_a_byte(download: Download, path: Path) -> None:
    with pytest.raises(WeightsError, match="expected 10240 bytes, the origin has 10241"):
        download.fetch(Scripted(content=CONTENT + b"x"), path, EXPECTED)
    assert not path.exists()


def test_an_endless_file_is_stopped(download: Download, path: Path) -> None:
    source = Scripted(content=CONTENT * 100)
    source.total = None
    with pytest.raises(WeightsError, match="expected 10240 bytes, the origin sends more"):
        download.fetch(source, path, EXPECTED)
    assert not path.exists()


def test_an_unlocked_file_is_bounded_too(download: Download, path: Path) -> None:
    assert download.fetch(Scripted(), path, None) == EXPECTED
    with pytest.raises(WeightsError, match="sends more"):
        download.fetch(Scripted(), path.with_name("other"), None, max_bytes=100)


def test_a_link_in_the_cache_is_not_followed(download: Download, path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    path.parent.mkdir()
    path.symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        download.fetch(Scripted(), path, EXPECTED)
    assert victim.read_bytes() == b"precious"
