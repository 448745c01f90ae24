"""Pipelines of every family, small enough for a unit test: random weights, a few channels, tokenizers made here."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    PNDMScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
)

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


@cache
def clip_tokenizer() -> Any:
    """CLIP's tokenizer with letters for words."""
    tokens = [*_LETTERS, *(f"{letter}</w>" for letter in _LETTERS), "<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as folder:
        vocabulary, merges = Path(folder) / "vocab.json", Path(folder) / "merges.txt"
        vocabulary.write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
        merges.write_text("#version: 0.2\n")
        return CLIPTokenizer.from_pretrained(folder, model_max_length=16)


@cache
def t5_tokenizer() -> Any:
    """Words of one letter."""
    tokenizer = Tokenizer(models.WordLevel({token: i for i, token in enumerate(["<pad>", "</s>", *_LETTERS])}, "<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<pad>", model_max_length=16
    )


def clip_encoder(seed: int, width: int = 16, *, projected: bool = False) -> Any:
    """A text encoder of two layers."""
    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=len(_LETTERS) * 2 + 2,
        hidden_size=width,
        intermediate_size=width * 2,
        num_attention_heads=2,
        num_hidden_layers=2,
        max_position_embeddings=16,
        projection_dim=width,
        bos_token_id=len(_LETTERS) * 2,
        eos_token_id=len(_LETTERS) * 2 + 1,
        pad_token_id=len(_LETTERS) * 2 + 1,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()


def t5_encoder(seed: int) -> Any:
    """T5's encoder with one layer."""
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=len(_LETTERS) + 2,
        d_model=32,
        d_kv=8,
        d_ff=32,
        num_layers=1,
        num_heads=4,
        feed_forward_proj="gated-gelu",
    )
    return T5EncoderModel(config).eval()


def autoencoder(seed: int, channels: int = 4, **config: Any) -> Any:
    """Two levels: 2 pixels to a latent pixel."""
    torch.manual_seed(seed)
    return AutoencoderKL(
        block_out_channels=(8, 8),
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=channels,
        norm_num_groups=2,
        **config,
    ).eval()


def _unet(seed: int, **config: Any) -> Any:
    torch.manual_seed(seed)
    fields: dict[str, Any] = {
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "sample_size": 16,
        "in_channels": 4,
        "out_channels": 4,
        "norm_num_groups": 2,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 16,
        "attention_head_dim": 4,
    }
    return UNet2DConditionModel(**(fields | config)).eval()


def _quiet(pipeline: Any) -> Any:
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def stable_diffusion(seed: int = 0, **unet: Any) -> Any:
    """Stable Diffusion 1.x; `unet` changes the denoiser's configuration."""
    return _quiet(
        StableDiffusionPipeline(
            vae=autoencoder(seed),
            text_encoder=clip_encoder(seed),
            tokenizer=clip_tokenizer(),
            unet=_unet(seed, **unet),
            scheduler=PNDMScheduler(skip_prk_steps=True, steps_offset=1, **_BETAS),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    )


def latent_consistency(seed: int = 0) -> Any:
    """A latent consistency model: the UNet is told the guidance scale."""
    pipeline = stable_diffusion(seed, time_cond_proj_dim=8)
    pipeline.register_modules(scheduler=LCMScheduler(**_BETAS))
    return pipeline


def latent_consistency_pipeline(seed: int = 0) -> Any:
    """The same with the pipeline that latent consistency models come with."""
    components = latent_consistency(seed).components
    return _quiet(LatentConsistencyModelPipeline(**components, requires_safety_checker=False))


def stable_diffusion_2(seed: int = 0) -> Any:
    """Stable Diffusion 2.1: it predicts velocities."""
    pipeline = stable_diffusion(seed)
    pipeline.register_modules(
        scheduler=DDIMScheduler(prediction_type="v_prediction", clip_sample=False, steps_offset=1, **_BETAS)
    )
    return pipeline


def sdxl_turbo(seed: int = 0) -> Any:
    """SDXL-Turbo: few steps, noise in each."""
    pipeline = sdxl(seed)
    pipeline.register_modules(scheduler=EulerAncestralDiscreteScheduler(timestep_spacing="trailing", **_BETAS))
    return pipeline


def inpainting(seed: int = 0) -> Any:
    """A UNet trained for inpainting, which takes mask and masked image as channels."""
    return stable_diffusion(seed, in_channels=9)


def sdxl(seed: int = 0, *, force_zeros: bool = True, **unet: Any) -> Any:
    """SDXL."""
    told = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 4,
        "projection_class_embeddings_input_dim": 4 * 6 + 16,
        "cross_attention_dim": 32,
    }
    return _quiet(
        StableDiffusionXLPipeline(
            vae=autoencoder(seed),
            text_encoder=clip_encoder(seed),
            text_encoder_2=clip_encoder(seed + 1, projected=True),
            tokenizer=clip_tokenizer(),
            tokenizer_2=clip_tokenizer(),
            unet=_unet(seed, **(told | unet)),
            scheduler=EulerDiscreteScheduler(steps_offset=1, timestep_spacing="leading", **_BETAS),
            force_zeros_for_empty_prompt=force_zeros,
            add_watermarker=False,
        )
    )


def sd3(seed: int = 0, *, shift_factor: float = 0.0609, dynamic: bool = False, layers: int = 1) -> Any:
    """Stable Diffusion 3; 3.5 differs in size alone."""
    torch.manual_seed(seed)
    transformer = SD3Transformer2DModel(
        sample_size=32,
        patch_size=2,
        in_channels=16,
        num_layers=layers,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        out_channels=16,
    ).eval()
    return _quiet(
        StableDiffusion3Pipeline(
            transformer=transformer,
            scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0 if dynamic else 3.0, use_dynamic_shifting=dynamic),
            vae=autoencoder(seed, 16, scaling_factor=1.5305, shift_factor=shift_factor, **_NO_QUANT),
            text_encoder=clip_encoder(seed, projected=True),
            tokenizer=clip_tokenizer(),
            text_encoder_2=clip_encoder(seed + 1, projected=True),
            tokenizer_2=clip_tokenizer(),
            text_encoder_3=t5_encoder(seed),
            tokenizer_3=t5_tokenizer(),
        )
    )


def flux(seed: int = 0, *, guidance: bool = False) -> Any:
    """FLUX.1: schnell, or dev with `guidance`."""
    torch.manual_seed(seed)
    transformer = FluxTransformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=16,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=guidance,
    ).eval()
    return _quiet(
        FluxPipeline(
            transformer=transformer,
            scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0 if guidance else 1.0, use_dynamic_shifting=guidance),
            vae=autoencoder(seed, 4, scaling_factor=0.3611, shift_factor=0.1159, **_NO_QUANT),
            text_encoder=clip_encoder(seed),
            tokenizer=clip_tokenizer(),
            text_encoder_2=t5_encoder(seed),
            tokenizer_2=t5_tokenizer(),
        )
    )


_NO_QUANT = {"use_quant_conv": False, "use_post_quant_conv": False}
