"""The chart with other values than those of the examples: what it refuses, and what comes of single values."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from scripts.lib.helm import ChartError, can_run, helm, render
from scripts.lib.manifests import CHART, EXAMPLES

pytestmark = pytest.mark.skipif(not can_run(), reason="the package's binary of Helm is for Linux on x86-64")

_MODEL: Final = {
    "image": {"repository": "text_to_image", "tag": "1.0.0"},
    "least": 1,
    "most": 4,
    "resources": {"requests": {"cpu": "2", "memory": "3Gi"}, "limits": {"memory": "4Gi"}},
}
_ROUTE: Final = {"kind": "httproute", "hostnames": ["a.example.com"], "parent": {"name": "public"}}


def _values(**changes: Any) -> dict[str, Any]:
    return {
        "objects": {"url": "s3://bucket/ekiben"},
        "models": {"m": _MODEL},
        "networkPolicy": {"valkeyPods": {"app": "valkey"}},
        **changes,
    }


def _render(folder: Path, values: dict[str, Any]) -> list[dict[str, Any]]:
    file = folder / "values.yaml"
    file.write_text(json.dumps(values))
    return [each for each in yaml.safe_load_all(render(CHART, file)) if each]


def _worker(found: list[dict[str, Any]]) -> dict[str, Any]:
    (deployment,) = [
        each for each in found if each["metadata"]["name"] == "ekiben-m-stable" and "template" in each["spec"]
    ]
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


@pytest.mark.parametrize("values", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_helm_finds_no_fault(values: Path) -> None:
    command = [str(helm()), "lint", "--strict", str(CHART), "--values", str(values)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"objects": {}}, "set objects.url"),
        ({"objects": {"url": "s3://b", "claim": "c"}}, "not both"),
        ({"models": {}}, "minProperties"),
        ({"networkPolicy": {}}, "say where Valkey is"),
        ({"models": {"m": {**_MODEL, "image": {"repository": "r", "tag": "latest"}}}}, "tag"),
        ({"models": {"m": {**_MODEL, "least": 5}}}, "least is more than most"),
        ({"models": {"m": {**_MODEL, "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}}}, "limits"),
        ({"models": {"m": {**_MODEL, "env": {"EKIBEN_WORKER_TOKEN": "x"}}}}, "EKIBEN_WORKER_TOKEN"),
        ({"scaling": {"mode": "keda"}}, "scaling.keda.prometheus"),
        ({"exposure": {**_ROUTE, "hostnames": []}}, "exposure.hostnames"),
        ({"exposure": {**_ROUTE, "parent": {}}}, "exposure.parent.name"),
        ({"rollout": {"mode": "canary"}}, "httproute"),
        ({"rollout": {"mode": "canary", "weights": {"stable": 90, "next": 20}}, "exposure": _ROUTE}, "add up to 100"),
        ({"rollout": {"mode": "blue-green", "weights": {"stable": 90, "next": 10}}, "exposure": _ROUTE}, "blue-green"),
        (
            {"rollout": {"mode": "canary", "next": {"models": {"n": {"tag": "2"}}}}, "exposure": _ROUTE},
            "n is not among",
        ),
        ({"gatway": {}}, "gatway"),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ChartError, match=reason):
        _render(tmp_path, _values(**changes))


def test_a_gpu_is_asked_for_and_its_node_tolerated(tmp_path: Path) -> None:
    pod = _worker(_render(tmp_path, _values(models={"m": {**_MODEL, "gpus": 2, "spot": "require"}})))
    (container,) = pod["containers"]
    assert container["resources"]["limits"] == {"memory": "4Gi", "nvidia.com/gpu": 2}
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in pod["tolerations"]
    required = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = required["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]}]


def test_a_models_own_zero_stands_before_the_default(tmp_path: Path) -> None:
    found = _render(
        tmp_path, _values(worker={"gpus": 1, "replicas": 3}, models={"m": {**_MODEL, "gpus": 0, "replicas": 0}})
    )
    (container,) = _worker(found)["containers"]
    assert "nvidia.com/gpu" not in container["resources"]["limits"]
    (deployment,) = [each for each in found if each["kind"] == "Deployment" and "-m-" in each["metadata"]["name"]]
    assert deployment["spec"]["replicas"] == 0


def test_addresses_of_ipv6_stand_in_brackets(tmp_path: Path) -> None:
    (container,) = _worker(_render(tmp_path, _values(ipv6=True)))["containers"]
    given = {each["name"]: each.get("value") for each in container["env"]}
    assert given["EKIBEN_WORKER_LISTEN"] == "[::]:3100"
    assert given["EKIBEN_WORKER_ADVERTISE"] == "http://[$(POD_IP)]:3100"


def test_a_moderation_policy_is_mounted_and_a_change_restarts_the_gateways(tmp_path: Path) -> None:
    def gateway(policy: str) -> dict[str, Any]:
        found = _render(tmp_path, _values(gateway={"moderationPolicy": policy}))
        (config,) = [each for each in found if each["kind"] == "ConfigMap"]
        assert yaml.safe_load(config["data"]["moderation.yaml"]) == yaml.safe_load(policy)
        (deployment,) = [
            each for each in found if each["metadata"]["name"] == "ekiben-gateway-stable" and "template" in each["spec"]
        ]
        template: dict[str, Any] = deployment["spec"]["template"]
        return template

    one, other = gateway("model: a\nrules:\n  - b\n"), gateway("model: c\n")
    assert one["metadata"]["annotations"] != other["metadata"]["annotations"]
    assert {"name": "policy", "mountPath": "/etc/ekiben", "readOnly": True} in one["spec"]["containers"][0][
        "volumeMounts"
    ]


def test_a_digest_is_what_runs(tmp_path: Path) -> None:
    digest = "sha256:" + "0" * 64
    image = {**_MODEL["image"], "digest": digest}  # type: ignore[dict-item]
    (container,) = _worker(_render(tmp_path, _values(models={"m": {**_MODEL, "image": image}})))["containers"]
    assert container["image"] == f"text_to_image@{digest}"
