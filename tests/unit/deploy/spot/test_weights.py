from __future__ import annotations

from ekiben.deploy.spot.config_parts import Workers
from ekiben.deploy.spot.weights import units, weights


def _workers(types: dict[str, float | None]) -> Workers:
    return Workers(model="sd", image="sd:1", types=types, most=4)


def test_types_count_by_what_was_measured_and_a_replica_is_one_of_the_first() -> None:
    workers = _workers({"g5.xlarge": 1.5, "g4dn.xlarge": 0.5, "g5.12xlarge": 6.0})
    assert weights(workers) == {"g5.xlarge": 10, "g4dn.xlarge": 3, "g5.12xlarge": 40}
    assert units(workers, 3) == 30


def test_without_measurements_every_instance_counts_alike() -> None:
    workers = _workers({"g5.xlarge": None, "g4dn.xlarge": None})
    assert weights(workers) == {"g5.xlarge": 1, "g4dn.xlarge": 1}
    assert units(workers, 3) == 3
