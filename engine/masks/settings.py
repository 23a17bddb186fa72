"""Settings of the masks' steps, each with label, help and bounds for the window's forms."""

from __future__ import annotations

from dataclasses import dataclass

from engine.config import check_bounds, setting


@dataclass(frozen=True)
class TissueRegionConfig:
    """The paper's tissue region.

    Attributes:
        low: Smallest intensity that counts as tissue, of [0, 1].
        high: Largest intensity that counts as tissue, of [0, 1].
        dilation_px: Radius of the dilating disk at 1024x768, px; scaled with the image.
    """

    low: float = setting(0.005, "Darkest", "Intensity, 0 to 1", minimum=0, maximum=1)
    high: float = setting(0.995, "Brightest", "Intensity, 0 to 1", minimum=0, maximum=1)
    dilation_px: float = setting(
        16.0, "Dilation", "Disk radius at 1024x768", minimum=0, maximum=100, unit="px"
    )

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class BloodPoolConfig:
    """The paper's blood pool: an active contour at keyframes, radial basis functions in time.

    Attributes:
        points: Points sampled on the circle and carried through the loop.
        alpha: Tension of the active contour (scikit-image's ``alpha``).
        beta: Stiffness of the active contour (scikit-image's ``beta``).
        edge_sigma_px: Blur of the image before its edges are taken, working px.
        iterations: Most steps of the active contour.
        smoothing: Smoothing of the radial basis functions; 0 interpolates the points.
        rbf_points: Contour points that the radial basis functions are fitted to, per frame.
    """

    points: int = setting(100, "Points", "On the circle", minimum=12, maximum=1000)
    alpha: float = setting(0.015, "Tension", "Of the active contour", minimum=0, maximum=10)
    beta: float = setting(0.1, "Stiffness", "Of the active contour", minimum=0, maximum=1000)
    edge_sigma_px: float = setting(
        2.0, "Edge blur", "Before edges are taken", minimum=0.3, maximum=20, unit="px"
    )
    iterations: int = setting(300, "Iterations", "Of the contour", minimum=1, maximum=10000)
    smoothing: float = setting(0.5, "Smoothing", "Of the boundary", minimum=0, maximum=1000)
    rbf_points: int = setting(24, "Knots", "Per frame", minimum=8, maximum=200)

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class WallConfig:
    """How the wall is found around the cavity.

    Attributes:
        margin_fraction: Margin added around the ring on both sides for tracking, as a fraction
            of the wall's thickness.
        refine: Whether the outer boundary follows a gradient where one is seen.
    """

    margin_fraction: float = setting(0.0, "Margin", "Of the wall's thickness", minimum=0, maximum=2)
    refine: bool = True

    def __post_init__(self) -> None:
        check_bounds(self)
