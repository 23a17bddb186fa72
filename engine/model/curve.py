"""The curve of one quantity over the loop, picked out of the measured rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.model.measurement import Measurement, Measurements


@dataclass(frozen=True, eq=False)
class Curve:
    """Values of one quantity in one region over the loop.

    Attributes:
        frames: ``(N,)`` source frames, increasing.
        times_s: ``(N,)`` acquisition times, s; None if unknown.
        values: ``(N,)``, in ``unit``.
        unit: Unit of the contract.
        trust: Mean trusted fraction, or None where trust was not measured.
    """

    frames: NDArray[np.int64]
    times_s: NDArray[np.float64] | None
    values: NDArray[np.float64]
    unit: str
    trust: float | None = None

    @property
    def abscissa(self) -> NDArray[np.float64]:
        """Times, s; source frames where times are unknown."""
        return self.frames.astype(np.float64) if self.times_s is None else self.times_s

    def at(self, frame: int | None) -> float | None:
        """Return the value at a source frame, or None."""
        found = np.flatnonzero(self.frames == frame)
        return float(self.values[found[0]]) if len(found) else None


def curve_of(measurements: Measurements, quantity: str, region: str) -> Curve | None:
    """Return a quantity's curve in a region, or None where it has no value per frame."""
    rows = [row for row in measurements.select(quantity, region) if row.frame is not None]
    if not rows:
        return None
    rows.sort(key=_frame)
    times = [row.time_s for row in rows if row.time_s is not None]
    trust = [row.trust for row in rows if row.trust is not None]
    return Curve(
        frames=np.array([_frame(row) for row in rows]),
        times_s=np.array(times) if len(times) == len(rows) else None,
        values=np.array([row.value for row in rows]),
        unit=rows[0].unit,
        trust=float(np.mean(trust)) if trust else None,
    )


def regions_of(measurements: Measurements, quantity: str) -> tuple[str, ...]:
    """Return the regions of a quantity's rows, in their order."""
    return tuple(dict.fromkeys(row.region for row in measurements.select(quantity)))


def _frame(row: Measurement) -> int:
    return -1 if row.frame is None else row.frame
