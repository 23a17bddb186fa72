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
class SearchConfig:
    """Weights of the evidence and effort of the search for the left ventricle.

    Attributes:
        points: Contour points at which a shape is judged.
        near: Distance of the near pair of samples from the contour, of the image's height.
        far: Distance of the far pair of samples, of the image's height.
        saturation: Relative contrast above which more hardly counts.
        base: Weight of the annulus line.
        inside: Weight of brightness inside.
        crossing: Weight of a bright line across the inside.
        network: Weight of covering the network's map.
        prior: Weight of the log prior.
        length: Reward for length.
        beyond: Weight of points outside the sector.
        stay: Weight of staying near the neighbouring shape.
        first_draws: Shapes drawn from the prior for each start size.
        draws: Shapes drawn in later rounds.
        keep: Shapes kept in each round.
        rounds: Rounds of the search over the whole image.
        seed: Seed of the draws; the same loop gives the same contour.
    """

    points: int = setting(41, "Points", "Of a judged shape", minimum=15, maximum=201)
    near: float = setting(0.02, "Near samples", "Of the height", minimum=0.002, maximum=0.2)
    far: float = setting(0.05, "Far samples", "Of the height", minimum=0.002, maximum=0.3)
    saturation: float = setting(0.25, "Saturation", "Of contrast", minimum=0.01, maximum=2)
    base: float = setting(0.45, "Annulus weight", "Of its contrast", minimum=0, maximum=5)
    inside: float = setting(0.6, "Inside weight", "Of brightness", minimum=0, maximum=5)
    crossing: float = setting(0.7, "Valve weight", "Of a crossing line", minimum=0, maximum=5)
    network: float = setting(1.0, "Network weight", "Of its map", minimum=0, maximum=10)
    prior: float = setting(0.05, "Prior weight", "Of usual shapes", minimum=0, maximum=1)
    length: float = setting(0.2, "Length weight", "Longer is better", minimum=0, maximum=2)
    beyond: float = setting(1.5, "Sector weight", "Against leaving it", minimum=0, maximum=10)
    stay: float = setting(0.03, "Time weight", "Like the neighbour", minimum=0, maximum=1)
    first_draws: int = setting(2500, "First draws", "Shapes", minimum=50, maximum=100000)
    draws: int = setting(700, "Later draws", "Shapes", minimum=50, maximum=100000)
    keep: int = setting(40, "Kept", "Shapes", minimum=5, maximum=1000)
    rounds: int = setting(10, "Rounds", "Of the search", minimum=1, maximum=100)
    seed: int = setting(0, "Seed", "Of the draws", minimum=0, maximum=2**31 - 1)

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class AnnulusConfig:
    """How far and on what evidence the ends of an apical contour slide to the annulus.

    Slides are fractions of the cavity's length.

    Attributes:
        reach: Farthest slide.
        step: Slides tried, apart.
        wall: Weight of the wall's end, outside the contour.
        cavity: Weight of the end of the network's map.
        valve: Weight of a line bright from end to end: the closed valve.
        stay: Cost of sliding, of the square of the slide.
        tilt: Cost of both ends' sliding apart, of the square of the difference.
        steady: Smoothing of the sides' directions, of a beat.
    """

    reach: float = setting(0.26, "Reach", "Of the cavity's length", minimum=0.02, maximum=0.5)
    step: float = setting(0.01, "Step", "Of the cavity's length", minimum=0.002, maximum=0.1)
    wall: float = setting(1.5, "Wall's end", "Weight", minimum=0, maximum=10)
    cavity: float = setting(2.5, "Cavity's end", "Weight", minimum=0, maximum=10)
    valve: float = setting(3.0, "Closed valve", "Weight", minimum=0, maximum=10)
    stay: float = setting(24.0, "Stay", "Cost of sliding", minimum=0, maximum=1000)
    tilt: float = setting(10.0, "Tilt", "Cost of sliding apart", minimum=0, maximum=1000)
    steady: float = setting(0.1, "Steady", "Of a beat", minimum=0, maximum=1)

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class LandmarkConfig:
    """How contours follow given points through the beat.

    Attributes:
        narrowing: Expected loss of the sides' bulge at end-systole, of the length.
        apex_rest: Freedom of the apex at end-systole, of the image's height.
        exact: Freedom of points where they were given, of the image's height.
        annulus_kept: Part of the correction at end-diastole that also holds at end-systole.
    """

    narrowing: float = setting(0.03, "Narrowing", "Of the sides", minimum=0, maximum=0.2)
    apex_rest: float = setting(0.012, "Apex", "Its freedom", minimum=0.001, maximum=0.2)
    exact: float = setting(0.006, "Exactness", "Of given points", minimum=0.001, maximum=0.1)
    annulus_kept: float = setting(0.75, "Kept", "Of the correction", minimum=0, maximum=1)

    def __post_init__(self) -> None:
        check_bounds(self)
