from __future__ import annotations

from ekiben.deploy.spot.deployment import model_of, workers_of


def test_a_group_is_a_models_or_none() -> None:
    assert model_of(workers_of("sd-1.5")) == "sd-1.5"
    assert model_of("control-node") == ""
