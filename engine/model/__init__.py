"""Frozen values with units: cine, mask, contours, displacement fields, results, measurements."""

from engine.model.cine import Cine, Provenance
from engine.model.field import Scale, ScaleField
from engine.model.mask import Contours, Mask, MaskKind
from engine.model.measurement import Measurement, Measurements
from engine.model.packed import PackedMask
from engine.model.result import TrackingResult
from engine.model.view import Target, View

__all__ = [
    "Cine",
    "Contours",
    "Mask",
    "MaskKind",
    "Measurement",
    "Measurements",
    "PackedMask",
    "Provenance",
    "Scale",
    "ScaleField",
    "Target",
    "TrackingResult",
    "View",
]
