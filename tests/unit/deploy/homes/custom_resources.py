"""Kinds that Kubernetes has no schema of, as far as the chart uses them: any other field is refused."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Metadata(_Strict):
    name: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
    namespace: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}


class _Reference(_Strict):
    name: str


class _Fallback(_Strict):
    failureThreshold: int  # noqa: N815
    replicas: int
    behavior: Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]  # KEDA 2.17


class _AutoscalerConfig(_Strict):
    behavior: dict[str, Any]  # As in autoscaling/v2, whose schema the HPA is held against.


class _Advanced(_Strict):
    horizontalPodAutoscalerConfig: _AutoscalerConfig  # noqa: N815


class _PrometheusQuery(_Strict):
    serverAddress: Annotated[str, Field(pattern="^https?://")]  # noqa: N815
    query: str
    threshold: Annotated[str, Field(pattern=r"^\d+$")]
    ignoreNullValues: Literal["true", "false"]  # noqa: N815


class _Trigger(_Strict):
    type: Literal["prometheus"]
    metricType: Literal["AverageValue"]  # noqa: N815 - a fallback needs it
    metadata: _PrometheusQuery


class _ScaledObjectSpec(_Strict):
    scaleTargetRef: _Reference  # noqa: N815
    pollingInterval: int  # noqa: N815
    minReplicaCount: Annotated[int, Field(ge=0)]  # noqa: N815
    maxReplicaCount: Annotated[int, Field(ge=1)]  # noqa: N815
    fallback: _Fallback
    advanced: _Advanced
    triggers: Annotated[list[_Trigger], Field(min_length=1)]


class ScaledObject(_Strict):
    """KEDA's, keda.sh/v1alpha1."""

    apiVersion: Literal["keda.sh/v1alpha1"]  # noqa: N815
    kind: Literal["ScaledObject"]
    metadata: _Metadata
    spec: _ScaledObjectSpec


class _Parent(_Strict):
    name: str
    namespace: str | None = None


class _PathMatch(_Strict):
    type: Literal["Exact", "PathPrefix", "RegularExpression"]
    value: Annotated[str, Field(pattern="^/")]


class _Match(_Strict):
    path: _PathMatch


class _Backend(_Strict):
    name: str
    port: Annotated[int, Field(ge=1, le=65535)]
    weight: Annotated[int, Field(ge=0, le=1_000_000)]


class _Rule(_Strict):
    matches: list[_Match]
    backendRefs: Annotated[list[_Backend], Field(min_length=1)]  # noqa: N815


class _RouteSpec(_Strict):
    parentRefs: Annotated[list[_Parent], Field(min_length=1)]  # noqa: N815
    hostnames: Annotated[list[str], Field(min_length=1)]
    rules: Annotated[list[_Rule], Field(min_length=1)]


class HTTPRoute(_Strict):
    """The Gateway API's, gateway.networking.k8s.io/v1."""

    apiVersion: Literal["gateway.networking.k8s.io/v1"]  # noqa: N815
    kind: Literal["HTTPRoute"]
    metadata: _Metadata
    spec: _RouteSpec


class _KeyOfSecret(_Strict):
    name: str
    key: str


class _Authorization(_Strict):
    credentials: _KeyOfSecret


class _Endpoint(_Strict):
    port: str
    path: str
    interval: Annotated[str, Field(pattern=r"^\d+s$")]
    authorization: _Authorization


class _Selector(_Strict):
    matchLabels: dict[str, str]  # noqa: N815


class _PodMonitorSpec(_Strict):
    selector: _Selector
    podMetricsEndpoints: Annotated[list[_Endpoint], Field(min_length=1)]  # noqa: N815


class PodMonitor(_Strict):
    """The Prometheus operator's, monitoring.coreos.com/v1."""

    apiVersion: Literal["monitoring.coreos.com/v1"]  # noqa: N815
    kind: Literal["PodMonitor"]
    metadata: _Metadata
    spec: _PodMonitorSpec


KINDS: Final[dict[str, type[BaseModel]]] = {each.__name__: each for each in (ScaledObject, HTTPRoute, PodMonitor)}
