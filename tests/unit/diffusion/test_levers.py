"""Every lever alone on every family: the picture stays what it was, or within what the lever gives away."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partialmethod
from typing import Any

import pytest
import torch

from ekiben.cards.images import Levers, StepCache
from ekiben.diffusion.engine import Engine
from ekiben.diffusion.generation import GeneratedImage
from ekiben.diffusion.levers import denoiser_of
from ekiben.diffusion.load import leveraged
from ekiben.errors import ConfigurationError
from ekiben.settings import keep_compiled
from tests.unit.diffusion import tiny_pipelines
from tests.unit.diffusion.making import (
    IDENTITY,
    LIMITS,
    NEVER_DIFFERENT_DB,
    company,
    engine,
    finish,
    image,
    made,
    psnr,
    request,
)

MAKERS: dict[str, Callable[[], Any]] = {
    "sd": tiny_pipelines.stable_diffusion,
    "lcm": tiny_pipelines.latent_consistency,
    "sdxl": tiny_pipelines.sdxl,
    "sd3": tiny_pipelines.sd3,
    "flux-dev": lambda: tiny_pipelines.flux(guidance=True),
}
EXACT = {
    "attention": Levers(attention="plain"),
    "channels_last": Levers(channels_last=True),
    "fuse_projections": Levers(fuse_projections=True),
    "vae_slicing": Levers(vae_slicing=True),
    "vae_tiling": Levers(vae_tiling=True),
    "all that are exact": Levers(
        attention="plain", channels_last=True, fuse_projections=True, vae_slicing=True, vae_tiling=True
    ),
}
LOSSY = {
    "int8-weight": Levers(quantization="int8-weight"),
    "int8-dynamic": Levers(quantization="int8-dynamic"),
    "int8 of fused projections": Levers(quantization="int8-weight", fuse_projections=True),
}
LOSSY_DB = 35.0


def _engine(name: str, levers: Levers) -> Engine:
    return Engine(leveraged(MAKERS[name](), levers, "cpu"), IDENTITY, LIMITS)


def _worst(found: list[GeneratedImage], expected: list[GeneratedImage]) -> float:
    return min(psnr(one.pixels, other.pixels) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("lever", EXACT)
def test_exact_ones_change_nothing(name: str, lever: str) -> None:
    asked = company()[:3]
    assert _worst(made(_engine(name, EXACT[lever]), asked), made(engine(name), asked)) >= NEVER_DIFFERENT_DB


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("lever", LOSSY)
def test_lossy_ones_change_little(name: str, lever: str) -> None:
    asked = company()[:3]
    found = made(_engine(name, LOSSY[lever]), asked)
    assert LOSSY_DB <= _worst(found, made(engine(name), asked)) < float("inf")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sd", "sd3", "flux-dev"])
def test_compiled(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for variable in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
        monkeypatch.delenv(variable, raising=False)
    keep_compiled(tmp_path)
    torch.compiler.reset()
    asked = company()[:3]
    compiled = _engine(name, Levers(compile="regional"))
    assert _worst(made(compiled, asked), made(engine(name), asked)) >= NEVER_DIFFERENT_DB
    assert any(tmp_path.rglob("*.so")), "what was compiled is not kept"


@pytest.mark.slow
def test_compiled_blocks_of_several_widths_take_any_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.compiler.reset()
    # What is compiled with does not matter: torch counts how often it had to.
    monkeypatch.setattr(torch.nn.Module, "compile", partialmethod(torch.nn.Module.compile, backend="eager"))
    attending = ("CrossAttnDownBlock2D",) * 3, ("CrossAttnUpBlock2D",) * 3
    pipeline = tiny_pipelines.stable_diffusion(
        block_out_channels=(8, 16, 32), down_block_types=attending[0], up_block_types=attending[1]
    )
    compiled = Engine(leveraged(pipeline, Levers(compile="regional"), "cpu"), IDENTITY, LIMITS)
    with ThreadPoolExecutor(1) as device:  # Models are loaded in one thread and run in another.
        for guided, count in ((True, 1), (True, 2), (True, 3), (False, 1), (True, 2), (False, 3)):
            asked = [request(steps=2, seed=seed, guidance_scale=5.0 if guided else 1.0) for seed in range(count)]
            assert len(device.submit(made, compiled, asked).result()) == count


def test_without_a_compiler_compiling_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(ConfigurationError, match="needs a C\\+\\+ compiler"):
        _engine("sd", Levers(compile="regional"))


class TestStepCache:
    @staticmethod
    def _cached(name: str, threshold: float, *, warm_up_steps: int = 1) -> Engine:
        return _engine(name, Levers(step_cache=StepCache(threshold=threshold, warm_up_steps=warm_up_steps)))

    @staticmethod
    def _deep_forwards(engine: Engine) -> list[int]:
        """Rows of every forward of a block that may be skipped."""
        pipeline = engine._family._pipeline  # type: ignore[attr-defined]
        denoiser = denoiser_of(pipeline)
        block = denoiser.mid_block if hasattr(denoiser, "mid_block") else _last_block(denoiser)
        rows: list[int] = []
        block.block.register_forward_hook(
            lambda _, args, kwargs, __: rows.append(_rows(args, kwargs)), with_kwargs=True
        )
        return rows

    @pytest.mark.parametrize("name", ["sd", "lcm", "sdxl", "sd3-deep", "flux-dev"])
    def test_nothing_is_reused_below_the_threshold(self, name: str) -> None:
        asked = company()
        plain = Engine(leveraged(_deep(name), Levers(), "cpu"), IDENTITY, LIMITS)
        cached = Engine(leveraged(_deep(name), Levers(step_cache=StepCache(threshold=1e-12)), "cpu"), IDENTITY, LIMITS)
        assert _worst(made(cached, asked), made(plain, asked)) == float("inf")

    @pytest.mark.parametrize("name", ["sd", "lcm", "sdxl", "sd3-deep", "flux-dev"])
    def test_a_picture_is_the_same_in_any_company(self, name: str) -> None:
        levers = Levers(step_cache=StepCache(threshold=0.3, warm_up_steps=1))
        asked = request(steps=8)
        alone = Engine(leveraged(_deep(name), levers, "cpu"), IDENTITY, LIMITS)
        (expected,) = made(alone, [asked])
        running = Engine(leveraged(_deep(name), levers, "cpu"), IDENTITY, LIMITS)
        rows = self._deep_forwards(running)
        for other in company():
            running.submit(other)
        running.step()
        joined = running.submit(asked)
        finish(running)
        assert psnr(image(joined).pixels, expected.pixels) >= NEVER_DIFFERENT_DB
        assert len({*rows}) > 1, "rows were not chosen one by one"

    @pytest.mark.parametrize("name", ["sd", "sdxl", "sd3-deep", "flux-dev"])
    def test_what_changed_little_is_reused_after_the_warm_up(self, name: str) -> None:
        levers = Levers(step_cache=StepCache(threshold=1.0, warm_up_steps=2))
        cached = Engine(leveraged(_deep(name), levers, "cpu"), IDENTITY, LIMITS)
        rows = self._deep_forwards(cached)
        made(cached, [request(steps=6, scheduler=None)])
        assert 2 <= len(rows) < 6

    def test_a_denoiser_without_depth_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="too few blocks"):
            self._cached("sd3", 0.1)


def _deep(name: str) -> Any:
    return tiny_pipelines.sd3(layers=3) if name == "sd3-deep" else MAKERS[name]()


def _last_block(denoiser: Any) -> Any:
    single = getattr(denoiser, "single_transformer_blocks", None)
    return single[-1] if single is not None else denoiser.transformer_blocks[-1]


def _rows(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    hidden = kwargs["hidden_states"] if "hidden_states" in kwargs else args[0]
    return len(hidden)
