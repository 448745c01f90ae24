"""One thing that a deployment is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, Found, World


class Resource(ABC):
    """The seam between the plan and AWS.

    `create` makes the thing with its tag and little more; whatever then differs from `wanted` is brought about by
    `update`. So a run that ended anywhere is continued by the next.
    """

    kind: ClassVar[str]
    """For people."""
    rights: ClassVar[tuple[str, ...]]
    """Every IAM action that its methods need."""
    fixed: ClassVar[frozenset[str]] = frozenset()
    """Fields that AWS never changes: to have them otherwise, the thing is replaced."""
    keeps: ClassVar[frozenset[str]] = frozenset()
    """Fixed fields for which it must not be replaced, because others stand on it or data is in it."""
    patience_s: ClassVar[float] = 60.0
    """How long AWS may take until it shows what was made, and until it lets go of what is removed."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name within the deployment; the value of the tag `ekiben:resource`."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of resources that must be there before; those that the deployment lacks count for nothing."""
        return ()

    def wanted(self, world: World) -> Fields:  # noqa: ARG002  # some are only there or not
        """How it shall be."""
        return {}

    @abstractmethod
    def observe(self, world: World) -> Found | None:
        """How it is.

        Raises:
            SomebodyElses: Something has its name and not its tag.
        """

    @abstractmethod
    def create(self, world: World) -> None:
        """Make it; called only when it is not there."""

    def update(self, world: World, found: Found) -> None:
        """Bring about what differs, and touch nothing else; called only when a field differs that is not fixed."""
        raise NotImplementedError(f"{self.kind} {self.name} has no field to change, {found.id} in {world}")

    def differing(self, world: World, found: Found) -> frozenset[str]:
        """Fields that are not as wanted."""
        wanted = self.wanted(world)
        return frozenset(field for field, value in wanted.items() if found.fields.get(field) != value)

    @abstractmethod
    def delete(self, world: World, found: Found) -> None:
        """Remove it, with what is in it."""


class SomebodyElses(OperatorError):
    """Something with the right name that does not carry the deployment's tag; it is left alone."""

    def __init__(self, kind: str, name: str, deployment: str) -> None:
        super().__init__(
            f"there is a {kind} {name} already, and its tags do not say ekiben:deployment={deployment}: it is somebody"
            " else's and stays as it is. Give the deployment another name, or remove it yourself if it is yours"
        )
