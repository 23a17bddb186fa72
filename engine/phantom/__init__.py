"""Scatterer cines with exactly known motion, and analytic flows."""

from engine.phantom.config import PhantomConfig, PhantomKind, SpeckleModel, real_like
from engine.phantom.make import make_phantom
from engine.phantom.phantom import Phantom

__all__ = [
    "Phantom",
    "PhantomConfig",
    "PhantomKind",
    "SpeckleModel",
    "make_phantom",
    "real_like",
]
