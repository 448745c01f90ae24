from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ekiben.errors import WeightsError
from ekiben.weights.digest import Digest, digest_of
from ekiben.weights.lock import LockedFile, LockEntry
from ekiben.weights.options import PullOptions
from ekiben.weights.partial import Partial
from ekiben.weights.pull import Pull

if TYPE_CHECKING:
    from ekiben.cards.card import Card
    from tests.unit.weights.conftest import MakeCard


@pytest.fixture
def options(models_dir: Path, tmp_path: Path) -> PullOptions:
    return PullOptions(models_dir, tmp_path / "home", tmp_path / "cache", hf_token="secret")


@pytest.fixture
def pull(options: PullOptions) -> Pull:
    return Pull(options, {"double": double, "pickles": pickles, "fails": fails})


def double(inputs: Mapping[str, Path], target: Path) -> None:
    (path,) = inputs.values()
    (target / "model.onnx").write_bytes(path.read_bytes() * 2)


def pickles(inputs: Mapping[str, Path], target: Path) -> None:
    (target / "model.pkl").write_bytes(b"".join(path.read_bytes() for path in inputs.values()))


def fails(inputs: Mapping[str, Path], target: Path) -> None:
    (target / "half.onnx").write_bytes(b"half")
    raise WeightsError(f"cannot read {', '.join(inputs)}")


def stored_files(options: PullOptions) -> list[str]:
    models = options.bentoml_home / "models"
    return sorted(path.relative_to(models).as_posix() for path in models.rglob("*") if path.is_file())


def test_weights_are_stored(pull: Pull, toy: Card, toy_entry: LockEntry, options: PullOptions) -> None:
    stored = pull.pull(toy, toy_entry)
    assert (stored.path / "model.onnx").read_bytes() == b"weights" * 1000
    assert stored.labels["licence_weights"] == "CC-BY-4.0"
    assert stored.labels["card"] == digest_of(toy.folder / "toy.yaml").sha256
    assert stored_files(options) == ["toy/1.0.0/model.onnx", "toy/1.0.0/model.yaml", "toy/latest"]


def test_nothing_is_left_in_the_cache(pull: Pull, toy: Card, toy_entry: LockEntry, options: PullOptions) -> None:
    pull.pull(toy, toy_entry)
    left = [path.name for path in options.cache_dir.rglob("*") if path.is_file()]
    assert left == ["toy-1.0.0.lock"]


def test_what_is_there_is_not_fetched_again(
    pull: Pull, toy: Card, toy_entry: LockEntry, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pull.pull(toy, toy_entry)
    (models_dir / "toy.onnx").unlink()
    monkeypatch.setattr("ekiben.weights.pull.digest_of", None)
    assert pull.pull(toy, toy_entry).path == first.path


def test_what_is_damaged_is_fetched_again(pull: Pull, toy: Card, toy_entry: LockEntry) -> None:
    path = pull.pull(toy, toy_entry).path
    (path / "model.onnx").write_bytes(b"cut")
    assert (pull.pull(toy, toy_entry).path / "model.onnx").read_bytes() == b"weights" * 1000


def test_other_contents_under_the_tag_are_not_touched(
    pull: Pull, toy: Card, toy_entry: LockEntry, options: PullOptions
) -> None:
    mine = options.bentoml_home / "models" / "toy" / "1.0.0" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(WeightsError, match=r"toy:1.0.0 is stored with other contents .* bentoml models delete"):
        pull.pull(toy, toy_entry)
    assert mine.read_text() == "mine"


def test_a_template_says_how_to_pin_it(pull: Pull, make_card: MakeCard, toy_entry: LockEntry) -> None:
    template = make_card({"model.onnx": "hf:a/b@main/model.onnx"}, name="later")
    with pytest.raises(WeightsError, match="pin its sources with: ekiben models pin later"):
        pull.pull(template, toy_entry)


def test_wrong_bytes_are_not_stored(
    pull: Pull, toy: Card, toy_entry: LockEntry, models_dir: Path, options: PullOptions
) -> None:
    (models_dir / "toy.onnx").write_bytes(b"WEIGHTS" * 1000)
    with pytest.raises(WeightsError, match=r"^toy: model.onnx: expected 7000 bytes.*, found 7000 bytes"):
        pull.pull(toy, toy_entry)
    assert stored_files(options) == []


def test_a_missing_file_is_named(pull: Pull, toy: Card, toy_entry: LockEntry, models_dir: Path) -> None:
    (models_dir / "toy.onnx").unlink()
    with pytest.raises(WeightsError, match=r"^toy: model.onnx: cannot read .*toy.onnx: No such file"):
        pull.pull(toy, toy_entry)


class TestRoom:
    def free(self, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = shutil.disk_usage("/")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=size))

    def test_no_room_is_told_before_a_byte(
        self, pull: Pull, toy: Card, toy_entry: LockEntry, options: PullOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.free(64 * 2**20, monkeypatch)
        with pytest.raises(WeightsError, match=r"^toy: needs 65 MiB of disk under .*, 64 MiB are free"):
            pull.pull(toy, toy_entry)
        assert not (options.cache_dir / "partial").exists()

    def test_room_enough(self, pull: Pull, toy: Card, toy_entry: LockEntry, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free(64 * 2**20 + 7000, monkeypatch)
        pull.pull(toy, toy_entry)

    def test_a_disk_that_fills_up_on_the_way(
        self, pull: Pull, toy: Card, toy_entry: LockEntry, options: PullOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # /dev/full answers every write as a full disk does.
        monkeypatch.setattr(Partial, "open_at", lambda *_: Path("/dev/full").open("wb"))  # noqa: SIM115
        with pytest.raises(WeightsError, match=r"^toy: no space is left .* make room and pull again"):
            pull.pull(toy, toy_entry)
        assert stored_files(options) == []
        monkeypatch.undo()
        pull.pull(toy, toy_entry)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EROFS, r"cannot be written \(Read-only file system\); point BENTOML_HOME"),
        (errno.EACCES, r"cannot be written \(Permission denied\)"),
        (errno.ENOSPC, r"no space is left"),
        (errno.EIO, r"Input/output error"),
    ],
)
def test_a_store_that_cannot_be_written(
    pull: Pull,
    toy: Card,
    toy_entry: LockEntry,
    options: PullOptions,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    reason: str,
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number), str(self), None, str(target))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(WeightsError, match=f"^toy: .*{reason}"):
        pull.pull(toy, toy_entry)
    assert stored_files(options) == []


class TestConversion:
    def entry(self, card: Card, models_dir: Path, converted: Mapping[str, Digest]) -> LockEntry:
        digest = digest_of(models_dir / "toy.pth")
        return LockEntry(card.version, {"weights.pth": LockedFile("file:toy.pth", digest)}, converted)

    @pytest.fixture
    def card(self, make_card: MakeCard, models_dir: Path) -> Card:
        (models_dir / "toy.pth").write_bytes(b"abc")
        return make_card({"weights.pth": "file:toy.pth"}, convert="double")

    def digest(self, tmp_path: Path, content: bytes) -> Digest:
        (tmp_path / "content").write_bytes(content)
        return digest_of(tmp_path / "content")

    def test_the_result_is_stored_and_the_input_is_not(
        self, pull: Pull, card: Card, models_dir: Path, tmp_path: Path, options: PullOptions
    ) -> None:
        entry = self.entry(card, models_dir, {"model.onnx": self.digest(tmp_path, b"abcabc")})
        assert (pull.pull(card, entry).path / "model.onnx").read_bytes() == b"abcabc"
        assert stored_files(options) == ["toy/1.0.0/model.onnx", "toy/1.0.0/model.yaml", "toy/latest"]

    @pytest.mark.parametrize("name", ["model.onnx", "other.onnx"])
    def test_another_result_than_locked_is_refused(
        self, pull: Pull, card: Card, models_dir: Path, tmp_path: Path, options: PullOptions, name: str
    ) -> None:
        entry = self.entry(card, models_dir, {name: self.digest(tmp_path, b"other")})
        with pytest.raises(WeightsError, match=r"^toy: model.onnx: converted to .*, the lock says .*--lock"):
            pull.pull(card, entry)
        assert stored_files(options) == []

    @pytest.mark.parametrize(
        ("recipe", "reason"),
        [
            ("nothing", "no recipe is called 'nothing'; there are: double, fails, pickles"),
            ("pickles", r"the recipe made model.pkl, a format that is not stored"),
            ("fails", r"cannot read weights.pth"),
        ],
    )
    def test_a_recipe_that_does_not_work(
        self, pull: Pull, make_card: MakeCard, models_dir: Path, options: PullOptions, recipe: str, reason: str
    ) -> None:
        (models_dir / "toy.pth").write_bytes(b"abc")
        card = make_card({"weights.pth": "file:toy.pth"}, convert=recipe)
        entry = self.entry(card, models_dir, {"model.onnx": Digest(1, "0" * 64)})
        with pytest.raises(WeightsError, match=f"^toy: {reason}"):
            pull.pull(card, entry)
        assert stored_files(options) == []

    def test_resolve_locks_inputs_and_results(
        self, pull: Pull, card: Card, models_dir: Path, tmp_path: Path, options: PullOptions
    ) -> None:
        entry = pull.resolve(card)
        assert entry == self.entry(card, models_dir, {"model.onnx": self.digest(tmp_path, b"abcabc")})
        assert stored_files(options) == []
        pull.pull(card, entry)


def test_the_token_is_not_shown(options: PullOptions) -> None:
    assert "secret" not in repr(options)


def test_settings_can_be_shown(options: PullOptions) -> None:
    values: dict[str, Any] = {"lock": options.lock_file, "hub": options.hub().endpoint}
    assert values == {"lock": options.models_dir / "weights.lock", "hub": "https://huggingface.co"}
    assert "secret" not in repr(options.hub())
