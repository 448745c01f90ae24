"""Reading one request's rows, with errors that name the field."""

from __future__ import annotations

from typing import Any

from ekiben.errors import InvalidRequest, PayloadTooLarge
from ekiben.inference.tensors import DATA_TYPES, Signature, Tensor, Tensors, TensorSpec


def rows_of(inputs: Tensors, signature: Signature, max_items: int) -> tuple[TensorSpec, Tensor]:
    """Find the one input that was sent and check its type, shape and number of rows.

    Returns:
        The matching spec and the tensor, its first dimension the batch.

    Raises:
        InvalidRequest: Unknown or several inputs, wrong type, wrong shape, no rows.
        PayloadTooLarge: More than `max_items` rows.
    """
    specs = {spec.name: spec for spec in signature.inputs}
    if len(inputs) != 1:
        raise InvalidRequest(f"send exactly one input, one of: {', '.join(specs)}.", param="inputs")
    name, tensor = next(iter(inputs.items()))
    spec = specs.get(name)
    if spec is None:
        raise InvalidRequest(
            f"{name!r} is not an input of this model; it takes one of: {', '.join(specs)}.",
            param="inputs[0].name",
        )
    _check(spec, tensor)
    if not len(tensor):
        raise InvalidRequest("input is empty; send at least one item.", param="input")
    if len(tensor) > max_items:
        raise PayloadTooLarge(f"input has {len(tensor)} items; the limit is {max_items} a request.", param="input")
    return spec, tensor


def text_of(value: Any, param: str) -> str:
    """Decode one BYTES element.

    Raises:
        InvalidRequest: Not UTF-8, or nothing but white space.
    """
    try:
        text = value.decode("utf-8") if isinstance(value, bytes) else str(value)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{param} is not UTF-8 text.", param=param) from error
    if not text.strip():
        raise InvalidRequest(f"{param} is empty; send some text.", param=param)
    return text


def _check(spec: TensorSpec, tensor: Tensor) -> None:
    datatype = DATA_TYPES.get(tensor.dtype)
    if datatype != spec.datatype:
        raise InvalidRequest(f"input {spec.name!r} is {datatype}; it must be {spec.datatype}.", param=spec.name)
    fits = len(tensor.shape) == len(spec.shape) and all(
        wanted in (-1, size) for wanted, size in zip(spec.shape, tensor.shape, strict=True)
    )
    if not fits:
        raise InvalidRequest(
            f"input {spec.name!r} has shape {list(tensor.shape)}; it must be {list(spec.shape)} (-1: any).",
            param=spec.name,
        )
