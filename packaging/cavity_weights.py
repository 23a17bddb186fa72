"""Train the network that sees the cavity anew: ``python packaging/cavity_weights.py [STEPS]``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.masks.cavity_network import WEIGHTS  # noqa: E402 - after the path is set
from engine.progress import NullProgress  # noqa: E402
from engine.training.cavity import CavityTraining, train_cavity_network  # noqa: E402


def main() -> None:
    """Train for the given number of steps and replace the shipped weights."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else CavityTraining().steps
    train_cavity_network(
        CavityTraining(steps=steps), WEIGHTS / "cavity.safetensors", NullProgress()
    )


if __name__ == "__main__":
    main()
