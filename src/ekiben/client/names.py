"""Model names as one segment of a path."""

from __future__ import annotations

from urllib.parse import quote

from ekiben.errors import InvalidRequest


def segment(model: str) -> str:
    """Quote a name so that it stays one segment, whatever it holds.

    Raises:
        InvalidRequest: It is empty, or dots alone, which mean other paths.
    """
    if not model.strip("."):
        raise InvalidRequest(f"{model!r} is not the name of a model", param="model")
    return quote(model, safe="")
