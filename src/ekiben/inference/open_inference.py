"""Bodies of the Open Inference Protocol (KServe v2 over HTTP) with its binary tensor data extension.

One codec serves the public `/v2` routes and the wire between gateway and workers. A body is a JSON header,
then the raw bytes of those tensors whose `parameters.binary_data_size` says so, in their order:

    Inference-Header-Content-Length: 96
    {"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}   ‖ 8 bytes

Reading makes read-only views of the body; writing joins all buffers once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ekiben.errors import Internal, InvalidRequest
from ekiben.inference import open_inference_checks as check
from ekiben.inference.open_inference_checks import DEFAULT_LIMITS, Limits
from ekiben.inference.open_inference_decode import HEADER_LENGTH, BodyReader, parse_header_length
from ekiben.inference.open_inference_encode import BodyWriter, EncodedBody

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ekiben.inference.tensors import Tensors

__all__ = [
    "HEADER_LENGTH",
    "EncodedBody",
    "InferenceRequest",
    "InferenceResponse",
    "Limits",
    "RequestedOutput",
    "decode_request",
    "decode_response",
    "encode_request",
    "encode_response",
    "parse_header_length",
]


@dataclass(frozen=True, slots=True)
class RequestedOutput:
    """An output the caller asks for; `binary` is None where the request's own choice holds."""

    name: str
    binary: bool | None = None


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """A request's content; `outputs` None means all; `parameters` is without `binary_data_output`."""

    inputs: Tensors
    id: str | None
    outputs: tuple[RequestedOutput, ...] | None
    parameters: Mapping[str, Any]
    binary_output: bool


@dataclass(frozen=True, slots=True)
class InferenceResponse:
    """A response's content."""

    model_name: str
    model_version: str | None
    id: str | None
    outputs: Tensors
    parameters: Mapping[str, Any]


def decode_request(body: bytes, header_length: int | None, *, limits: Limits = DEFAULT_LIMITS) -> InferenceRequest:
    """Read a request's body; `header_length` is None where the HTTP header is absent.

    Raises:
        InvalidRequest: Anything wrong with it, with the field in `param`.
        PayloadTooLarge: Something beyond `limits`.
    """
    reader = BodyReader(body, header_length, limits)
    parameters = check.parameters(reader.header.get("parameters"), "parameters", limits)
    binary = check.flag(parameters.pop("binary_data_output", None), "parameters.binary_data_output")
    return InferenceRequest(
        inputs=reader.tensors("inputs", allow_empty=False),
        id=_id(reader.header, limits),
        outputs=_requested_outputs(reader.header.get("outputs"), limits),
        parameters=parameters,
        binary_output=binary is True,
    )


def encode_request(
    inputs: Tensors,
    *,
    id: str | None = None,  # noqa: A002 - the protocol's own name
    parameters: Mapping[str, Any] | None = None,
    binary_output: bool = True,
    binary_input: bool = True,
) -> EncodedBody:
    """Write a request for all outputs."""
    writer = BodyWriter()
    for index, (name, tensor) in enumerate(inputs.items()):
        writer.add(name, tensor, binary=binary_input, param=f"inputs[{index}]")
    choice = {"binary_data_output": True} if binary_output else {}
    return writer.body("inputs", {"id": id, "parameters": {**(parameters or {}), **choice}})


def decode_response(body: bytes, header_length: int | None, *, limits: Limits = DEFAULT_LIMITS) -> InferenceResponse:
    """Read a worker's response.

    Raises:
        Internal: The body is not a valid response. That is never the fault of whoever made the request.
    """
    try:
        reader = BodyReader(body, header_length, limits)
        header, name_limit = reader.header, limits.max_name_characters
        version = header.get("model_version")
        return InferenceResponse(
            model_name=check.text(header.get("model_name"), "model_name", name_limit),
            model_version=None if version is None else check.text(version, "model_version", name_limit),
            id=_id(header, limits),
            outputs=reader.tensors("outputs", allow_empty=True),
            parameters=check.parameters(header.get("parameters"), "parameters", limits),
        )
    except InvalidRequest as error:
        raise Internal(f"the worker's response cannot be read: {error.message}") from error


def encode_response(
    model_name: str,
    model_version: str | None,
    outputs: Tensors,
    *,
    id: str | None = None,  # noqa: A002 - the protocol's own name
    requested: Sequence[RequestedOutput] | None = None,
    binary_default: bool = False,
    parameters: Mapping[str, Any] | None = None,
) -> EncodedBody:
    """Write the `requested` outputs, in their order; None: all of them.

    Raises:
        InvalidRequest: An output was asked for that does not exist, or in JSON, which cannot carry it.
        Internal: The model's tensors are of a type or a value that the protocol cannot carry.
    """
    writer = BodyWriter()
    chosen = [RequestedOutput(name) for name in outputs] if requested is None else requested
    for index, output in enumerate(chosen):
        param = f"outputs[{index}]"
        if output.name not in outputs:
            known = ", ".join(outputs)
            raise InvalidRequest(
                f"there is no output {check.described(output.name)}; there is {known}", param=f"{param}.name"
            )
        binary = binary_default if output.binary is None else output.binary
        writer.add(output.name, outputs[output.name], binary=binary, param=param)
    fields = {"model_name": model_name, "model_version": model_version, "id": id, "parameters": parameters}
    return writer.body("outputs", fields)


def _id(header: Mapping[str, Any], limits: Limits) -> str | None:
    value = header.get("id")
    return check.text(value, "id", limits.max_id_characters) if value not in (None, "") else None


def _requested_outputs(value: object, limits: Limits) -> tuple[RequestedOutput, ...] | None:
    """Which outputs are wanted; like an absent list, an empty one means all."""
    if value is None:
        return None
    wanted = []
    for index, item in enumerate(check.list_of(value, "outputs", limits.max_tensors)):
        param = f"outputs[{index}]"
        entry = check.object_of(item, param)
        parameters = check.parameters(entry.get("parameters"), f"{param}.parameters", limits)
        binary = check.flag(parameters.get("binary_data"), f"{param}.parameters.binary_data")
        name = check.text(entry.get("name"), f"{param}.name", limits.max_name_characters)
        wanted.append(RequestedOutput(name, binary))
    check.unique((output.name for output in wanted), "outputs")
    return tuple(wanted) or None
