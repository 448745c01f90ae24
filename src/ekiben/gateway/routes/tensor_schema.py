"""What the OpenAPI document says of an inference body."""

from __future__ import annotations

from typing import Any, Final

_TENSOR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["name", "datatype", "shape"],
    "properties": {
        "name": {"type": "string"},
        "datatype": {"type": "string", "enum": ["BYTES", "FP32", "FP64", "INT64", "INT32", "UINT8", "BOOL"]},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "data": {"type": "array", "items": {}, "description": "Flat or nested, in row-major order."},
        "parameters": {"type": "object"},
    },
}
_EXAMPLE: Final = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["A cat sat."]}]}

INFER_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "example": _EXAMPLE,
                "schema": {
                    "type": "object",
                    "required": ["inputs"],
                    "properties": {
                        "id": {"type": "string"},
                        "inputs": {"type": "array", "items": _TENSOR, "minItems": 1, "maxItems": 1},
                        "outputs": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {"name": {"type": "string"}, "parameters": {"type": "object"}},
                            },
                        },
                        "parameters": {"type": "object"},
                    },
                },
            },
        },
    }
}
INFER_RESPONSE: Final[dict[str, Any]] = {
    "description": "The outputs; with the binary extension a JSON header followed by raw tensors.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["model_name", "outputs"],
                "properties": {
                    "model_name": {"type": "string"},
                    "model_version": {"type": "string"},
                    "id": {"type": "string"},
                    "outputs": {"type": "array", "items": _TENSOR},
                },
            }
        },
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}
