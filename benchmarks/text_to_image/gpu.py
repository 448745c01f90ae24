"""On a GPU: eight callers with mixed steps against a pipeline that draws one by one, in process and through the API.

Without a GPU a small model shows that it works.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.harness.child import run_load
from benchmarks.harness.criteria import Criterion
from benchmarks.harness.processes import running
from benchmarks.harness.report import Report
from benchmarks.text_to_image import engine, peers, pipeline_calls
from benchmarks.text_to_image.devices import on_gpu, settle_device
from benchmarks.text_to_image.fixed_work import FixedPlan, fixed_work
from benchmarks.text_to_image.random_pipelines import SD1, SDXL, TINY, Subject
from benchmarks.text_to_image.workload import Ask, asks
from ekiben.cards.images import Levers, StepCache
from ekiben.diffusion import Wishes, load_family
from ekiben.diffusion.family import Family

_CALLERS = 8
_PREVIEW_EVERY = 5


class Found(NamedTuple):
    """Images per second; `levered` is the API's with levers that change pictures."""

    subject: Subject
    serial: float
    in_process: float
    with_previews: float
    api: float
    levered: float


def run(*, quick: bool) -> Report:
    """Measure and report."""
    device = settle_device()
    subjects = [TINY] if quick or not on_gpu() else [SD1, SDXL]
    report = Report("text_to_image_gpu", "Text to image on a GPU", quick)
    found = [_measured(subject, device, 8 if quick else 64) for subject in subjects]
    report.table(
        f"{_CALLERS} callers, ten to thirty steps; SDXL's size: {SDXL.steps} steps, guidance on",
        (
            "model",
            "serial",
            "in process",
            "with previews",
            "API",
            "API, levers",
            "in process ÷ serial",
            "API ÷ in process",
        ),
        [_row(one) for one in found],
    )
    report.text(
        f"With levers that change pictures: {_lossy().model_dump_json(exclude_defaults=True)}. Whether trained weights"
        " pass the image-quality gate with them is for `ekiben models judge` to say: random ones tell nothing."
    )
    for one in found:
        report.criteria += _criteria(one, judged=on_gpu() and not quick)
    return report


def _measured(subject: Subject, device: str, count: int) -> Found:
    wanted = _fixed(subject, count) if subject is SDXL else asks(subject, count)
    precision = "bf16" if on_gpu() else "fp32"
    rows, gpu_memory_gib = 2 * _CALLERS, 40 if on_gpu() else 0
    with peers.published(subject, rows=rows, precision=precision, gpu_memory_gib=gpu_memory_gib) as model:
        serial = _serial(model.pipeline, wanted, device)
        dtype = torch.bfloat16 if on_gpu() else torch.float32
        family = load_family(model.pipeline, dtype=dtype, device=device)
        requests = engine.requests_of(wanted)
        in_process = engine.speed(family, rows, subject.side, requests, _CALLERS)
        with_previews = _with_previews(family, rows, subject, wanted)
        del family
        api = _api(model, wanted)
    with peers.published(
        subject, rows=rows, precision=precision, gpu_memory_gib=gpu_memory_gib, levers=_lossy()
    ) as model:
        return Found(subject, serial, in_process, with_previews, api, _api(model, wanted))


def _lossy() -> Levers:
    cached = StepCache(threshold=0.1)
    if not on_gpu():
        return Levers(step_cache=cached)
    return Levers(channels_last=True, compile="regional", quantization="fp8-dynamic", step_cache=cached)


def _fixed(subject: Subject, count: int) -> list[Ask]:
    """All of the model's own steps, with guidance."""
    return [ask._replace(steps=subject.steps, guidance_scale=subject.guidance_scale) for ask in asks(subject, count)]


def _serial(folder: Path, wanted: Sequence[Ask], device: str) -> float:
    dtype = torch.bfloat16 if on_gpu() else torch.float32
    pipeline = pipeline_calls.load(str(folder), torch.get_num_threads(), device=device, dtype=dtype)
    pipeline_calls.draw(pipeline, wanted[:1])
    started = time.perf_counter()
    for ask in wanted:
        pipeline_calls.draw(pipeline, [ask])
    return len(wanted) / (time.perf_counter() - started)


def _with_previews(family: Family, rows: int, subject: Subject, wanted: Sequence[Ask]) -> float:
    wishes = Wishes(listener=lambda _: None, preview_every=_PREVIEW_EVERY)
    return engine.speed(family, rows, subject.side, engine.requests_of(wanted), _CALLERS, wishes)


def _api(model: peers.Published, wanted: Sequence[Ask]) -> float:
    peer = peers.ekiben(model)
    requests = peer.form.requests(wanted)
    with running(peer.command) as server:
        run_load(fixed_work, FixedPlan(server.port, requests[:_CALLERS], _CALLERS))
        window = run_load(fixed_work, FixedPlan(server.port, requests, _CALLERS)).result
    pictures = [sample for sample in window.samples if sample.reply and sample.reply.status == 200]
    return len(pictures) / (window.closed - window.opened)


def _row(one: Found) -> tuple[str, ...]:
    speeds = (f"{speed:.3f}" for speed in (one.serial, one.in_process, one.with_previews, one.api, one.levered))
    return (one.subject.name, *speeds, f"{one.in_process / one.serial:.2f}", f"{one.api / one.in_process:.2f}")


def _criteria(one: Found, *, judged: bool) -> list[Criterion]:
    name, gain = one.subject.name, one.api / one.serial
    share, cost = one.api / one.in_process, 1 - one.with_previews / one.in_process
    speed = (
        Criterion(f"{name}: API, images/s", f"{one.api:.2f}", "≥ 1.3", one.api >= 1.3, judged)
        if one.subject is SDXL
        else Criterion(f"{name}: API ÷ serial", f"{gain:.2f}", "≥ 2.5", gain >= 2.5, judged)
    )
    lossy = Criterion(
        f"{name}: API with lossy levers, images/s", f"{one.levered:.2f}", "≥ 1.7", one.levered >= 1.7, judged
    )
    return [
        speed,
        *([lossy] if one.subject is SDXL else []),
        Criterion(f"{name}: API ÷ in process", f"{share:.2f}", "≥ 0.95", share >= 0.95, judged),
        Criterion(f"{name}: what previews cost", f"{cost:.1%}", "≤ 3 %", cost <= 0.03, judged),
    ]
