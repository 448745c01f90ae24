"""What an agent is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass

from ekiben.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Terms:
    """See `ekiben agent --help`.

    Attributes:
        metadata: Address of the metadata service.
        region: Empty: the metadata service says.
        group: Auto Scaling group; empty: none.
        hook: Its lifecycle hook; empty: none.
        target_groups: ARNs.
        unhealthy_after_s: 0: the group is never told.
        metrics_port: 0: no metrics.
        drains_at_risk: Whether a recommendation to rebalance is enough.
    """

    metadata: str
    region: str = ""
    group: str = ""
    hook: str = ""
    target_groups: tuple[str, ...] = ()
    unhealthy_after_s: float = 0.0
    metrics_port: int = 0
    drains_at_risk: bool = False

    def __post_init__(self) -> None:
        """Check what belongs together.

        Raises:
            ConfigurationError: A hook without its group.
        """
        if self.hook and not self.group:
            raise ConfigurationError("--hook needs --group, the Auto Scaling group that the hook belongs to")

    @property
    def asks_aws(self) -> bool:
        """Whether anything is told to AWS."""
        return bool(self.group or self.target_groups)
