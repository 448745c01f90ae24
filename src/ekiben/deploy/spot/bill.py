"""All costs of a deployment together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ekiben.deploy.catalogue.instance import Catalogue
    from ekiben.deploy.spot.deployment import Deployment
    from ekiben.deploy.spot.money import MonthCost, TypeCost


class Bill(NamedTuple):
    """See the module.

    Args:
        deployment: Whose.
        catalogue: Where on-demand prices come from.
        types: Instance types of all models.
        months: A month of each model, at its least and at its most.
    """

    deployment: Deployment
    catalogue: Catalogue
    types: tuple[TypeCost, ...]
    months: tuple[MonthCost, ...]

    @property
    def notes(self) -> list[str]:
        """What the figures leave out, and why some are missing."""
        control = self.deployment.config.control.instance_type
        uncounted = "disks, the load balancer, storage, logs and traffic"
        notes = [f"Not counted: the control node ({control}, on demand), {uncounted}."]
        if self.catalogue.region == self.deployment.region:
            notes.append(
                f"On demand: list prices of {self.catalogue.as_of}; `ekiben cost --refresh FILE` and"
                " `--catalogue FILE` bring today's."
            )
        else:
            notes.append(f"On demand: no figure, since the catalogue is of {self.catalogue.region}.")
        unmeasured = sorted({cost.model for cost in self.types if cost.images_per_s is None})
        if unmeasured:
            notes.append(
                f"No cost of 1,000 for {', '.join(unmeasured)}: nothing was measured. Every instance counts as one"
                " replica; give what you measured under `types`."
            )
        return notes
