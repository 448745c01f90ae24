"""Plan, up and down as the commands do them, with a registry in place of docker."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ekiben.deploy.spot.clients import Clients
from ekiben.deploy.spot.config_file import read_config
from ekiben.deploy.spot.opening import open_world
from ekiben.deploy.spot.operations import bring_down, bring_up, is_change, plan_up
from ekiben.deploy.spot.plan import Action, Change
from ekiben.deploy.spot.resource import Resource


@dataclass(frozen=True)
class ToMoto:
    """Puts an image into moto's ECR, which takes manifests and no layers."""

    aws: Clients

    def push(self, image: str, uri: str, token: str) -> None:
        assert token
        repository, _, tag = uri.partition("/")[2].rpartition(":")
        kind = "application/vnd.oci.image.manifest.v1+json"
        manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {"digest": image}})
        self.aws.ecr.put_image(repositoryName=repository, imageTag=tag, imageManifest=manifest)


def plan(aws: Clients, config_file: Path) -> tuple[Change, ...]:
    return plan_up(open_world(read_config(config_file), aws), ToMoto(aws))


def differing(aws: Clients, config_file: Path) -> list[Change]:
    return [change for change in plan(aws, config_file) if is_change(change)]


def up(aws: Clients, config_file: Path) -> None:
    bring_up(open_world(read_config(config_file), aws), ToMoto(aws), _silent)


def down(aws: Clients, config_file: Path, *, keep_data: bool = False) -> None:
    bring_down(open_world(read_config(config_file), aws), ToMoto(aws), _silent, keep_data=keep_data)


def _silent(action: Action, resource: Resource) -> None:
    pass
