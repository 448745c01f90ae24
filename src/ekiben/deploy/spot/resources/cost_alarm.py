"""The budget: a mail when the deployment's costs of the month are, or will be, too much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.spot.absent import if_there
from ekiben.deploy.spot.deployment import DEPLOYMENT_TAG
from ekiben.deploy.spot.resource import Resource, SomebodyElses
from ekiben.deploy.spot.world import Found

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import Fields, World

BUDGET: Final = "budget"
_ALARMS: Final = (("ACTUAL", 80.0), ("ACTUAL", 100.0), ("FORECASTED", 100.0))


class CostAlarm(Resource):
    """See the module.

    It counts what carries the deployment's tag; whether it does, its filter says, so that the filter is its own mark.
    """

    kind = "budget"
    name = BUDGET
    rights = ("budgets:ModifyBudget", "budgets:TagResource", "budgets:ViewBudget")
    fixed = frozenset({"usd", "mail"})

    def wanted(self, world: World) -> Fields:
        """How much, and who is told."""
        budget = world.deployment.config.budget
        return {"usd": budget.usd_per_month, "mail": [budget.email] * len(_ALARMS)} if budget else {}

    def observe(self, world: World) -> Found | None:
        """By its name and its filter."""
        budgets, which = world.clients.budgets, self._which(world)
        found = if_there(lambda: budgets.describe_budget(**which)["Budget"], "NotFoundException")
        if not found:
            return None
        if found.get("CostFilters", {}).get("TagKeyValue") != [_filter(world)]:
            raise SomebodyElses(self.kind, which["BudgetName"], world.deployment.config.name)
        mails = [subscriber["Address"] for alarm in self._alarms(world) for subscriber in alarm]
        return Found(which["BudgetName"], {"usd": float(found["BudgetLimit"]["Amount"]), "mail": mails})

    def create(self, world: World) -> None:
        """With its alarms."""
        budget = world.deployment.config.budget
        if budget is None:
            return
        alarms: Any = [
            {
                "Notification": _notification(kind, percent),
                "Subscribers": [{"SubscriptionType": "EMAIL", "Address": budget.email}],
            }
            for kind, percent in _ALARMS
        ]
        which = self._which(world)
        world.clients.budgets.create_budget(
            AccountId=which["AccountId"],
            Budget={
                "BudgetName": which["BudgetName"],
                "BudgetLimit": {"Amount": str(budget.usd_per_month), "Unit": "USD"},
                "TimeUnit": "MONTHLY",
                "BudgetType": "COST",
                "CostFilters": {"TagKeyValue": [_filter(world)]},
            },
            NotificationsWithSubscribers=alarms,
            ResourceTags=world.deployment.tags(self.name),
        )

    def delete(self, world: World, found: Found) -> None:  # noqa: ARG002  # its name says all
        """With its alarms."""
        world.clients.budgets.delete_budget(**self._which(world))

    def _alarms(self, world: World) -> list[Any]:
        return [self._subscribers(world, _notification(kind, percent)) for kind, percent in _ALARMS]

    def _subscribers(self, world: World, notification: Any) -> Any:
        ask, which = world.clients.budgets.describe_subscribers_for_notification, self._which(world)
        found = if_there(lambda: ask(**which, Notification=notification), "NotFoundException")
        return found["Subscribers"] if found else []

    def _which(self, world: World) -> dict[str, Any]:
        return {"AccountId": world.deployment.account, "BudgetName": world.deployment.prefix}


def _filter(world: World) -> str:
    return f"user:{DEPLOYMENT_TAG}${world.deployment.config.name}"


def _notification(kind: str, percent: float) -> dict[str, Any]:
    return {
        "NotificationType": kind,
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": percent,
        "ThresholdType": "PERCENTAGE",
    }
