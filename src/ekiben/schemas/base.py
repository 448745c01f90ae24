"""The two kinds of schema: what we are sent is read strictly, what we send is read leniently.

A request with an unknown field is refused, because a caller who misspelt an option must hear of it. A
response with one is read, because an older client must survive a newer server.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

MAX_FIELDS = 100


class RequestModel(BaseModel):
    """Base of request bodies and forms: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, body: object) -> object:
        """Refuse a flood of fields at once: each unknown one would become an error record of its own."""
        if isinstance(body, dict) and len(body) > MAX_FIELDS:
            raise PydanticCustomError("too_many_fields", "the request has more than 100 fields")
        return body


class ResponseModel(BaseModel):
    """Base of response bodies: frozen, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())
