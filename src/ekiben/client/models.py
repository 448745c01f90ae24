"""`client.models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from ekiben.client.call import Call, CallOptions
from ekiben.client.names import segment
from ekiben.client.reading import schema

if TYPE_CHECKING:
    from ekiben.schemas.models import ModelList, ModelObject


def list_models(**options: Unpack[CallOptions]) -> Call[ModelList]:
    """List every model served."""
    return Call("GET", "/v1/models", schema("models:ModelList"), options=options)


def retrieve(model: str, **options: Unpack[CallOptions]) -> Call[ModelObject]:
    """Describe one model: its task, version, licence and limits."""
    return Call("GET", f"/v1/models/{segment(model)}", schema("models:ModelObject"), options=options)
