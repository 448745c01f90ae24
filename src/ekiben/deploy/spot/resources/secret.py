"""SSM parameters with secrets, encrypted: from a file, or generated once. No value is ever shown."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.world import Found
from ekiben.errors import ConfigurationError

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

KEYS, WORKER_TOKEN, LINK_SECRET, VALKEY_PASSWORD = "keys", "worker-token", "link-secret", "valkey-password"
WEBHOOK_SECRETS: Final = "webhook-secrets"
_MOST_BYTES: Final = 8192  # of an advanced parameter
_GENERATED_BYTES: Final = 32


@dataclass(frozen=True)
class Secret(Resource):
    """One parameter.

    Args:
        key: The end of its name.
        file: Where its value comes from; None: it is generated when it is made, and stays.
    """

    key: str
    file: Path | None = None

    kind: ClassVar[str] = "secret"
    rights: ClassVar = (
        "ssm:AddTagsToResource",
        "ssm:DeleteParameter",
        "ssm:GetParameter",
        "ssm:ListTagsForResource",
        "ssm:PutParameter",
    )

    @property
    def name(self) -> str:
        """By key."""
        return f"secret-{self.key}"

    def wanted(self, world: World) -> Fields:  # noqa: ARG002  # what is in the file
        """The fingerprint of the file; nothing of what was generated."""
        return {"sha256": _fingerprint(self._content())} if self.file else {}

    def observe(self, world: World) -> Found | None:
        """By its name; only what came from a file is decrypted, to be compared."""
        ssm, named = world.clients.ssm, f"{world.deployment.path}/{self.key}"
        decrypt = self.file is not None
        found = if_there(lambda: ssm.get_parameter(Name=named, WithDecryption=decrypt), "ParameterNotFound")
        if not found:
            return None
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=named)["TagList"]
        if not world.deployment.owns(tags):
            raise SomebodyElses("parameter", named, world.deployment.config.name)
        return Found(named, {"sha256": _fingerprint(found["Parameter"]["Value"])} if self.file else {})

    def create(self, world: World) -> None:
        """With its tags."""
        world.clients.ssm.put_parameter(
            Name=f"{world.deployment.path}/{self.key}",
            Value=self._content() if self.file else secrets.token_urlsafe(_GENERATED_BYTES),
            Type="SecureString",
            Tier="Intelligent-Tiering",
            Tags=world.deployment.tags(self.name),
        )

    def update(self, world: World, found: Found) -> None:
        """The file's new content; nodes read it when they start."""
        world.clients.ssm.put_parameter(
            Name=found.id, Value=self._content(), Type="SecureString", Tier="Intelligent-Tiering", Overwrite=True
        )

    def delete(self, world: World, found: Found) -> None:
        """For good."""
        world.clients.ssm.delete_parameter(Name=found.id)

    def _content(self) -> str:
        field = f"secrets.{self.key.replace('-', '_')}_file"
        try:
            content = Path(self.file or "").read_text("utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "is no text"
            raise ConfigurationError(f"{field}: {self.file} cannot be read: {why}") from None
        if not content:
            raise ConfigurationError(f"{field}: {self.file} is empty")
        if len(content.encode()) > _MOST_BYTES:
            raise ConfigurationError(f"{field}: {self.file} has more than the {_MOST_BYTES} bytes of a parameter")
        return content


def _fingerprint(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:16]
