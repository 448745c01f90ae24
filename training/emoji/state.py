"""A training run as it stands: networks, their averages, the optimiser and both random generators, written and read.

Tensors are kept as safetensors and the rest as JSON, so that reading a run executes nothing.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.emoji.plan import Plan

_TENSORS, _REST = "state.safetensors", "state.json"


class Draws(Protocol):
    """What a run draws its batches with.

    Attributes:
        chance: For choices.
        generator: For tensors, on the CPU.
    """

    chance: random.Random
    generator: torch.Generator


@dataclass(slots=True)
class Run:
    """What changes while training.

    Attributes:
        modules: The networks, by name.
        averages: A running average of every trained tensor, by its name.
        optimizer: Over the trained tensors, in the order of `trained`.
        draws: Both random generators.
        update: How many there have been.
        losses: (update, loss), the mean since the one before.
    """

    modules: dict[str, nn.Module]
    averages: dict[str, Tensor]
    optimizer: torch.optim.Optimizer
    draws: Draws
    update: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)

    def trained(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Every tensor that training changes, with its name."""
        for prefix, module in self.modules.items():
            for name, parameter in module.named_parameters():
                if parameter.requires_grad:
                    yield f"{prefix}.{name}", parameter

    def use_averages(self) -> None:
        """Give the networks their averaged weights; training cannot go on from them."""
        with torch.no_grad():
            for name, parameter in self.trained():
                parameter.copy_(self.averages[name])


def start_run(modules: dict[str, nn.Module], draws: Draws, plan: Plan) -> Run:
    """A run at its beginning."""
    run = Run(modules, {}, torch.optim.SGD([torch.zeros(1)]), draws)
    trained = dict(run.trained())
    run.averages = {name: parameter.detach().clone() for name, parameter in trained.items()}
    run.optimizer = torch.optim.AdamW(
        trained.values(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=plan.weight_decay, fused=True
    )
    return run


def write_run(run: Run, folder: Path) -> None:
    """Write it; what was there before stays until the new one is complete."""
    tensors = {"generator": run.draws.generator.get_state()}
    for name, parameter in run.trained():
        tensors[f"now.{name}"] = parameter.detach()
        tensors[f"average.{name}"] = run.averages[name]
        tensors |= {f"{kind}.{name}": value for kind, value in run.optimizer.state.get(parameter, {}).items()}
    version, internal, gauss = run.draws.chance.getstate()
    rest = {"update": run.update, "losses": run.losses, "chance": [version, list(internal), gauss]}
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # One file, so that no half of an older state is read with a half of a newer one.
    save_file(tensors, folder / "state.new", metadata={"rest": json.dumps(rest)})
    (folder / "state.new").replace(folder / _TENSORS)
    (folder / _REST).write_text(json.dumps({"update": run.update, "losses": run.losses}), encoding="utf-8")


def read_run(run: Run, folder: Path) -> bool:
    """Bring a run to where the one in a folder was; whether there is one."""
    path = folder / _TENSORS
    if not path.exists():
        return False
    tensors = load_file(path)
    rest = json.loads(read_metadata(path)["rest"])
    with torch.no_grad():
        for name, parameter in run.trained():
            parameter.copy_(tensors[f"now.{name}"])
            run.averages[name].copy_(tensors[f"average.{name}"])
            run.optimizer.state[parameter] = {
                kind: tensors[f"{kind}.{name}"].to(parameter.device if kind != "step" else "cpu")
                for kind in ("step", "exp_avg", "exp_avg_sq")
                if f"{kind}.{name}" in tensors
            }
    version, internal, gauss = rest["chance"]
    run.draws.chance.setstate((version, tuple(internal), gauss))
    run.draws.generator.set_state(tensors["generator"])
    run.update, run.losses = rest["update"], [tuple(pair) for pair in rest["losses"]]
    return True


def read_metadata(path: Path) -> dict[str, str]:
    """The texts in a safetensors file's head."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        head: dict[str, dict[str, str]] = json.loads(file.read(size))
    return head["__metadata__"]
