"""Stopped after any step and continued, a picture is the one that it would have been."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from ekiben.diffusion import checkpoint as checkpoint_module
from ekiben.diffusion.checkpoint import Checkpoint
from ekiben.diffusion.engine import Engine
from ekiben.diffusion.families import family_of
from ekiben.diffusion.generation import CheckpointTaken, Event, Generation, Wishes
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.request import ImageRequest, SourceImage
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.errors import CheckpointRefused
from tests.unit.diffusion.making import (
    IDENTITY,
    LIMITS,
    NEVER_DIFFERENT_DB,
    PIPELINES,
    company,
    engine,
    finish,
    image,
    made,
    pipeline,
    psnr,
    request,
    source,
)
from tests.unit.diffusion.test_equality import SUITING

_ROOT = Path(__file__).parents[3]


class _Keeps:
    """A listener that keeps every checkpoint as bytes."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def __call__(self, event: Event) -> None:
        if isinstance(event, CheckpointTaken):
            self.written.append(event.checkpoint.to_bytes())


def _checkpoints(name: str, asked: ImageRequest, start: SourceImage | None = None) -> tuple[list[bytes], np.ndarray]:
    """A checkpoint of every step but the last, and the picture without stopping."""
    keeps, running = _Keeps(), engine(name)
    generation = running.submit(asked, source=start, wishes=Wishes(listener=keeps, checkpoint_every=1))
    finish(running)
    return keeps.written, image(generation).pixels


def _resumed(running: Engine, data: bytes) -> Generation:
    checkpoint = Checkpoint.from_bytes(data)
    return running.submit(checkpoint.header.request, checkpoint=checkpoint)


@pytest.mark.parametrize(("name", "scheduler"), SUITING)
def test_continued_after_any_step_it_is_the_same_picture(name: str, scheduler: SchedulerName | None) -> None:
    written, whole = _checkpoints(name, request(scheduler=scheduler, steps=5))
    assert len(written) >= 4
    for data in written:
        running = engine(name)
        continued = _resumed(running, data)
        finish(running)
        assert np.array_equal(image(continued).pixels, whole)


@pytest.mark.parametrize(
    ("name", "masked"),
    [*((name, masked) for name in ("sd", "sdxl", "flux-dev") for masked in (False, True)), ("sd-inpainting", True)],
)
def test_from_an_image_the_source_is_not_needed_again(name: str, masked: bool) -> None:
    asked = request(steps=6, strength=0.8, scheduler=None if name.startswith("flux") else SchedulerName.EULER_ANCESTRAL)
    written, whole = _checkpoints(name, asked, source(masked=masked))
    for data in written:
        running = engine(name)
        continued = _resumed(running, data)
        finish(running)
        assert np.array_equal(image(continued).pixels, whole)


@pytest.mark.parametrize("name", PIPELINES)
def test_a_whole_batch_continues_as_it_was(name: str) -> None:
    """The same company: the very same pixels."""
    requests = company()
    keeps, running = [_Keeps() for _ in requests], engine(name)
    generations = [
        running.submit(one, wishes=Wishes(listener=keep, checkpoint_every=1))
        for one, keep in zip(requests, keeps, strict=True)
    ]
    finish(running)
    moved = engine(name)
    continued = [_resumed(moved, keep.written[1]) for keep in keeps]
    finish(moved)
    for generation, again in zip(generations, continued, strict=True):
        assert np.array_equal(image(generation).pixels, image(again).pixels)


@pytest.mark.parametrize("name", PIPELINES)
def test_in_other_company_it_is_as_good_as_the_same(name: str) -> None:
    written, whole = _checkpoints(name, request(steps=6))
    running = engine(name)
    for other in company():
        running.submit(other)
    running.step()
    continued = _resumed(running, written[2])
    finish(running)
    assert psnr(image(continued).pixels, whole) >= NEVER_DIFFERENT_DB


_IN_A_FRESH_PROCESS = """
import sys, torch
from pathlib import Path
import numpy as np
from ekiben.diffusion.checkpoint import Checkpoint
from tests.unit.diffusion.making import engine, finish
torch.set_num_threads(1)
folder, name = Path(sys.argv[1]), sys.argv[2]
for file in sorted(folder.glob("*.checkpoint")):
    running = engine(name)
    checkpoint = Checkpoint.from_bytes(file.read_bytes())
    generation = running.submit(checkpoint.header.request, checkpoint=checkpoint)
    finish(running)
    np.save(file.with_suffix(".npy"), generation.result(0).pixels)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "scheduler"), [("sd", SchedulerName.EULER_ANCESTRAL), ("sd3", None)])
def test_a_fresh_process_continues_after_every_step(name: str, scheduler: SchedulerName | None, tmp_path: Path) -> None:
    written, whole = _checkpoints(name, request(scheduler=scheduler, steps=6))
    for index, data in enumerate(written):
        (tmp_path / f"{index}.checkpoint").write_bytes(data)
    command = [sys.executable, "-c", _IN_A_FRESH_PROCESS, str(tmp_path), name]
    subprocess.run(command, check=True, cwd=_ROOT, capture_output=True)
    assert len(written) == 5
    for index in range(len(written)):
        assert np.array_equal(np.load(tmp_path / f"{index}.npy"), whole)


def test_times_and_steps_before_the_checkpoint_count() -> None:
    written, _ = _checkpoints("sd", request(steps=6))
    spent = Checkpoint.from_bytes(written[3]).header
    running = engine("sd")
    continued = _resumed(running, written[3])
    finish(running)
    picture = image(continued)
    assert picture.evaluations == 7  # PNDM takes one more than its steps
    assert picture.timing.denoise_s > spent.denoise_s > 0
    assert picture.timing.rows_per_step == 2.0


def _one() -> Checkpoint:
    written, _ = _checkpoints("sd", request(scheduler=SchedulerName.DPMPP_2M))
    return Checkpoint.from_bytes(written[1])


def _refused(checkpoint: Checkpoint, *, name: str = "sd", model: ModelIdentity = IDENTITY) -> CheckpointRefused:
    """How it is refused: when submitted, or when its turn comes."""
    running = Engine(family_of(pipeline(name)), model, LIMITS)
    try:
        generation = running.submit(checkpoint.header.request, checkpoint=checkpoint)
        finish(running)
        error: BaseException | None = generation.future.exception(0)
    except CheckpointRefused as refusal:
        error = refusal
    assert isinstance(error, CheckpointRefused)
    assert (error.param, error.status) == ("checkpoint", 400)
    return error


@pytest.mark.parametrize("changed", [{"version": "1.0.1"}, {"digest": "1" * 64}, {"name": "other"}])
def test_another_model_or_version_is_refused(changed: dict[str, str]) -> None:
    error = _refused(_one(), model=IDENTITY.model_copy(update=changed))
    assert "tiny:1.0.0" in error.message


def test_another_family_is_refused() -> None:
    assert "sdxl" in _refused(_one(), name="sdxl").message


def test_another_version_of_diffusers_is_refused() -> None:
    one = _one()
    older = Checkpoint(one.header.model_copy(update={"diffusers": "0.1.0"}), one.tensors)
    assert "0.1.0" in _refused(older).message


def test_another_request_is_refused() -> None:
    running = engine("sd")
    with pytest.raises(CheckpointRefused):
        running.submit(request(seed=99), checkpoint=_one())


def test_another_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _one().to_bytes()
    monkeypatch.setattr(checkpoint_module, "FORMAT", 2)
    with pytest.raises(CheckpointRefused, match="its format is 1, this engine reads 2"):
        Checkpoint.from_bytes(data)


def test_a_truncated_checkpoint_is_refused_wherever_it_was_cut() -> None:
    data = _one().to_bytes()
    for length in [0, 1, 8, 9, 100, len(data) // 2, len(data) - 1]:
        with pytest.raises(CheckpointRefused):
            Checkpoint.from_bytes(data[:length])


def _with_header(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04N." * 10,  # a pickle
        struct.pack("<Q", 2**63) + b"{}",
        _with_header("{}"),
        _with_header("[" * 5_000),
        _with_header('{"__metadata__": {"ekiben": "{}"}}'),
        _with_header('{"__metadata__": {"ekiben": "[]"}}'),
        _with_header(json.dumps({"__metadata__": {"ekiben": '{"format": 1}'}})),
        _with_header(json.dumps({"__metadata__": {"ekiben": '{"format": {"a": 1}}'}})),
    ],
)
def test_what_is_no_checkpoint_is_refused(data: bytes) -> None:
    with pytest.raises(CheckpointRefused):
        Checkpoint.from_bytes(data)


def test_random_damage_is_refused_or_harmless() -> None:
    """Whatever bytes come in, nothing else comes out than a refusal or a checkpoint."""
    data, random = bytearray(_one().to_bytes()), np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(data)
        for place in random.integers(0, 3_000, size=3):
            damaged[place] = random.integers(0, 256)
        with suppress(CheckpointRefused):
            Checkpoint.from_bytes(bytes(damaged))


def _changed(tensors: dict[str, torch.Tensor | None]) -> Checkpoint:
    one = _one()
    kept: dict[str, Any] = {**one.tensors, **tensors}
    return Checkpoint(one.header, {name: tensor for name, tensor in kept.items() if tensor is not None})


@pytest.mark.parametrize(
    "tensors",
    [
        {"latents": None},
        {"latents": torch.zeros(1, 4, 8, 8)},
        {"latents": torch.zeros(1, 4, 16, 16, dtype=torch.float64)},
        {"generator": None},
        {"generator": torch.zeros(16, dtype=torch.uint8)},
        {"generator": torch.zeros(5056, dtype=torch.float32)},
        {"scheduler.model_outputs.1": torch.zeros(1, 4, 999, 999)},
        {"scheduler.model_outputs.1": None},
        {"repaint.mask": torch.zeros(1, 4, 16, 16)},
    ],
)
def test_tensors_that_this_model_never_has_are_refused(tensors: dict[str, torch.Tensor | None]) -> None:
    _refused(_changed(tensors))


@pytest.mark.parametrize("step", [5, 9_999])
def test_a_step_beyond_the_last_is_refused(step: int) -> None:
    one = _one()
    _refused(Checkpoint(one.header.model_copy(update={"step": step}), one.tensors))


def test_too_many_tensors_are_refused() -> None:
    header = _one().header.model_dump_json()
    data = safetensors.torch.save({str(i): torch.zeros(1) for i in range(65)}, {"ekiben": header})
    with pytest.raises(CheckpointRefused, match="more than 64 tensors"):
        Checkpoint.from_bytes(data)


def test_a_checkpoint_stays_as_it_was_taken() -> None:
    kept: list[Checkpoint] = []
    running = engine("sd")

    def keep(event: Event) -> None:
        if isinstance(event, CheckpointTaken):
            kept.append(event.checkpoint)

    running.submit(request(scheduler=SchedulerName.UNIPC), wishes=Wishes(listener=keep, checkpoint_every=1))
    running.step()
    before = kept[0].to_bytes()
    finish(running)
    assert kept[0].to_bytes() == before


def test_a_batch_with_a_damaged_checkpoint_goes_on_without_it() -> None:
    running = engine("sd")
    (expected,) = made(engine("sd"), [request()])
    good = running.submit(request())
    bad = _changed({"latents": None})
    lost = running.submit(bad.header.request, checkpoint=bad)
    finish(running)
    assert psnr(image(good).pixels, expected.pixels) >= NEVER_DIFFERENT_DB
    assert isinstance(lost.future.exception(), CheckpointRefused)
