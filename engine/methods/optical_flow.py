"""Optical flow of OpenCV and scikit-image.

All of them are asked for the flow from the fixed to the moving frame, which is the pull-back
displacement. Settings are the best found on phantoms; docs/experiments.md has the figures.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.registration import optical_flow_ilk, optical_flow_tvl1

from engine.config import TrackingConfig
from engine.methods.base import Image, PairwiseMethod, Region


class Identity(PairwiseMethod):
    """No motion: the row that every table needs to be read."""

    name = "identity"
    label = "Identity"
    description = "No registration: zero displacement."

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return zero displacement; see the base class."""
        return np.zeros((2, *fixed.shape), np.float32)


class Dis(PairwiseMethod):
    """Dense inverse search (Kroeger et al., ECCV 2016) by OpenCV.

    The preset medium with patches of 12 instead of 8 px: a tenth more accurate on tissue, a
    quarter on noisy tissue.
    """

    name = "dis"
    label = "OpenCV DIS"
    description = "Dense inverse search (OpenCV, preset medium, patches of 12 px); not trained."

    def prepare(self, config: TrackingConfig) -> None:
        """Make the solver once for all pairs."""
        super().prepare(config)
        self._solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._solver.setPatchSize(12)
        self._solver.setPatchStride(4)

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return the displacement of one pair; see the base class."""
        flow = self._solver.calc(_bytes(fixed), _bytes(moving), None)  # type: ignore[call-overload]
        return _components_first(flow)


class Farneback(PairwiseMethod):
    """Polynomial expansion (Farneback, SCIA 2003) by OpenCV."""

    name = "farneback"
    label = "OpenCV Farneback"
    description = "Polynomial expansion (OpenCV, window 61 px); not trained."

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return the displacement of one pair; see the base class."""
        flow = cv2.calcOpticalFlowFarneback(
            _bytes(fixed),
            _bytes(moving),
            None,  # type: ignore[call-overload]
            pyr_scale=0.5,
            levels=5,
            winsize=61,
            iterations=10,
            poly_n=5,
            poly_sigma=1.1,
            flags=cv2.OPTFLOW_FARNEBACK_GAUSSIAN,
        )
        return _components_first(flow)


class TvL1(PairwiseMethod):
    """Total variation with an L1 data term (Zach et al., DAGM 2007) by scikit-image."""

    name = "tvl1"
    label = "scikit-image TV-L1"
    description = "Total variation with L1 data term (scikit-image); not trained."

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return the displacement of one pair; see the base class."""
        solve: Callable[..., NDArray[np.float32]] = optical_flow_tvl1
        flow = solve(fixed, moving, attachment=5, tightness=0.3, num_warp=10, dtype=np.float32)
        return np.ascontiguousarray(flow[::-1], np.float32)


class Ilk(PairwiseMethod):
    """Iterative Lucas-Kanade (Le Besnerais and Champagnat, ICIP 2005) by scikit-image."""

    name = "ilk"
    label = "scikit-image ILK"
    description = "Iterative Lucas-Kanade (scikit-image, radius 15 px, Gaussian); not trained."

    def register(self, fixed: Image, moving: Image, region: Region) -> NDArray[np.float32]:
        """Return the displacement of one pair; see the base class."""
        solve: Callable[..., NDArray[np.float32]] = optical_flow_ilk
        flow = solve(fixed, moving, radius=15, gaussian=True, dtype=np.float32)
        return np.ascontiguousarray(flow[::-1], np.float32)


def _bytes(image: Image) -> NDArray[np.uint8]:
    """Return an image in [0, 1] as 8 bit."""
    return np.rint(image * 255).astype(np.uint8)


def _components_first(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move the components (x, y) of ``(H, W, 2)`` to the front."""
    return np.ascontiguousarray(np.moveaxis(flow, -1, 0), np.float32)
