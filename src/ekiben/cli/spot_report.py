"""Plans for people, and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from ekiben.cli.columns import aligned, usd
from ekiben.deploy.spot.plan import Action, Change

if TYPE_CHECKING:
    from ekiben.deploy.spot.bill import Bill
    from ekiben.deploy.spot.deployment import Deployment

_VERBS: Final = {
    Action.CREATE: "to make",
    Action.UPDATE: "to change",
    Action.REPLACE: "to replace",
    Action.DELETE: "to remove",
    Action.NONE: "as wanted",
}
_LONGEST: Final = 100


def head(deployment: Deployment) -> str:
    """Which deployment it is."""
    where = f"{deployment.region} ({', '.join(deployment.zones)})"
    return f"deployment {deployment.config.name} in {where}, account {deployment.account}"


def changes(found: Sequence[Change]) -> str:
    """A line for every change with the fields that differ, and how many there are."""
    lines = []
    for change in found:
        if change.action is Action.NONE:
            continue
        lines.append(f"{change.action.value:<8}{change.kind} {change.name}")
        lines += [f"          {field}: {_short(now)} -> {_short(wanted)}" for field, now, wanted in change.differences]
    counted = Counter(change.action for change in found)
    lines.append(
        ", ".join(f"{counted[action]} {verb}" for action, verb in _VERBS.items() if counted[action]) or "nothing"
    )
    return "\n".join(lines)


def bill(found: Bill) -> str:
    """What it costs, by type and by month."""
    types = [("MODEL", "TYPE", "REPLICAS", "ZONES", "ON DEMAND/H", "SPOT NOW/H", "1,000 ON DEMAND", "1,000 SPOT")]
    types += [
        (
            cost.model,
            cost.instance_type,
            f"{cost.replicas:g}",
            str(len(cost.zones)),
            usd(cost.on_demand),
            usd(cost.spot),
            usd(cost.per_1000(cost.on_demand)),
            usd(cost.per_1000(cost.spot)),
        )
        for cost in found.types
    ]
    months = [("MODEL", "REPLICAS", "MONTH ON DEMAND", "MONTH SPOT NOW", "MONTH EXPECTED MIX")]
    months += [
        (month.model, str(month.replicas), usd(month.on_demand), usd(month.spot), usd(month.mix))
        for month in found.months
    ]
    return "\n\n".join([aligned(types), aligned(months), "\n".join(found.notes)])


def rights(actions: Iterable[str]) -> str:
    """Rights by service."""
    lines = ["rights that this takes (`--policy` prints an IAM policy):"]
    for service, found in groupby(actions, lambda action: action.partition(":")[0]):
        lines.append(f"  {service}: {', '.join(action.partition(':')[2] for action in found)}")
    return "\n".join(lines)


def facts(deployment: Deployment, found: Sequence[Change], costs: Bill, actions: Sequence[str]) -> dict[str, Any]:
    """All of it for programs."""
    return {
        "deployment": deployment.config.name,
        "account": deployment.account,
        "region": deployment.region,
        "zones": list(deployment.zones),
        "changes": [
            {**change._asdict(), "differences": [difference._asdict() for difference in change.differences]}
            for change in found
            if change.action is not Action.NONE
        ],
        "types": [
            {
                **cost._asdict(),
                "usd_per_1000_on_demand": cost.per_1000(cost.on_demand),
                "usd_per_1000_spot": cost.per_1000(cost.spot),
            }
            for cost in costs.types
        ],
        "months": [month._asdict() for month in costs.months],
        "notes": costs.notes,
        "rights": list(actions),
    }


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
