"""The bill of materials of a Bento, in CycloneDX: every package of its lock, every model and its files."""

from __future__ import annotations

import uuid
from importlib import metadata
from typing import TYPE_CHECKING, Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from ekiben.deploy.bento import SBOM_FILE
from ekiben.deploy.locked_packages import LockedPackage, read_before, read_packages
from ekiben.weights.lock import LOCK_FILE, read_lock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cyclonedx.model.license import License

    from ekiben.cards.card import Card
    from ekiben.deploy.bento import Bento
    from ekiben.deploy.blueprint import Blueprint
    from ekiben.weights.digest import Digest

_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_OID, "ekiben/bento")


def write_sbom(bento: Bento, blueprint: Blueprint) -> Path:
    """Write the document beside `bento.yaml` and return where.

    Raises:
        WeightsError: A model is not in the lock of weights.
    """
    lock = bento.source / blueprint.bentofile.lock
    before = read_before(lock)
    packages = map(_package, (*read_packages(lock), *([before] if before else [])))
    root = _root(blueprint)
    bom = Bom(
        components=[*packages, *(_model(card) for card in blueprint.cards)],
        # The same for the same Bento, so that two builds can be compared.
        serial_number=uuid.uuid5(_NAMESPACE, f"{blueprint.tag} {blueprint.revision.commit}"),
        metadata=BomMetaData(component=root),
    )
    bom.register_dependency(root, bom.components)
    path = bento.path / SBOM_FILE
    path.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n", encoding="utf-8")
    return path


def _root(blueprint: Blueprint) -> Component:
    return Component(
        name=blueprint.name,
        version=blueprint.version,
        type=ComponentType.APPLICATION,
        bom_ref=blueprint.tag,
        licenses=_licences("Apache-2.0"),
        properties=[Property(name=f"ekiben:{name}", value=value) for name, value in blueprint.labels.items()],
    )


def _package(package: LockedPackage) -> Component:
    purl = PackageURL("pypi", None, package.name, package.version)
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=str(purl),
        purl=purl,
        licenses=_licences(_stated_licence(package)),
    )


def _model(card: Card) -> Component:
    stored = read_lock(card.folder.parent / LOCK_FILE).entry(card).stored if card.has_weights else {}
    return Component(
        name=card.name,
        version=card.version,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=card.tag,
        description=card.description,
        licenses=_licences(card.licence.weights),
        components=[_file(card, name, digest) for name, digest in stored.items()],
    )


def _file(card: Card, name: str, digest: Digest) -> Component:
    return Component(
        name=name,
        type=ComponentType.FILE,
        bom_ref=f"{card.tag}/{name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest.sha256)],
        properties=[Property(name="ekiben:size_bytes", value=str(digest.size_bytes))],
    )


def _licences(name: str) -> Iterable[License]:
    return [LicenseFactory().make_from_string(name)] if name else []


def _stated_licence(package: LockedPackage) -> str:
    """What the package's own metadata says, where the same version is installed here; one line or nothing."""
    try:
        found = metadata.metadata(package.name).json
    except metadata.PackageNotFoundError:
        return ""
    stated = str(found.get("license_expression") or found.get("license") or "")
    if found["version"] != package.version or "\n" in stated:
        return ""
    classified = [line.rpartition(" :: ")[2] for line in found.get("classifier", []) if line.startswith("License")]
    return stated or " AND ".join(classified)
