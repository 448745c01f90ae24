"""BentoML as its documentation does it: adaptive batching with `batchable=True`, in the settings that suit it best."""

from __future__ import annotations

import base64

import bentoml

from benchmarks.harness.machine import CORES
from benchmarks.model import load_embedder, tokens_of


@bentoml.service(
    name="plain",
    workers=1,
    traffic={"timeout": 300},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
class Plain:
    """The model behind BentoML's own batching."""

    def __init__(self) -> None:
        self.model = load_embedder(CORES)
        self.model.warm_up()

    # max_latency_ms is the age at which requests are thrown away; this is too long for any to reach it.
    @bentoml.api(batchable=True, max_batch_size=32, max_latency_ms=60_000)
    def embed(self, texts: list[str]) -> list[str]:
        """One vector a text, in base64 as Ekiben's."""
        vectors = self.model.infer([tokens_of(self.model, text) for text in texts])
        return [base64.b64encode(vector.tobytes()).decode() for vector in vectors]
