"""BentoML's adaptive batching around diffusers' pipeline, which takes equal settings in one call and no others.

`PEER_PIPELINE` is the folder of the pipeline.
"""

from __future__ import annotations

import base64
import os
from typing import Any

import bentoml

from benchmarks.harness.machine import CORES
from benchmarks.text_to_image import pipeline_calls
from benchmarks.text_to_image.workload import Ask, fields


@bentoml.service(
    name="batched",
    workers=1,
    traffic={"timeout": 600},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
class Batched:
    """The pipeline behind BentoML's own batching."""

    def __init__(self) -> None:
        self.pipeline = pipeline_calls.load(os.environ["PEER_PIPELINE"], CORES)

    # max_latency_ms is the age at which requests are thrown away; this is too long for any to reach it.
    @bentoml.api(batchable=True, max_batch_size=8, max_latency_ms=600_000)
    def draw(self, asks: list[dict[str, Any]]) -> list[str]:
        """One picture an ask, as PNG in base64."""
        pictures: dict[int, str] = {}
        alike: dict[str, list[int]] = {}
        wanted = [Ask(**ask) for ask in asks]
        for i, ask in enumerate(wanted):
            alike.setdefault(str(fields(ask)), []).append(i)
        for group in alike.values():
            images = pipeline_calls.draw(self.pipeline, [wanted[i] for i in group])
            for i, image in zip(group, images, strict=True):
                pictures[i] = base64.b64encode(pipeline_calls.png(image)).decode()
        return [pictures[i] for i in range(len(asks))]
