"""`client.moderations`."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Unpack

from ekiben.client.call import Answer, Call, CallOptions
from ekiben.client.pictures import picture_bytes
from ekiben.client.reading import readable
from ekiben.client.results import Moderation, Moderations
from ekiben.client.server_timing import parse_server_timing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ekiben.client.pictures import Picture


def create(
    input: str | Sequence[str] = (),  # noqa: A002 - OpenAI's name
    model: str | None = None,
    images: Sequence[Picture] = (),
    **options: Unpack[CallOptions],
) -> Call[Moderations]:
    """Judge texts, each on its own, or texts and pictures together as one message.

    Args:
        input: The text, or texts in order.
        model: Served name of the model; None: the server's default moderation model.
        images: Pictures, as `images.classify` takes them; with any, all of it has one result.
        **options: `timeout`, `priority` and `request_id`.
    """
    texts = [input] if isinstance(input, str) else list(input)
    parts = [{"type": "text", "text": text} for text in texts] + [_image_part(image) for image in images]
    body: dict[str, Any] = {"input": parts if images else texts}
    if model is not None:
        body["model"] = model
    return Call("POST", "/v1/moderations", _moderations, body={"json": body}, options=options)


def _image_part(image: Picture) -> dict[str, Any]:
    # What kind of picture it is, the server reads from the bytes.
    encoded = base64.b64encode(picture_bytes(image)).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/octet-stream;base64,{encoded}"}}


def _moderations(answer: Answer) -> Moderations:
    payload = answer.json()
    with readable(answer):
        return Moderations(
            model=str(payload["model"]),
            request_id=answer.request_id,
            timing=parse_server_timing(answer.headers.get("server-timing")),
            id=str(payload["id"]),
            results=tuple(_moderation(each) for each in payload["results"]),
        )


def _moderation(sent: dict[str, Any]) -> Moderation:
    return Moderation(
        flagged=bool(sent["flagged"]),
        categories={str(name): bool(value) for name, value in sent["categories"].items()},
        category_scores={str(name): float(value) for name, value in sent["category_scores"].items()},
        category_applied_input_types={
            str(name): tuple(map(str, value)) for name, value in sent["category_applied_input_types"].items()
        },
    )
