from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from ekiben.deploy.sbom import write_sbom

if TYPE_CHECKING:
    from ekiben.deploy.bento import Bento
    from ekiben.deploy.blueprint import Blueprint


def test_it_lists_packages_models_and_their_files(bento: Bento, blueprint: Blueprint) -> None:
    text = write_sbom(bento, blueprint).read_text()
    document = json.loads(text)
    assert document["metadata"]["component"]["bom-ref"] == "toy_service:1.2.3"
    components = {component["bom-ref"]: component for component in document["components"]}
    assert set(components) == {"pkg:pypi/onnxruntime@1.31.1", "pkg:pypi/pyyaml@6.0.2", "toy:1.2.3"}
    assert "MIT" in str(components["pkg:pypi/onnxruntime@1.31.1"]["licenses"])
    model = components["toy:1.2.3"]
    assert (model["type"], model["licenses"]) == ("machine-learning-model", [{"license": {"id": "MIT"}}])
    assert model["components"][0]["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]


def test_it_is_what_cyclonedx_says_it_must_be(bento: Bento, blueprint: Blueprint) -> None:
    text = write_sbom(bento, blueprint).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_two_builds_of_one_revision_have_one_serial_number(bento: Bento, blueprint: Blueprint) -> None:
    first = json.loads(write_sbom(bento, blueprint).read_text())
    assert json.loads(write_sbom(bento, blueprint).read_text())["serialNumber"] == first["serialNumber"]
