"""FastAPI without batching: a plain endpoint in the thread pool.

`PEER_THREADS` CPU threads for the session, `PEER_CALLS` endpoint calls at once; the benchmark tries several pairs.
"""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
import orjson
from fastapi import FastAPI, Response
from pydantic import BaseModel

from benchmarks.model import load_embedder, tokens_of

model = load_embedder(int(os.environ["PEER_THREADS"]))
model.warm_up()


class Text(BaseModel):
    """One text."""

    text: str


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Set the size of the thread pool."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = int(os.environ["PEER_CALLS"])
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/ready")
async def ready() -> Response:
    """Answer as soon as the model is loaded."""
    return Response()


@app.post("/embed")
def embed(body: Text) -> Response:
    """One vector, in base64 as Ekiben's."""
    vector = model.infer([tokens_of(model, body.text)])[0]
    content = {"embedding": base64.b64encode(vector.tobytes()).decode()}
    return Response(orjson.dumps(content), media_type="application/json")
