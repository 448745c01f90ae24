"""Whether a worker takes jobs at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from ekiben.errors import ConfigurationError, ModelUnloaded, WeightsError
from ekiben.jobs import Fault
from ekiben.settings import load_settings
from ekiben.testing.embedding import ToyEmbedding, toy_card
from ekiben.worker.jobs.away import Away
from ekiben.worker.jobs.blame import fault_of
from ekiben.worker.jobs.hosting import ModelPlace, host_jobs, worker_name
from ekiben.worker.lifecycle import Lifecycle, State
from ekiben.worker.tensor_servable import TensorServable, loads


def _lifecycle(tmp_path: Path) -> Lifecycle[TensorServable]:
    load = loads(toy_card(), lambda card, _files, _threads: ToyEmbedding(card), lambda: tmp_path, 1, load_settings())
    return Lifecycle("toy", load, 1.0)


async def test_without_an_address_there_are_no_jobs(tmp_path: Path) -> None:
    assert host_jobs("toy", _lifecycle(tmp_path), load_settings(state_dir=tmp_path)) is None


async def test_an_address_that_is_none_stops_the_start(tmp_path: Path) -> None:
    settings = load_settings(state_dir=tmp_path, valkey_url=SecretStr("http://nowhere"))
    with pytest.raises(ConfigurationError, match="EKIBEN_VALKEY_URL"):
        host_jobs("toy", _lifecycle(tmp_path), settings)


async def test_a_queue_that_is_away_holds_up_neither_start_nor_end(tmp_path: Path) -> None:
    settings = load_settings(state_dir=tmp_path, valkey_url=SecretStr(f"unix://{tmp_path}/none"))
    hosting = host_jobs("toy", _lifecycle(tmp_path), settings)
    assert hosting is not None
    hosting.start()
    await hosting.drain()
    await hosting.close()


async def test_a_model_that_cannot_be_loaded_is_no_jobs_fault() -> None:
    def broken() -> Path:
        raise WeightsError("the file is gone.")

    load = loads(toy_card(), lambda card, _files, _threads: ToyEmbedding(card), broken, 1, load_settings())
    lifecycle = Lifecycle("toy", load, 1.0)
    await lifecycle.unload(State.IDLE)
    with pytest.raises(Away) as refused:
        async with ModelPlace(lifecycle).runner():
            pass
    assert fault_of(refused.value) is Fault.AWAY
    await lifecycle.unload()
    with pytest.raises(ModelUnloaded):
        async with ModelPlace(lifecycle).runner():
            pass


def test_no_two_processes_have_one_name() -> None:
    assert worker_name() != worker_name()
