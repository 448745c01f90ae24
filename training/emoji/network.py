"""The denoiser and the noise that it is trained against."""

from __future__ import annotations

from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor

from training.emoji.linear_code import CHANNELS
from training.emoji.text_encoder import WIDTH

LATENT_SIDE = 16
_WIDTHS = (64, 128, 160)


def make_denoiser() -> UNet2DConditionModel:
    """An untrained UNet; the text reaches it by cross-attention and, pooled, with the time."""
    unet = UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        block_out_channels=_WIDTHS,
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=4,  # the number of heads, whatever its name
        norm_num_groups=16,
        use_linear_projection=True,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )
    # The plain processor's backward is several times faster on CPUs than that of the fused one.
    unet.set_attn_processor(AttnProcessor())
    return unet


def make_scheduler() -> DDIMScheduler:
    """The noise schedule: at its end hardly anything of a picture is left, so that every sampler may start from noise.

    A schedule that ends in noise alone needs samplers that know of it; this one is a plain one with stronger noise.
    """
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.025,
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        steps_offset=1,  # has no effect with this spacing; the pipeline warns of another
        clip_sample=False,
        set_alpha_to_one=True,
    )
