"""Weights from simulated motion: pairs, losses, loops, provenance."""
