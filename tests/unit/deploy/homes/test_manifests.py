"""Every manifest that ships is what Kubernetes takes, and no pod can do more than it must."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import kubernetes_validate
import pytest

from ekiben.settings import Settings
from tests.unit.deploy.homes.custom_resources import KINDS
from tests.unit.deploy.homes.manifests import RENDERED, Object, containers, objects, of_kind, pods

each_example = pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
_KUBERNETES = ("1.29", "1.37")
_SUPERVISOR_S = 45  # Handing back, and the processes' own end: see ekiben.cli.supervisor.


@each_example
def test_every_object_is_of_a_known_shape(path: Path) -> None:
    found = objects(path)
    assert found
    for each in found:
        if each["kind"] in KINDS:
            KINDS[each["kind"]].model_validate(each)
        else:
            for version in _KUBERNETES:
                kubernetes_validate.validate(each, version, strict=True)


@each_example
def test_no_object_is_there_twice_and_none_is_without_its_namespace(path: Path) -> None:
    names = Counter((each["kind"], each["metadata"]["name"]) for each in objects(path))
    assert [name for name, count in names.items() if count > 1] == []
    assert {each["metadata"]["namespace"] for each in objects(path)} == {"ekiben"}


def test_every_kind_is_in_some_example() -> None:
    kinds = {each["kind"] for path in RENDERED for each in objects(path)}
    assert {*KINDS, "Ingress", "HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget"} <= kinds


@each_example
def test_a_pod_runs_as_nobody_and_without_the_clusters_token(path: Path) -> None:
    for name, pod in pods(path):
        spec, security = pod["spec"], pod["spec"]["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert (security["runAsUser"], security["fsGroup"]) == (10001, 10001), name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        assert not [volume for volume in spec["volumes"] if "hostPath" in volume], name


@each_example
def test_a_container_can_change_nothing_and_has_bounds(path: Path) -> None:
    for name, container in containers(path):
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True, name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert "memory" in container["resources"]["limits"], name
        assert re.search(r"(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$", container["image"]), name
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container), name


@each_example
def test_settings_are_known_and_secrets_come_as_files(path: Path) -> None:
    known = {f"EKIBEN_{name.upper()}" for name in Settings.model_fields}
    for name, container in containers(path):
        given = [variable["name"] for variable in container["env"]]
        assert len(given) == len(set(given)), name
        assert {variable for variable in given if variable.startswith("EKIBEN_")} <= known, name
        assert not [variable for variable in given if re.search("TOKEN|SECRET$|PASSWORD|VALKEY_URL", variable)], name
        assert not [variable for variable in container["env"] if "secretKeyRef" in variable.get("valueFrom", {})], name
    assert "Secret" not in {each["kind"] for each in objects(path)}


@each_example
def test_a_pod_has_the_time_that_its_drain_takes(path: Path) -> None:
    for name, pod in pods(path):
        (container,) = pod["spec"]["containers"]
        (drain,) = [each["value"] for each in container["env"] if each["name"] == "EKIBEN_DRAIN_TIMEOUT_S"]
        assert pod["spec"]["terminationGracePeriodSeconds"] >= int(drain) + _SUPERVISOR_S, name
        assert pod["spec"]["terminationGracePeriodSeconds"] <= 110, name  # A spot notice gives 120 s.


@each_example
def test_everything_that_selects_pods_selects_some(path: Path) -> None:
    labels = [pod["metadata"]["labels"] for _, pod in pods(path)]

    def selects(selector: Object) -> bool:
        return any(selector.items() <= each.items() for each in labels)

    for each in objects(path):
        spec = each.get("spec", {})
        match each["kind"]:
            case "Deployment" | "PodDisruptionBudget" | "PodMonitor":
                assert selects(spec["selector"]["matchLabels"]), each["metadata"]["name"]
            case "Service":
                assert selects(spec["selector"]), each["metadata"]["name"]
            case "NetworkPolicy" if not each["metadata"]["name"].endswith("-valkey"):
                assert selects(spec["podSelector"]["matchLabels"]), each["metadata"]["name"]
            case "ScaledObject" | "HorizontalPodAutoscaler":
                assert spec["scaleTargetRef"]["name"] in [name for name, _ in pods(path)]
    for _, pod in pods(path):
        for constraint in pod["spec"]["topologySpreadConstraints"]:
            assert selects(constraint["labelSelector"]["matchLabels"])


@each_example
def test_no_two_workloads_take_each_others_pods(path: Path) -> None:
    selectors = [
        (each["metadata"]["name"], each["spec"]["selector"]["matchLabels"]) for each in of_kind(path, "Deployment")
    ]
    for name, pod in pods(path):
        taken_by = [owner for owner, selector in selectors if selector.items() <= pod["metadata"]["labels"].items()]
        assert taken_by == [name]


@each_example
def test_a_workload_has_a_number_or_an_autoscaler(path: Path) -> None:
    scaled = {
        each["spec"]["scaleTargetRef"]["name"]
        for kind in ("ScaledObject", "HorizontalPodAutoscaler")
        for each in of_kind(path, kind)
    }
    for each in of_kind(path, "Deployment"):
        assert ("replicas" in each["spec"]) != (each["metadata"]["name"] in scaled), each["metadata"]["name"]


@each_example
def test_routes_lead_to_services_that_are_there(path: Path) -> None:
    services = {each["metadata"]["name"] for each in of_kind(path, "Service")}
    for route in of_kind(path, "HTTPRoute"):
        backends = [backend for rule in route["spec"]["rules"] for backend in rule["backendRefs"]]
        assert {backend["name"] for backend in backends} <= services
        assert sum(backend["weight"] for backend in backends) == 100
    for ingress in of_kind(path, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            assert {each["backend"]["service"]["name"] for each in rule["http"]["paths"]} <= services


@each_example
def test_nothing_may_be_reached_but_what_is_named(path: Path) -> None:
    policies = of_kind(path, "NetworkPolicy")
    (nothing,) = [each for each in policies if each["metadata"]["name"].endswith("-nothing")]
    assert set(nothing["spec"]) == {"podSelector", "policyTypes"}
    assert nothing["spec"]["policyTypes"] == ["Ingress", "Egress"]
    for each in policies:
        for rule in [*each["spec"].get("ingress", []), *each["spec"].get("egress", [])]:
            assert rule["ports"], each["metadata"]["name"]
            assert rule.get("from") or rule.get("to"), each["metadata"]["name"]
    (workers,) = [each for each in policies if each["metadata"]["name"].endswith("-workers")]
    (rule,) = workers["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 3100}]
    (caller,) = rule["from"]
    assert caller["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "gateway"
