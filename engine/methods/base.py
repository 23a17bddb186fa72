"""What a tracking method is, and the frame of all methods that register one pair at a time."""

from __future__ import annotations

import importlib
import importlib.util
import time
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.config import TrackingConfig
from engine.errors import InputError, MissingPackageError
from engine.model import Cine, Mask, Scale, ScaleField
from engine.progress import Progress, Step
from engine.registration.quality import field_quality

Image = NDArray[np.float32]
"""One grey image ``(H, W)`` in [0, 1]."""

Region = NDArray[np.bool_]
"""Where the field counts on one image, ``(H, W)``."""


class Method(Protocol):
    """A way to track a loop.

    Attributes:
        name: Key in the registry and on the command line.
        label: Name in tables and menus.
        description: What it is, in one sentence; trained methods say on what.
    """

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def description(self) -> str: ...

    def missing(self) -> str | None:
        """Return how to install what the method lacks on this machine, or None."""

    def track(
        self, cine: Cine, mask: Mask, config: TrackingConfig, progress: Progress
    ) -> tuple[ScaleField, ...]:
        """Return the fields of the loop, coarse to fine.

        Args:
            cine: Loop of T frames.
            mask: Where the field counts, ``(T, H, W)``.
            config: How to track.
            progress: Told of every pair or step; may cancel.

        Returns:
            One field a scale, displacements ``(T-1, 2, H, W)``, px, pull-back. Methods without a
            pyramid of their own return one field, of the full scale.

        Raises:
            MissingPackageError: If an optional package is absent.
            Cancelled: If the user has asked to stop.
        """


class PairwiseMethod(ABC):
    """A method that registers every pair of neighbouring frames by itself."""

    name: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]

    def missing(self) -> str | None:
        """Return how to install what the method lacks on this machine, or None."""
        return None

    def prepare(self, config: TrackingConfig) -> None:
        """Load what all pairs share, such as an optional package or weights."""
        sentence = self.missing()
        if sentence is not None:
            raise MissingPackageError(sentence)

    @abstractmethod
    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Register one pair.

        Args:
            fixed: Frame k+1, ``(H, W)`` in [0, 1].
            moving: Frame k, ``(H, W)`` in [0, 1].
            region: Where the field counts on the fixed frame, ``(H, W)``.

        Returns:
            Pull-back displacement ``(2, H, W)``, components (x, y), px:
            ``moving(p + u(p)) ~ fixed(p)``.
        """

    def track(
        self, cine: Cine, mask: Mask, config: TrackingConfig, progress: Progress
    ) -> tuple[ScaleField, ...]:
        """Return the field of the full scale; see ``Method.track``."""
        check_pair_count(cine, mask)
        self.prepare(config)
        pairs = len(cine.frames) - 1
        displacement = np.empty((pairs, 2, *cine.frames.shape[1:]), np.float32)
        start = time.perf_counter()
        moving = _unit_image(cine.frames[0])
        for pair in range(pairs):
            progress.check()
            fixed = _unit_image(cine.frames[pair + 1])
            displacement[pair] = self.register(fixed, moving, mask.data[pair + 1])
            moving = fixed
            progress.report(Step(self.label, pair + 1, pairs, fraction=(pair + 1) / pairs))
        seconds = time.perf_counter() - start
        finished = full_scale_field(cine, mask, displacement, seconds)
        progress.partial(finished)
        return (finished,)


def full_scale_field(
    cine: Cine, mask: Mask, displacement: NDArray[np.float32], seconds: float, steps: int = 0
) -> ScaleField:
    """Wrap a displacement with its fit and folding, as every method reports them.

    Args:
        cine: Loop of T frames.
        mask: Where the field counts, ``(T, H, W)``.
        displacement: Pull-back ``(T-1, 2, H, W)``, px.
        seconds: Wall time spent, s.
        steps: Optimisation steps made.
    """
    if not np.isfinite(displacement).all():
        raise InputError("The method returned a displacement that is not finite.")
    mse, nlcc, folding = field_quality(cine.frames, displacement, mask.data)
    return ScaleField(
        Scale.FULL, displacement, seconds=seconds, steps=steps, mse=mse, nlcc=nlcc, folding=folding
    )


def check_pair_count(cine: Cine, mask: Mask) -> None:
    """Check that a loop has a pair to register and that its mask fits.

    Raises:
        InputError: If it has one frame only, or another shape than its mask.
    """
    if len(cine.frames) < 2:
        raise InputError("Tracking needs at least two frames; this loop has one.")
    if mask.data.shape != cine.frames.shape:
        raise InputError(
            f"The mask has the shape {mask.data.shape}, but the loop {cine.frames.shape}."
        )


def missing_package(module: str, install: str, label: str) -> str | None:
    """Return the sentence that tells how to install an absent package, or None."""
    if importlib.util.find_spec(module) is not None:
        return None
    return f"{label} needs the package '{module}', which is not installed. Run: {install}"


def load_package(module: str, install: str, label: str) -> Any:
    """Import an optional package.

    Raises:
        MissingPackageError: With the line that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackageError(
            f"{label} needs the package '{module}', which cannot be loaded. Run: {install}"
        ) from error


def _unit_image(frame: NDArray[np.uint8]) -> Image:
    """Return a frame as float32 in [0, 1]."""
    return np.ascontiguousarray(frame, np.float32) / np.float32(255)
