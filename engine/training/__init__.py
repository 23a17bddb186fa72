"""Weights from simulated motion: pairs, losses, the training loop, provenance."""

from engine.training.config import (
    TrainingConfig,
    TrainingMethod,
    TrainingRecord,
    TrainingResult,
)
from engine.training.train import train

__all__ = ["TrainingConfig", "TrainingMethod", "TrainingRecord", "TrainingResult", "train"]
