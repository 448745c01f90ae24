"""What the locks were made from, as one short hash: stands in every lock's head and is compared by a test."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path


def fingerprint(pyproject: Path) -> str:
    """The hash of everything in pyproject.toml that a lock depends on."""
    content = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    project = content["project"]
    inputs = [
        project["requires-python"],
        project["dependencies"],
        project["optional-dependencies"],
        content["dependency-groups"],
        content["build-system"]["requires"],
    ]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


if __name__ == "__main__":
    print(fingerprint(Path("pyproject.toml")))
