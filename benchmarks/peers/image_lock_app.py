"""FastAPI around diffusers' pipeline behind a lock: one call at a time.

`PEER_PIPELINE` is the folder of the pipeline.
"""

from __future__ import annotations

import os
import threading

from fastapi import FastAPI, Response
from pydantic import BaseModel

from benchmarks.harness.machine import CORES
from benchmarks.text_to_image import pipeline_calls
from benchmarks.text_to_image.workload import Ask

pipeline = pipeline_calls.load(os.environ["PEER_PIPELINE"], CORES)
lock = threading.Lock()
app = FastAPI()


class Body(BaseModel):
    """One picture."""

    prompt: str
    side: int
    steps: int
    guidance_scale: float
    seed: int


@app.get("/ready")
async def ready() -> Response:
    """Answer as soon as the model is loaded."""
    return Response()


@app.post("/draw")
def draw(body: Body) -> Response:
    """One picture."""
    with lock:
        image = pipeline_calls.draw(pipeline, [Ask(**body.model_dump())])[0]
    return Response(pipeline_calls.png(image), media_type="image/png")
