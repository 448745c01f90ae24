"""Which levers go with the rest of a card."""

from __future__ import annotations

from ekiben.cards.images import Levers


def lever_fault(levers: Levers, precision: str, *, has_gpu: bool, has_adapters: bool) -> str | None:
    """Why a text-to-image card's levers cannot be pulled; None where they can.

    Args:
        levers: The card's.
        precision: What the card says its model computes in.
        has_gpu: Whether it claims a GPU.
        has_adapters: Whether requests may name adapters.
    """
    if precision not in ("fp32", "fp16", "bf16"):
        return (
            f"precision {precision}: pictures are computed in fp32, fp16 or bf16; levers.quantization is for the rest"
        )
    if not has_gpu and (fault := _needs_gpu(levers, precision)):
        return f"{fault} needs a GPU (resources.gpu: 1)"
    if has_adapters and (fault := _fixes_weights(levers)):
        return f"{fault} with images.adapters: an adapter changes the weights from one request to the next"
    return None


def _needs_gpu(levers: Levers, precision: str) -> str | None:
    if precision == "fp16":
        return "precision fp16, which CPUs convert back and forth,"
    if levers.cuda_graphs:
        return "levers.cuda_graphs"
    if levers.offload != "none":
        return "levers.offload, which is about its memory,"
    if levers.quantization.startswith("fp8"):
        return f"levers.quantization {levers.quantization}"
    return None


def _fixes_weights(levers: Levers) -> str | None:
    """The lever that computes with weights as they are when the model is loaded."""
    if levers.quantization != "none":
        return "levers.quantization"
    if levers.fuse_projections:
        return "levers.fuse_projections"
    if levers.cuda_graphs:
        return "levers.cuda_graphs"
    return "levers.compile" if levers.compile != "off" else None
