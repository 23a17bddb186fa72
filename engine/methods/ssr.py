"""SSR: the paper's test-time training at one scale, the full one."""

from __future__ import annotations

from dataclasses import replace

from engine.config import Preset, TrackingConfig
from engine.methods.ssmsr import Ssmsr
from engine.model import Cine, Mask, Scale, ScaleField
from engine.progress import Progress


class Ssr:
    """Self-supervision optimised registration: the paper's settings, without its pyramid."""

    name = "ssr"
    label = "SSR"
    description = (
        "The paper's U-Net, trained from scratch on the loop itself at full resolution only "
        "(3,500 steps); not trained beforehand unless weights are given."
    )

    def missing(self) -> str | None:
        """Return None: all that the method needs comes with the product."""
        return None

    def track(
        self, cine: Cine, mask: Mask, config: TrackingConfig, progress: Progress
    ) -> tuple[ScaleField, ...]:
        """Return the field of the full scale; see ``Method.track``."""
        alone = replace(config, preset=Preset.PAPER, scales=(Scale.FULL.value,))
        return Ssmsr().track(cine, mask, alone, progress)
