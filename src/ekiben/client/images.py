"""`client.images`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from ekiben.client.call import Answer, Call, CallOptions
from ekiben.client.pictures import picture_bytes
from ekiben.client.reading import readable
from ekiben.client.results import Classification, Label
from ekiben.client.server_timing import parse_server_timing

if TYPE_CHECKING:
    from ekiben.client.pictures import Picture


def classify(
    image: Picture, model: str | None = None, top_k: int = 5, **options: Unpack[CallOptions]
) -> Call[Classification]:
    """Name what a picture shows.

    Args:
        image: A path, bytes, a binary file, a Pillow image, or a NumPy array of RGB uint8 (height, width, 3).
        model: Served name of the model; None: the server's default classifier.
        top_k: How many labels, the likeliest first.
        **options: `timeout`, `priority` and `request_id`.
    """
    fields = {"top_k": str(top_k), **({} if model is None else {"model": model})}
    # The file's own name stays here: the server has no use for it.
    files = {"image": ("image", picture_bytes(image), "application/octet-stream")}
    body = {"data": fields, "files": files}
    return Call("POST", "/v1/images/classifications", _classification, body=body, options=options)


def _classification(answer: Answer) -> Classification:
    payload = answer.json()
    with readable(answer):
        return Classification(
            model=str(payload["model"]),
            request_id=answer.request_id,
            timing=parse_server_timing(answer.headers.get("server-timing")),
            data=tuple(Label(str(each["label"]), float(each["score"]), int(each["index"])) for each in payload["data"]),
            created=int(payload["created"]),
        )
