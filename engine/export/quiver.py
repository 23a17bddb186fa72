"""Arrows of a velocity field: sampled once, drawn alike by the films, the figures and the window.

The sampling grid is tied to the image, not to the mask, so arrows keep their places while the
mask moves and do not flicker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.model.arrays import frozen_array

TRUSTED: Final = 0.5
ARROWS_WANTED: Final = 320
# Full speed, which few arrows reach, is drawn longer than the grid step: neighbours of a smooth
# field then form lines that the eye follows, without covering one another.
LENGTH_STEPS: Final = 1.5
# A few outliers must not draw spears over the picture.
LONGEST: Final = 1.25

Trust = NDArray[np.floating] | NDArray[np.bool_]
"""How far values can be trusted: in [0, 1], of which ``TRUSTED`` and more counts, or yes and no."""


@dataclass(frozen=True, eq=False)
class Arrows:
    """Velocity at some places of one frame.

    Attributes:
        positions: ``(N, 2)`` float32, x right and y down, px of the image.
        vectors: ``(N, 2)`` float32, velocity x right and **y up**, in the unit of the field.
        speeds: ``(N,)`` float32, in the unit of the field.
        trust: ``(N,)`` float32 in [0, 1], or None where trust was not measured.
    """

    positions: NDArray[np.float32]
    vectors: NDArray[np.float32]
    speeds: NDArray[np.float32]
    trust: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        positions = frozen_array(self.positions, "arrow positions", np.float32, (None, 2))
        count = len(positions)
        object.__setattr__(self, "positions", positions)
        vectors = frozen_array(self.vectors, "arrow vectors", np.float32, (count, 2))
        object.__setattr__(self, "vectors", vectors)
        speeds = frozen_array(self.speeds, "arrow speeds", np.float32, (count,))
        object.__setattr__(self, "speeds", speeds)
        if self.trust is not None:
            trust = frozen_array(self.trust, "arrow trust", np.float32, (count,))
            object.__setattr__(self, "trust", trust)

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Which arrows are trusted, ``(N,)``; all where trust was not measured."""
        if self.trust is None:
            return np.ones(len(self.speeds), np.bool_)
        return self.trust >= TRUSTED


def sample_arrows(
    velocity: NDArray[np.floating],
    mask: NDArray[np.bool_],
    step_px: float,
    trust: Trust | None = None,
) -> Arrows:
    """Sample a velocity field on a regular grid inside a mask.

    Args:
        velocity: ``(2, H, W)``, x right and y up, any unit.
        mask: ``(H, W)``: where the field counts.
        step_px: Distance of neighbouring arrows, px, not below 1; rounded to whole pixels.
        trust: ``(H, W)``, in [0, 1] or bool, or None.

    Returns:
        The arrows, row by row; none where the mask is empty. Places without a finite velocity
        have no arrow.

    Raises:
        InputError: If shapes differ or the step is below one pixel.
    """
    if velocity.shape != (2, *mask.shape) or (trust is not None and trust.shape != mask.shape):
        raise InputError(
            f"Velocity {velocity.shape}, mask {mask.shape} and trust must be of one image size."
        )
    if not step_px >= 1:
        raise InputError(f"Arrows must stand at least one pixel apart, but the step is {step_px}.")
    rows, columns = (_grid(size, step_px) for size in mask.shape)
    row, column = (axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij"))
    vectors = velocity[:, row, column].T
    inside = mask[row, column] & np.isfinite(vectors).all(axis=1)
    row, column, vectors = row[inside], column[inside], vectors[inside]
    return Arrows(
        positions=np.stack([column, row], axis=1).astype(np.float32),
        vectors=vectors,
        speeds=np.hypot(vectors[:, 0], vectors[:, 1]),
        trust=None if trust is None else trust[row, column].astype(np.float32),
    )


def legible_step(mask: NDArray[np.bool_], zoom: float = 1.0) -> float:
    """Choose a step that fills a mask with arrows without cluttering the picture.

    Args:
        mask: ``(H, W)`` or ``(T, H, W)``; the loop's mean area counts.
        zoom: Screen pixels for one image pixel.

    Returns:
        Step, whole image px: about 17 to 28 screen px, some 300 arrows where that allows.
    """
    area = float(mask.mean()) * mask.shape[-2] * mask.shape[-1] * zoom**2
    return max(round(float(np.clip(np.sqrt(area / ARROWS_WANTED), 17.0, 28.0)) / zoom), 1.0)


def arrow_polygons(
    positions: NDArray[np.floating],
    vectors: NDArray[np.floating],
    full_speed: float,
    full_length: float,
    width: float,
) -> NDArray[np.float32]:
    """Return the outline of every arrow on the screen, its middle at its position.

    Args:
        positions: ``(N, 2)``, x right and y down, screen px.
        vectors: ``(N, 2)``, velocity x right and y **up**.
        full_speed: Speed that is drawn with ``full_length``.
        full_length: Screen px.
        width: Of the shaft, screen px.

    Returns:
        ``(N, 7, 2)`` float32, x right and y down, screen px: the tip is corner 3.
    """
    speed = np.hypot(vectors[:, 0], vectors[:, 1])
    unit = np.divide(
        vectors * (1, -1), speed[:, None], out=np.zeros(vectors.shape), where=speed[:, None] > 0
    )
    length = np.minimum(speed / full_speed, LONGEST) * full_length
    # Slow arrows become small arrows, not blunt heads.
    head = np.minimum(4.2 * width, 0.55 * length)
    half_head = 0.38 * head
    half_shaft = np.minimum(width / 2, 0.4 * half_head)
    along = np.stack([-length / 2, length / 2 - head, length / 2 - head, length / 2])
    across = np.stack([half_shaft, half_shaft, half_head, np.zeros_like(half_head)])
    along = np.concatenate([along, along[2::-1]]).T
    across = np.concatenate([across, -across[2::-1]]).T
    normal = np.stack([-unit[:, 1], unit[:, 0]], axis=1)
    corners = along[..., None] * unit[:, None] + across[..., None] * normal[:, None]
    return np.asarray(positions[:, None] + corners, np.float32)


def nice_limit(value: float) -> float:
    """Round a positive value up to a short number (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times 10^n).

    Args:
        value: Any; what is not positive and finite gives 1.
    """
    if not np.isfinite(value) or value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    steps = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    return next(float(f"{step * power:.6g}") for step in steps if step * power >= value * 0.999)


def ticks(limit: float) -> tuple[float, ...]:
    """Return short numbers from 0 up to a limit, at most six, for a colour bar.

    Args:
        limit: Positive.
    """
    power = 10.0 ** np.floor(np.log10(limit))
    parts = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0)
    step = next(part * power for part in parts if limit / (part * power) <= 5.001)
    return tuple(float(f"{step * k:.6g}") for k in range(int(limit / step * 1.0001) + 1))


def _grid(size: int, step: float) -> NDArray[np.intp]:
    # Whole steps keep the grid regular where few pixels lie between two arrows.
    whole = max(round(step), 1)
    count = (size - 1) // whole + 1
    start = (size - 1 - (count - 1) * whole) // 2
    return start + whole * np.arange(count)
