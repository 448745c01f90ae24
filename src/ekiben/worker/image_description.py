"""How a picture was made, in words for people and programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ekiben.inference.image_generation import Facts, ImageSettings

# As image generators' pages name them, and read them back to make the picture again.
_SAMPLERS: Final = {
    "pndm": "PLMS",
    "ddim": "DDIM",
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "dpmpp_2m": "DPM++ 2M",
    "unipc": "UniPC",
    "lcm": "LCM",
    "flow_match_euler": "Euler",
}


@dataclass(frozen=True, slots=True)
class Description:
    """What is told of a picture.

    Attributes:
        facts: What came of it.
        settings: What was asked for.
        is_edit: Whether it was made from a source image.
        longest_text: Characters after which prompts are cut; None for no limit.
    """

    facts: Facts
    settings: ImageSettings
    is_edit: bool = False
    longest_text: int | None = None

    def parameters(self) -> str:
        """The form that image generators' pages read: prompt, negative prompt, and a line of the rest."""
        facts, settings = self.facts, self.settings
        rest = {
            "Steps": facts.steps,
            "Sampler": _SAMPLERS.get(facts.scheduler, facts.scheduler),
            "CFG scale": f"{facts.guidance_scale:g}",
            "Seed": facts.seed,
            "Size": f"{facts.width}x{facts.height}",
            "Model": facts.model,
            "Version": facts.version,
        }
        if self.is_edit:
            rest["Denoising strength"] = f"{settings.strength:g}"
        loras = "".join(f" <lora:{adapter.name}:{adapter.weight:g}>" for adapter in settings.adapters)
        lines = [self._cut(settings.prompt) + loras]
        if settings.negative_prompt is not None:
            lines.append(f"Negative prompt: {self._cut(settings.negative_prompt)}")
        lines.append(", ".join(f"{name}: {value}" for name, value in rest.items()))
        return "\n".join(lines)

    def fields(self) -> dict[str, Any]:
        """The same by the names of the API; what was not asked for is left out."""
        facts, settings = self.facts, self.settings
        negative = settings.negative_prompt
        content = {
            "model": facts.model,
            "version": facts.version,
            "prompt": self._cut(settings.prompt),
            "negative_prompt": None if negative is None else self._cut(negative),
            "size": f"{facts.width}x{facts.height}",
            "num_inference_steps": facts.steps,
            "guidance_scale": facts.guidance_scale,
            "seed": facts.seed,
            "scheduler": facts.scheduler,
            "strength": settings.strength if self.is_edit else None,
            "adapters": {adapter.name: adapter.weight for adapter in settings.adapters} or None,
        }
        return {name: value for name, value in content.items() if value is not None}

    def _cut(self, text: str) -> str:
        longest = self.longest_text
        return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"
