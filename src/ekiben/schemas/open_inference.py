"""Metadata and statistics of the Open Inference Protocol (`/v2`), as KServe and Triton have them.

Tensors themselves are not here: `ekiben.inference.open_inference` reads and writes them without pydantic.
"""

from __future__ import annotations

from pydantic import Field

from ekiben.schemas.base import ResponseModel


class ServerMetadata(ResponseModel):
    """`GET /v2`."""

    name: str
    version: str
    extensions: list[str] = Field(default_factory=list)


class TensorMetadata(ResponseModel):
    """A tensor that a model takes or gives; -1 in `shape` is a free dimension."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(ResponseModel):
    """`GET /v2/models/{model}`."""

    name: str
    versions: list[str] = Field(default_factory=list)
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ModelReady(ResponseModel):
    """`GET /v2/models/{model}/ready`."""

    name: str
    ready: bool


class ServerLive(ResponseModel):
    """`GET /v2/health/live`."""

    live: bool


class ServerReady(ResponseModel):
    """`GET /v2/health/ready`."""

    ready: bool


# The rest is Triton's statistics extension: `GET /v2/models[/{model}[/versions/{version}]]/stats`. Counts and
# times only grow while a server lives; a rate or a mean is a difference of two reports.


class DurationStatistic(ResponseModel):
    """How often something happened and how long it took in all, in nanoseconds."""

    count: int = 0
    ns: int = 0


class InferenceStatistics(ResponseModel):
    """Times per request; the `compute_*` parts exclude the wait in the queue."""

    success: DurationStatistic = Field(default_factory=DurationStatistic)
    fail: DurationStatistic = Field(default_factory=DurationStatistic)
    queue: DurationStatistic = Field(default_factory=DurationStatistic)
    compute_input: DurationStatistic = Field(default_factory=DurationStatistic)
    compute_infer: DurationStatistic = Field(default_factory=DurationStatistic)
    compute_output: DurationStatistic = Field(default_factory=DurationStatistic)
    cache_hit: DurationStatistic = Field(default_factory=DurationStatistic)
    cache_miss: DurationStatistic = Field(default_factory=DurationStatistic)


class BatchStatistics(ResponseModel):
    """Times of the executions that held `batch_size` items."""

    batch_size: int
    compute_input: DurationStatistic = Field(default_factory=DurationStatistic)
    compute_infer: DurationStatistic = Field(default_factory=DurationStatistic)
    compute_output: DurationStatistic = Field(default_factory=DurationStatistic)


class ModelStatistics(ResponseModel):
    """One model version.

    Attributes:
        last_inference: Unix time of the last inference, in milliseconds; 0 before the first.
        inference_count: Items inferred; a batch of three counts three.
        execution_count: Batches executed; a batch of three counts one.
    """

    name: str
    version: str
    last_inference: int = 0
    inference_count: int = 0
    execution_count: int = 0
    inference_stats: InferenceStatistics = Field(default_factory=InferenceStatistics)
    batch_stats: list[BatchStatistics] = Field(default_factory=list)


class StatisticsResponse(ResponseModel):
    """The statistics of every model version asked about."""

    model_stats: list[ModelStatistics]
