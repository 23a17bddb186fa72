"""MyoTracker: point tracks by a public ONNX model, spread into dense fields.

The model is not part of the product (its licence, CC BY-NC 4.0, is not ours to pass on): the user
names the file. It takes at most 64 frames of 256x256 and the places (y, x) of some points on the
first of them, and returns the points' places on every frame. Tracks of a grid of points give the
displacement at their places; between them it is interpolated linearly, beyond them it is that of
the nearest point.
"""

from __future__ import annotations

import time
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from engine.config import TrackingConfig
from engine.errors import InputError, MissingPackageError
from engine.methods.base import check_pair_count, full_scale_field, load_package, missing_package
from engine.model import Cine, Mask, ScaleField
from engine.progress import Progress, Step

_INSTALL: Final = "pip install onnxruntime"
_SIDE_PX: Final = 256
_FRAMES: Final = 64
_POINTS: Final = 64
_GRID_PX: Final = 6
"""Distance of the tracked points, px of the model's image."""


class MyoTracker:
    """A small transformer that tracks points (Chernyshov et al., 2025)."""

    name = "myotracker"
    label = "MyoTracker"
    description = (
        "Public point tracker (ONNX, CC BY-NC 4.0), trained by its authors on echocardiograms of "
        "the right ventricle; fields are interpolated between points."
    )

    def missing(self) -> str | None:
        """Return how to install onnxruntime, or None if it is there."""
        return missing_package("onnxruntime", _INSTALL, self.label)

    def track(
        self, cine: Cine, mask: Mask, config: TrackingConfig, progress: Progress
    ) -> tuple[ScaleField, ...]:
        """Return the field of the full scale; see ``Method.track``.

        Raises:
            InputError: If the model's path is not given or no point lies in the mask.
        """
        check_pair_count(cine, mask)
        session = self._open(config)
        size = cine.frames.shape[1:]
        displacement = np.empty((len(cine.frames) - 1, 2, *size), np.float32)
        start = time.perf_counter()
        for first in range(0, len(displacement), _FRAMES - 1):
            frames = cine.frames[first : first + _FRAMES]
            tracks = _track_points(session, frames, mask.data[first], progress)
            for pair in range(len(frames) - 1):
                displacement[first + pair] = _spread(tracks[pair], tracks[pair + 1], size)
            done = min(first + _FRAMES - 1, len(displacement))
            progress.report(
                Step(self.label, done, len(displacement), fraction=done / len(displacement))
            )
        seconds = time.perf_counter() - start
        finished = full_scale_field(cine, mask, displacement, seconds)
        progress.partial(finished)
        return (finished,)

    def _open(self, config: TrackingConfig) -> Any:
        """Open the model.

        Raises:
            MissingPackageError: If onnxruntime is absent.
            InputError: If no model was named, or it cannot be opened.
        """
        sentence = self.missing()
        if sentence is not None:
            raise MissingPackageError(sentence)
        if config.init is None:
            raise InputError(
                "MyoTracker needs its public model: name the file myotracker.onnx with --init "
                "(in comparisons: --methods myotracker@FILE)."
            )
        if not config.init.is_file():
            raise InputError(f"There is no model file '{config.init}'. Check the path.")
        onnx = load_package("onnxruntime", _INSTALL, self.label)
        return onnx.InferenceSession(str(config.init), providers=["CPUExecutionProvider"])


def _track_points(
    session: Any, frames: NDArray[np.uint8], region: NDArray[np.bool_], progress: Progress
) -> NDArray[np.float64]:
    """Track a grid of points of the first frame.

    Args:
        session: The opened model.
        frames: ``(T, H, W)``, T at most 64; fewer are padded with the last one.
        region: Where points start, ``(H, W)``.
        progress: Asked whether to stop after every batch of points.

    Returns:
        Places ``(T, M, 2)``, (x, y), px of the full grid.
    """
    height, width = region.shape
    small = np.stack([cv2.resize(frame, (_SIDE_PX, _SIDE_PX)) for frame in frames])
    small = np.pad(small, ((0, _FRAMES - len(small)), (0, 0), (0, 0)), mode="edge")
    video = (small.astype(np.float32) / 255)[None, :, None]
    side = (_SIDE_PX, _SIDE_PX)
    inside = cv2.resize(region.astype(np.uint8), side, interpolation=cv2.INTER_NEAREST) > 0
    rows, columns = np.nonzero(inside)
    chosen = (rows % _GRID_PX == 0) & (columns % _GRID_PX == 0)
    points = np.stack([rows[chosen], columns[chosen]], axis=1).astype(np.float32)
    if not len(points):
        raise InputError("The mask is too small for MyoTracker: no point of its grid lies inside.")
    names = [item.name for item in session.get_inputs()]
    parts = []
    for start in range(0, len(points), _POINTS):
        progress.check()
        batch = points[start : start + _POINTS]
        padded = np.pad(batch, ((0, _POINTS - len(batch)), (0, 0)), mode="edge")
        (tracks,) = session.run(None, dict(zip(names, (video, padded[None]), strict=True)))
        parts.append(np.asarray(tracks)[0, : len(frames), : len(batch), ::-1])
    scale = np.array([width, height]) / _SIDE_PX
    # Pixel centres of the small image lie at (i + 0.5) scale - 0.5 of the full grid.
    return np.asarray((np.concatenate(parts, axis=1) + 0.5) * scale - 0.5, np.float64)


def _spread(
    before: NDArray[np.float64], after: NDArray[np.float64], size: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return the dense pull-back ``(2, H, W)`` of points that went from ``before`` to ``after``."""
    rows, columns = np.indices(size)
    shift = before - after
    dense = NearestNDInterpolator(after, shift)(columns, rows)
    if len(after) > 3:
        linear = LinearNDInterpolator(after, shift)(columns, rows)
        dense = np.where(np.isfinite(linear), linear, dense)
    return np.ascontiguousarray(np.moveaxis(dense, -1, 0), np.float32)
