from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.errors import WeightsError
from ekiben.settings import load_settings
from ekiben.weights.bento_store import ModelStore
from ekiben.weights.lock import LockEntry, WeightsLock, write_lock
from ekiben.weights.options import PullOptions
from ekiben.weights.pull import Pull
from ekiben.weights.store import State, check_stored, state_of, verify

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.cards.card import Card
    from tests.unit.weights.conftest import MakeCard


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> ModelStore:
    return ModelStore(home)


@pytest.fixture
def lock(toy: Card, toy_entry: LockEntry) -> WeightsLock:
    return WeightsLock({toy.name: toy_entry})


@pytest.fixture
def pulled(toy: Card, toy_entry: LockEntry, models_dir: Path, home: Path, tmp_path: Path) -> Path:
    return Pull(PullOptions(models_dir, home, tmp_path / "cache"), {}).pull(toy, toy_entry).path


def test_states(toy: Card, lock: WeightsLock, store: ModelStore, make_card: MakeCard) -> None:
    template = make_card({"model.onnx": "hf:a/b@main/model.onnx"}, name="later")
    assert state_of(template, lock, store) is State.TEMPLATE
    assert state_of(toy, WeightsLock(), store) is State.NOT_LOCKED
    assert state_of(toy, lock, store) is State.NOT_PULLED


def test_states_of_what_is_stored(toy: Card, lock: WeightsLock, store: ModelStore, pulled: Path) -> None:
    assert state_of(toy, lock, store) is State.STORED
    (pulled / "model.onnx").write_bytes(b"")
    assert state_of(toy, lock, store) is State.DAMAGED
    (pulled / "model.yaml").unlink()
    assert state_of(toy, lock, store) is State.OTHER


class TestVerify:
    def test_it_reads_every_byte(self, toy: Card, toy_entry: LockEntry, store: ModelStore, pulled: Path) -> None:
        read: list[int] = []
        verify(toy, toy_entry, store, read.append)
        assert sum(read) == (pulled / "model.onnx").stat().st_size

    def test_a_changed_byte(self, toy: Card, toy_entry: LockEntry, store: ModelStore, pulled: Path) -> None:
        content = bytearray((pulled / "model.onnx").read_bytes())
        content[5] ^= 1
        (pulled / "model.onnx").write_bytes(content)
        with pytest.raises(WeightsError, match=r"toy: model.onnx: expected .*, found .*; remove it with: bentoml"):
            verify(toy, toy_entry, store, lambda _: None)

    def test_a_missing_file(self, toy: Card, toy_entry: LockEntry, store: ModelStore, pulled: Path) -> None:
        (pulled / "model.onnx").unlink()
        with pytest.raises(WeightsError, match=r"toy: model.onnx cannot be read: No such file"):
            verify(toy, toy_entry, store, lambda _: None)

    def test_a_file_too_many(self, toy: Card, toy_entry: LockEntry, store: ModelStore, pulled: Path) -> None:
        (pulled / "custom_objects.pkl").write_bytes(b"")
        with pytest.raises(WeightsError, match=r"custom_objects.pkl is stored but not in the lock"):
            verify(toy, toy_entry, store, lambda _: None)

    def test_not_pulled(self, toy: Card, toy_entry: LockEntry, store: ModelStore) -> None:
        with pytest.raises(WeightsError, match="run: ekiben models pull toy"):
            verify(toy, toy_entry, store, lambda _: None)


class TestCheckStored:
    def test_all_there(self, toy: Card, lock: WeightsLock, models_dir: Path, home: Path, pulled: Path) -> None:
        assert pulled.is_dir()
        write_lock(models_dir / "weights.lock", lock)
        check_stored([toy], load_settings(bentoml_home=home))

    def test_some_missing(
        self, toy: Card, lock: WeightsLock, models_dir: Path, home: Path, make_card: MakeCard
    ) -> None:
        write_lock(models_dir / "weights.lock", lock)
        other = make_card({"model.onnx": "file:other.onnx"}, name="other")
        with pytest.raises(WeightsError) as caught:
            check_stored([toy, other], load_settings(bentoml_home=home))
        assert caught.value.message == (
            "weights cannot be served (not pulled: toy; not locked: other); run: ekiben models pull toy other"
        )
