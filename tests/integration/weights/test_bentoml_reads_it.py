"""What Ekiben stores is what BentoML itself would have stored."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from tests.integration.weights.conftest import Project

READ = """
import bentoml, json
with bentoml.models.create("theirs:1.0.0", labels={"a": "b"}, metadata={"files": {}}) as model:
    pass
ours = bentoml.models.get("toy:latest")
print(json.dumps({
    "tag": str(ours.tag),
    "path": ours.path,
    "labels": ours.info.labels,
    "metadata": ours.info.metadata,
    "resolved": bentoml.models.BentoModel("toy:1.0.0").resolve().path,
    "tags": sorted(str(model.tag) for model in bentoml.models.list()),
}))
bentoml.models.delete("toy:1.0.0")
"""


def test_bentoml_lists_resolves_and_deletes_it(locked: Project) -> None:
    locked.run("pull")
    done = subprocess.run(
        [sys.executable, "-c", READ], env=locked.environment, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    path = f"{locked.home}/models/toy/1.0.0"
    assert (found["tag"], found["path"], found["resolved"]) == ("toy:1.0.0", path, path)
    assert found["tags"] == ["theirs:1.0.0", "toy:1.0.0"]
    assert found["labels"]["task"] == "text-embedding"
    assert found["metadata"]["files"]["model.onnx"]["size_bytes"] == 1048576
    assert '"not pulled"' in locked.run("list", "--json")[1]


def test_the_record_has_bentoml_s_form(locked: Project) -> None:
    locked.run("pull")
    ours = yaml.safe_load((locked.home / "models" / "toy" / "1.0.0" / "model.yaml").read_text())
    subprocess.run([sys.executable, "-c", READ], env=locked.environment, capture_output=True, text=True, check=True)
    theirs = yaml.safe_load((locked.home / "models" / "theirs" / "1.0.0" / "model.yaml").read_text())
    assert list(ours) == list(theirs)
    assert ours["context"] == theirs["context"]
    for key in ("module", "options", "signatures", "api_version"):
        assert ours[key] == theirs[key]
