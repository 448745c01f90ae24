"""Ten callers at once, five hundred pictures, each under ten seconds: what a small installation has to hold."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.ekiben_server import ekiben_command
from benchmarks.harness.child import run_load
from benchmarks.harness.criteria import Criterion
from benchmarks.harness.http1 import Reply, post
from benchmarks.harness.load import Window
from benchmarks.harness.numbers import percentile
from benchmarks.harness.processes import running
from benchmarks.harness.report import Report
from benchmarks.text_to_image.fixed_work import FixedPlan, fixed_work
from benchmarks.text_to_image.workload import is_png, openai_picture

_CALLERS = 10
_LIMIT_S = 10.0
_SUCCESS = 0.99
_PROMPTS = ("a red fox", "a smiling cat", "a rocket", "a slice of pizza", "a snail", "a house with a garden")


class _Sizes(NamedTuple):
    pictures: int


def run(*, quick: bool, model: str = "emoji-128") -> Report:
    """Measure and report.

    Args:
        quick: A few pictures.
        model: A served name; its weights are in the store.
    """
    sizes = _Sizes(20 if quick else 500)
    requests = [_request(model, number) for number in range(sizes.pictures)]
    report = Report("text_to_image_exercise", f"Ten callers at once: {model}", quick)
    with running(ekiben_command(model)) as server:
        window = run_load(fixed_work, FixedPlan(server.port, requests, _CALLERS)).result
    _fill(report, window, sizes.pictures)
    return report


def _request(model: str, number: int) -> bytes:
    prompt = _PROMPTS[number % len(_PROMPTS)]
    body = f'{{"model": "{model}", "prompt": "{prompt}", "seed": {number}, "response_format": "b64_json"}}'
    return post("/v1/images/generations", body.encode())


def _fill(report: Report, window: Window, pictures: int) -> None:
    took = [sample.ended - sample.started for sample in window.samples if _is_picture(sample.reply)]
    in_time = [seconds for seconds in took if seconds < _LIMIT_S]
    share = len(in_time) / pictures
    report.criteria += [
        Criterion(
            f"pictures under {_LIMIT_S:.0f} s",
            f"{len(in_time)} of {pictures}",
            "≥ 99 %",
            share >= _SUCCESS,
            not report.quick,
        )
    ]
    report.table(
        "Pictures",
        ("images/s", "p50, s", "p95, s", "slowest, s", "without a picture"),
        [
            (
                f"{len(took) / (window.closed - window.opened):.2f}",
                f"{percentile(took, 0.5):.2f}",
                f"{percentile(took, 0.95):.2f}",
                f"{max(took, default=0.0):.2f}",
                str(pictures - len(took)),
            )
        ],
    )


def _is_picture(reply: Reply | None) -> bool:
    return reply is not None and reply.status == 200 and is_png(openai_picture(reply))
