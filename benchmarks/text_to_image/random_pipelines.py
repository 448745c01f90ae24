"""Pipelines with random weights: how fast a model is does not depend on what it has learned."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789,"
_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


class Subject(NamedTuple):
    """A model to measure; `side` in pixels."""

    name: str
    make: Callable[[], Any]
    side: int
    steps: int
    guidance_scale: float


def _tokenizer() -> Any:
    """CLIP's, with letters for words."""
    tokens = [*_LETTERS, *(f"{letter}</w>" for letter in _LETTERS), "<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as folder:
        vocabulary, merges = Path(folder) / "vocab.json", Path(folder) / "merges.txt"
        vocabulary.write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
        merges.write_text("#version: 0.2\n")
        return CLIPTokenizer.from_pretrained(folder, model_max_length=77)


def _text_encoder(width: int, layers: int, heads: int, *, projected: bool = False) -> Any:
    end = len(_LETTERS) * 2 + 1
    config = CLIPTextConfig(
        hidden_size=width,
        intermediate_size=width * 4,
        num_attention_heads=heads,
        num_hidden_layers=layers,
        projection_dim=width,
        bos_token_id=end - 1,
        eos_token_id=end,
        pad_token_id=end,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()


def _autoencoder(channels: tuple[int, ...], layers: int, **config: Any) -> Any:
    return AutoencoderKL(
        block_out_channels=channels,
        down_block_types=("DownEncoderBlock2D",) * len(channels),
        up_block_types=("UpDecoderBlock2D",) * len(channels),
        layers_per_block=layers,
        latent_channels=4,
        norm_num_groups=min(32, channels[0] // 2),
        **config,
    ).eval()


def _unet(config: Mapping[str, Any]) -> Any:
    return UNet2DConditionModel(in_channels=4, out_channels=4, **config).eval()


def _stable_diffusion(unet: Any, vae: Any, text_encoder: Any) -> Any:
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=_tokenizer(),
        unet=unet,
        scheduler=DPMSolverMultistepScheduler(**_BETAS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def small() -> Any:
    """For two CPU cores: a step of a 128-pixel picture takes some tens of milliseconds."""
    torch.manual_seed(0)
    unet = _unet(
        {
            "sample_size": 32,
            "block_out_channels": (64, 128, 192),
            "layers_per_block": 2,
            "cross_attention_dim": 128,
            "attention_head_dim": 8,
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        }
    )
    return _stable_diffusion(unet, _autoencoder((16, 32, 32), 1), _text_encoder(128, 2, 4))


def tiny() -> Any:
    """To see that a benchmark runs."""
    torch.manual_seed(0)
    unet = _unet(
        {
            "sample_size": 16,
            "block_out_channels": (32, 64),
            "layers_per_block": 1,
            "cross_attention_dim": 32,
            "attention_head_dim": 4,
            "norm_num_groups": 8,
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        }
    )
    return _stable_diffusion(unet, _autoencoder((8, 16), 1), _text_encoder(32, 2, 2))


def stable_diffusion_1() -> Any:
    """Of the size of Stable Diffusion 1.5."""
    torch.manual_seed(0)
    unet = _unet({"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8})
    return _stable_diffusion(unet, _autoencoder((128, 256, 512, 512), 2), _text_encoder(768, 12, 12))


def sdxl() -> Any:
    """Of the size of SDXL."""
    torch.manual_seed(0)
    unet = _unet(
        {
            "sample_size": 128,
            "block_out_channels": (320, 640, 1280),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "cross_attention_dim": 2048,
            "transformer_layers_per_block": (1, 2, 10),
            "attention_head_dim": (5, 10, 20),
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        }
    )
    return StableDiffusionXLPipeline(
        vae=_autoencoder((128, 256, 512, 512), 2, scaling_factor=0.13025, force_upcast=True),
        text_encoder=_text_encoder(768, 12, 12),
        text_encoder_2=_text_encoder(1280, 32, 20, projected=True),
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        unet=unet,
        scheduler=DPMSolverMultistepScheduler(**_BETAS),
        add_watermarker=False,
    )


SMALL = Subject("small, random weights", small, 128, 20, 5.0)
TINY = Subject("tiny, random weights", tiny, 32, 20, 5.0)
SD1 = Subject("Stable Diffusion 1.5's size, random weights", stable_diffusion_1, 512, 20, 7.5)
SDXL = Subject("SDXL's size, random weights", sdxl, 1024, 20, 5.0)
