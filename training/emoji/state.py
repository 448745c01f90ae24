"""A training run as it stands: networks, their averages, the optimiser and both random generators, written and read.

Tensors are kept as safetensors and the rest as JSON, so that reading a run executes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.emoji.batches import Batches

_TENSORS, _REST = "state.safetensors", "state.json"


@dataclass(slots=True)
class Run:
    """What changes while training.

    Attributes:
        unet: The denoiser.
        text_encoder: Its table is frozen.
        averages: A running average of every trained tensor, by its name.
        optimizer: Over the trained tensors, in the order of `trained`.
        batches: Where the next batch comes from.
        update: How many there have been.
        losses: (update, loss), the mean since the one before.
    """

    unet: nn.Module
    text_encoder: nn.Module
    averages: dict[str, Tensor]
    optimizer: torch.optim.Optimizer
    batches: Batches
    update: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)

    def trained(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Every tensor that training changes, with its name."""
        for prefix, module in (("unet", self.unet), ("text", self.text_encoder)):
            for name, parameter in module.named_parameters():
                if parameter.requires_grad:
                    yield f"{prefix}.{name}", parameter


def write_run(run: Run, folder: Path) -> None:
    """Write it; what was there before stays until the new one is complete."""
    tensors = {"generator": run.batches.generator.get_state()}
    for name, parameter in run.trained():
        tensors[f"now.{name}"] = parameter.detach()
        tensors[f"average.{name}"] = run.averages[name]
        tensors |= {f"{kind}.{name}": value for kind, value in run.optimizer.state.get(parameter, {}).items()}
    version, internal, gauss = run.batches.chance.getstate()
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
    run.batches.chance.setstate((version, tuple(internal), gauss))
    run.batches.generator.set_state(tensors["generator"])
    run.update, run.losses = rest["update"], [tuple(pair) for pair in rest["losses"]]
    return True


def read_metadata(path: Path) -> dict[str, str]:
    """The texts in a safetensors file's head."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        head: dict[str, dict[str, str]] = json.loads(file.read(size))
    return head["__metadata__"]
