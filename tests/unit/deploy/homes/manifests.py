"""The manifests that ship, as objects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from scripts.lib.helm import PROJECT

RENDERED: Final = sorted((PROJECT / "deploy" / "kubernetes").glob("*.yaml"))
Object = dict[str, Any]


def objects(path: Path) -> list[Object]:
    return [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]


def of_kind(path: Path, kind: str) -> list[Object]:
    return [each for each in objects(path) if each["kind"] == kind]


def pods(path: Path) -> Iterator[tuple[str, Object]]:
    """Name of the workload, and the pod that it makes."""
    for each in of_kind(path, "Deployment"):
        yield each["metadata"]["name"], each["spec"]["template"]


def containers(path: Path) -> Iterator[tuple[str, Object]]:
    for name, pod in pods(path):
        for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
            yield f"{name}/{container['name']}", container
