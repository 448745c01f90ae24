"""The manifests in deploy/kubernetes; `scripts/manifests` writes them, tests/repo compares them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scripts.lib.helm import PROJECT, render

CHART: Final = PROJECT / "deploy" / "helm" / "ekiben"
EXAMPLES: Final = PROJECT / "deploy" / "helm" / "examples"
RENDERED: Final = PROJECT / "deploy" / "kubernetes"


def manifests(values: Path) -> str:
    """What ships of one example."""
    head = f"# Written by scripts/manifests of deploy/helm/examples/{values.name}; not by hand.\n"
    return head + render(CHART, values)


def main() -> None:
    """Write all, and remove those that have no example any more."""
    RENDERED.mkdir(exist_ok=True)
    examples = sorted(EXAMPLES.glob("*.yaml"))
    for gone in set(RENDERED.glob("*.yaml")) - {RENDERED / values.name for values in examples}:
        gone.unlink()
    for values in examples:
        (RENDERED / values.name).write_text(manifests(values), encoding="utf-8")


if __name__ == "__main__":
    main()
