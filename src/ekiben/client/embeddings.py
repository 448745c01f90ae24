"""`client.embeddings`."""

from __future__ import annotations

import base64
import sys
from array import array
from typing import TYPE_CHECKING, Any, Unpack

from ekiben.client.call import Answer, Call, CallOptions
from ekiben.client.reading import readable
from ekiben.client.results import Embedding, Embeddings, Usage
from ekiben.client.server_timing import parse_server_timing

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_MODEL = "all-minilm-l6-v2"


def create(
    input: str | Sequence[str],  # noqa: A002 - OpenAI's name
    model: str = DEFAULT_MODEL,
    dimensions: int | None = None,
    **options: Unpack[CallOptions],
) -> Call[Embeddings]:
    """Embed one text or several.

    Args:
        input: The text, or texts in order.
        model: Served name of the model.
        dimensions: Keep only the first so many dimensions, where the model allows it.
        **options: `timeout`, `priority` and `request_id`.
    """
    body: dict[str, Any] = {
        "model": model,
        "input": input if isinstance(input, str) else list(input),
        # A quarter of the bytes of decimal text, and exact.
        "encoding_format": "base64",
    }
    if dimensions is not None:
        body["dimensions"] = dimensions
    return Call("POST", "/v1/embeddings", _embeddings, body={"json": body}, options=options)


def _embeddings(answer: Answer) -> Embeddings:
    payload = answer.json()
    with readable(answer):
        usage = payload["usage"]
        return Embeddings(
            model=str(payload["model"]),
            request_id=answer.request_id,
            timing=parse_server_timing(answer.headers.get("server-timing")),
            data=tuple(Embedding(int(each["index"]), _vector(each["embedding"])) for each in payload["data"]),
            usage=Usage(int(usage["prompt_tokens"]), int(usage["total_tokens"])),
        )


def _vector(sent: str | list[float]) -> array[float]:
    """Read float32 values from base64 in little-endian order, or from the numbers a plainer server sends."""
    values = array("f")
    if not isinstance(sent, str):
        values.extend(sent)
        return values
    values.frombytes(base64.b64decode(sent, validate=True))
    if sys.byteorder == "big":
        values.byteswap()
    return values
