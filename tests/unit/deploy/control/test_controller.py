from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import generate_latest
from structlog.testing import capture_logs

from ekiben.deploy.control.controller import Controller, Steered, steer
from ekiben.deploy.control.numbers import Numbers
from ekiben.deploy.control.prices import Prices
from ekiben.deploy.control.seen import Seen
from ekiben.deploy.policy import Rules
from ekiben.schemas.needs import Needs
from tests.unit.deploy.control.account import TYPES, ZONES, Account

PRICES = Prices(
    {(zone, name): 0.4 * weight for zone in ZONES for name, weight in TYPES.items()}, 1.0, dict.fromkeys(TYPES, 1.0)
)


@dataclass
class Said:
    """What the gateway says; None while it does not answer."""

    wanted: int | None = 4

    def of(self, model: str) -> Needs | None:
        assert model == "pictures"
        if self.wanted is None:
            return None
        return Needs(replicas=self.wanted, jobs_waiting=7, jobs_running=3, oldest_job_s=1.5)


@dataclass
class Clock:
    now_s: float = 1_000_000.0
    step_s: float = 15.0
    read: int = field(default=0)

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


def controller(account: Account, folder: Path, said: Said, clock: Clock, numbers: Numbers | None = None) -> Controller:
    def prices(_: Seen) -> Prices:
        return PRICES

    steered = Steered("pictures", account.group, prices, cold_start_s=60.0)
    return Controller(steered, said, Rules(), numbers or Numbers(), folder / "memory.json", clock)


def test_the_group_follows_the_work(account: Account, tmp_path: Path) -> None:
    said = Said(4)
    steering = controller(account, tmp_path, said, Clock())
    steering.step()
    assert account.settings()["DesiredCapacity"] == 4
    said.wanted = 100
    steering.step()
    assert account.settings()["DesiredCapacity"] == 10
    said.wanted = 0
    steering.step()
    assert account.settings()["DesiredCapacity"] == 1


def test_while_nobody_can_say_nothing_is_let_go(account: Account, tmp_path: Path) -> None:
    said = Said(4)
    steering = controller(account, tmp_path, said, Clock())
    steering.step()
    said.wanted = None
    steering.step()
    assert account.settings()["DesiredCapacity"] == 4
    controller(account, tmp_path, Said(None), Clock(2_000_000.0)).step()
    assert account.settings()["DesiredCapacity"] == 4


def test_weights_are_measured_and_replicas_are_of_the_first_type(account: Account, tmp_path: Path) -> None:
    account.weigh({"g5.xlarge": 10, "g5.12xlarge": 40})
    steering = controller(account, tmp_path, Said(4), Clock())
    steering.step()
    assert account.settings()["DesiredCapacity"] == 40


def test_on_demand_where_spot_has_no_capacity(account: Account, tmp_path: Path) -> None:
    steering = controller(account, tmp_path, Said(4), Clock())
    for zone in ZONES:
        account.refuse(zone, "UnfulfillableCapacity")
    orders = steering.step()
    assert (orders.desired, orders.on_demand) == (4, 2)
    assert account.settings()["MixedInstancesPolicy"]["InstancesDistribution"]["OnDemandBaseCapacity"] == 2


def test_a_notice_has_its_replacement_ordered_at_once(account: Account, tmp_path: Path) -> None:
    steering = controller(account, tmp_path, Said(2), Clock())
    steering.step()
    account.marked.add(account.ids()[0])
    assert steering.step().desired == 3


def test_losses_are_remembered_over_a_restart(account: Account, tmp_path: Path) -> None:
    numbers = Numbers()
    controller(account, tmp_path, Said(2), Clock(), numbers).step()
    account.marked.add(account.ids()[0])
    controller(account, tmp_path, Said(2), Clock(2_000_000.0), numbers).step()
    assert 'ekiben_spot_lost_instances{model="pictures"} 1.0' in generate_latest(numbers.registry).decode()


def test_a_broken_memory_begins_anew(account: Account, tmp_path: Path) -> None:
    (tmp_path / "memory.json").write_text("{")
    assert controller(account, tmp_path, Said(2), Clock()).step().desired == 2


def test_numbers_have_markets_and_costs(account: Account, tmp_path: Path) -> None:
    numbers = Numbers()
    second = account.ids()[1]
    account.on_demand.add(second)
    controller(account, tmp_path, Said(2), Clock(), numbers).step()
    text = generate_latest(numbers.registry).decode()
    assert 'ekiben_spot_usd_per_hour{market="spot",model="pictures"} 0.4' in text
    assert 'ekiben_spot_usd_per_hour{market="on-demand",model="pictures"} 1.0' in text
    account.autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=second, ShouldDecrementDesiredCapacity=True)
    controller(account, tmp_path, Said(1), Clock(), numbers).step()
    assert 'phase="ready",type="g5.xlarge"' in (text := generate_latest(numbers.registry).decode())
    assert 'ekiben_spot_usd_per_hour{market="on-demand",model="pictures"} 0.0' in text


def test_cloudwatch_is_told_once_a_minute_and_of_losses_at_once(account: Account, tmp_path: Path) -> None:
    spot, on_demand = account.ids()
    account.on_demand.add(on_demand)
    said = Said(4)
    steering = controller(account, tmp_path, said, Clock(step_s=15.0))
    with capture_logs() as logs:
        wanted = steering.step()
    (line,) = [entry for entry in logs if entry["event"] == "metrics"]
    assert line["AutoScalingGroupName"] == account.group.name
    expected = {
        "SpotInstances": 1,
        "OnDemandInstances": 1,
        "ReplicasWanted": wanted.desired,
        "ReplicasShort": 0,
        "DollarsPerHour": 1.4,
    }
    expected |= {"SpotInstancesLost": 0, "JobsWaiting": 7, "JobsRunning": 3, "OldestJobAge": 1.5}
    assert {name: line[name] for name in expected} == expected
    account.marked.add(spot)
    said.wanted = None
    with capture_logs() as logs:
        for _ in range(3):
            steering.step()
    (line,) = [entry for entry in logs if entry["event"] == "metrics"]  # A loss is told at once.
    assert line["SpotInstancesLost"] == 1
    assert steps_told(steering, 4) == [0]
    assert "JobsWaiting" not in line  # Nobody can say: no number is better than a wrong one.


def steps_told(steering: Controller, steps: int) -> list[int]:
    """The losses that the lines of so many steps tell."""
    with capture_logs() as logs:
        for _ in range(steps):
            steering.step()
    return [entry["SpotInstancesLost"] for entry in logs if entry["event"] == "metrics"]


def test_one_groups_trouble_is_not_the_others(account: Account, tmp_path: Path) -> None:
    class Broken(Controller):
        def step(self) -> None:  # type: ignore[override]
            raise RuntimeError("no")

    numbers = Numbers()
    good = controller(account, tmp_path, Said(3), Clock(), numbers)
    broken = Broken.__new__(Broken)
    steer([("broken", broken), ("pictures", good)], numbers, lambda _: True)
    assert account.settings()["DesiredCapacity"] == 3
    assert 'ekiben_spot_control_failures_total{model="broken"} 1.0' in generate_latest(numbers.registry).decode()
