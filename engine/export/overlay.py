"""One frame of the overlay: cine, contour, arrows coloured by speed, and what they mean."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.analysis.velocity import velocity_field
from engine.config import ReportConfig
from engine.export.notices import RESEARCH_USE
from engine.export.palette import DARK, SPEED, rgb
from engine.export.quiver import (
    LENGTH_STEPS,
    arrow_polygons,
    legible_step,
    nice_limit,
    sample_arrows,
)
from engine.export.raster import (
    Picture,
    draw_colour_bar,
    draw_curve,
    draw_polygons,
    draw_text,
    text_width,
)
from engine.model import Scale, Target, TrackingResult

TOP: Final = 42
BOTTOM: Final = 40
SIDE: Final = 132
SMALLEST: Final = 512
LARGEST: Final = 1280
FADED: Final = 0.3
_CALIBRATED: Final = "cm/s"


class OverlayPainter:
    """Draws any frame of a result at one scale, always with the same limits and layout.

    Attributes:
        unit: Of the speed: ``cm/s``, or ``px/frame`` where uncalibrated.
        limit: Speed at the top of the colour bar.
        size: (width, height) of the pictures, px; both even, as video needs.
    """

    def __init__(
        self,
        result: TrackingResult,
        scale: Scale,
        config: ReportConfig,
        *,
        trust: NDArray[np.floating] | NDArray[np.bool_] | None = None,
        banner: str = "",
        arrows: bool = True,
        remark: str = "",
    ) -> None:
        """Prepare the fixed parts.

        Args:
            result: What to draw.
            scale: Whose field to draw.
            config: Holds the speed at the top of the colour bar.
            trust: ``(T-1, H, W)`` in [0, 1] or bool; arrows below 0.5 fade.
            banner: A warning drawn over the picture, or an empty string.
            arrows: Whether arrows are drawn.
            remark: Stands in the bottom bar, such as the playback's rate.

        Raises:
            InputError: If the result does not hold the scale.
        """
        self._result = result
        self._scale = scale
        self._displacement = result.at_scale(scale).displacement
        self._trust = trust
        self._banner = banner
        self._arrows = arrows
        self._remark = remark
        self.unit = pair_velocity(result, self._displacement, 0)[1]
        self.limit = speed_limit(result, config)
        self._zoom, picture_size = _zoom(result, calibrated=self.unit == _CALIBRATED)
        self._picture_size = picture_size
        zoom = float(np.sqrt(np.prod(self._zoom)))
        self._step = legible_step(result.mask, zoom)
        self._full_length = LENGTH_STEPS * self._step * zoom
        height = TOP + max(picture_size[1], 320) + BOTTOM
        width = picture_size[0] + SIDE
        self.size = (width + width % 2, height + height % 2)
        self._canvas = self._fixed_parts()

    def paint(self, frame: int) -> Picture:
        """Return the picture of a frame.

        Args:
            frame: Index within the loop, from 0; the first frame has no arrows, since velocity
                stands at the later frame of a pair.

        Returns:
            ``(height, width, 3)`` uint8, RGB.
        """
        picture = self._canvas.copy()
        width, height = self._picture_size
        image = picture[TOP : TOP + height, :width]
        image[...] = self._grey(frame)[..., None]
        self._paint_contours(image, frame)
        if frame > 0 and self._arrows:
            self._paint_arrows(image, frame)
        if self._banner:
            _paint_banner(image, self._banner)
        self._paint_labels(picture, frame)
        return picture

    def _grey(self, frame: int) -> NDArray[np.uint8]:
        width, height = self._picture_size
        if self._result.frames is None:
            return np.zeros((height, width), np.uint8)
        grey: NDArray[np.uint8] = self._result.frames[frame]
        if grey.shape == (height, width):
            return grey
        shrinks = width < grey.shape[1]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(grey, (width, height), interpolation=method), np.uint8)

    def _to_screen(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        # Pixel centres are whole numbers in both pictures.
        on_screen: NDArray[np.floating] = (points + 0.5) * self._zoom - 0.5
        return on_screen

    def _paint_contours(self, image: Picture, frame: int) -> None:
        contours = self._result.contours
        if contours is not None:
            inner, outer = contours.endocardial, contours.epicardial
            points = self._to_screen(inner[frame])
            draw_curve(image, points, DARK.endocardium, closed=contours.closed)
            if outer is not None:
                points = self._to_screen(outer[frame])
                draw_curve(image, points, DARK.epicardium, closed=contours.closed)
            return
        mask = self._result.mask[frame].astype(np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        for outline in outlines:
            points = self._to_screen(outline[:, 0])
            draw_curve(image, points, DARK.outline, closed=True, thickness=1)

    def _paint_arrows(self, image: Picture, frame: int) -> None:
        velocity, _ = pair_velocity(self._result, self._displacement, frame - 1)
        trust = None if self._trust is None else self._trust[frame - 1]
        arrows = sample_arrows(velocity, self._result.mask[frame], self._step, trust)
        polygons = self._shapes(self._to_screen(arrows.positions), arrows.vectors)
        colours = SPEED.colours(arrows.speeds, 0, self.limit)
        sure = arrows.trusted
        if not sure.all():
            faded = image.copy()
            draw_polygons(faded, polygons[~sure], colours[~sure])
            cv2.addWeighted(faded, FADED, image, 1 - FADED, 0, dst=image)
        draw_polygons(image, polygons[sure], colours[sure], halo="#101010")

    def _paint_labels(self, picture: Picture, frame: int) -> None:
        result = self._result
        source = frame + result.first_frame
        y = self.size[1] - BOTTOM / 2
        last = result.first_frame + len(result.mask) - 1
        text = f"Frame {source} / {last}"
        draw_text(picture, text, (14, y), DARK.text)
        x = 14 + text_width(f"Frame {last} / {last}") + 18
        if result.frame_times_s is not None:
            time = float(result.frame_times_s[frame])
            draw_text(picture, f"{time:.3f} s", (x, y), DARK.text)
            x += text_width("00.000 s") + 18
        for mark, at, colour in (
            ("ED", result.ed_frame, DARK.end_diastole),
            ("ES", result.es_frame, DARK.end_systole),
        ):
            if source == at:
                draw_text(picture, mark, (x, y), colour, bold=True)
        if frame == 0:
            text = "first frame: no velocity yet"
            draw_text(picture, text, (14, TOP + 16), DARK.muted, size=13)

    def _fixed_parts(self) -> Picture:
        width, height = self.size
        picture = np.empty((height, width, 3), np.uint8)
        picture[...] = rgb(DARK.background)
        result = self._result
        words = [f"Scale {self._scale.label}", result.method.upper()]
        words.append("blood" if result.target is Target.BLOOD else "tissue")
        if result.view is not None:
            words.append(str(result.view))
        draw_text(picture, words[0], (14, TOP / 2), DARK.text, size=16, bold=True)
        x = 14 + text_width(words[0], size=16, bold=True) + 16
        draw_text(picture, "  ·  ".join(words[1:]), (x, TOP / 2), DARK.muted)
        right = (width - 14, height - BOTTOM / 2)
        draw_text(picture, RESEARCH_USE, right, DARK.warning, size=13, anchor="rm")
        if self._remark:
            end = (width - 14, TOP / 2)
            draw_text(picture, self._remark, end, DARK.muted, size=13, anchor="rm")
        if self._arrows:
            self._legend(picture)
        return picture

    def _legend(self, picture: Picture) -> None:
        left = self._picture_size[0] + 22
        top, bottom = TOP + 62, TOP + min(max(self._picture_size[1] - 150, 130), 420)
        draw_text(picture, "Speed", (left, TOP + 14), DARK.text, bold=True)
        draw_text(picture, self.unit, (left, TOP + 36), DARK.muted, size=13)
        box = (left, top, left + 16, bottom)
        draw_colour_bar(
            picture, box, SPEED, self.limit, text_colour=DARK.text, line_colour=DARK.muted
        )
        self._sample_arrow(picture, (left, bottom + 32))
        label = f"{self.limit:.4g} {self.unit}"
        draw_text(picture, label, (left, bottom + 51), DARK.text, size=13)
        if self._trust is not None:
            faded = picture.copy()
            self._sample_arrow(faded, (left, bottom + 82))
            cv2.addWeighted(faded, FADED, picture, 1 - FADED, 0, dst=picture)
            draw_text(picture, "not trusted", (left, bottom + 101), DARK.text, size=13)

    def _sample_arrow(self, picture: Picture, position: tuple[float, float]) -> None:
        middle = np.array([[position[0] + self._full_length / 2, position[1]]])
        shape = self._shapes(middle, np.array([[self.limit, 0.0]]))
        draw_polygons(picture, shape, SPEED.colours([1.0], 0, 1))

    def _shapes(
        self, positions: NDArray[np.floating], vectors: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        width = float(np.clip(self._full_length / 16, 1.4, 2.6))
        return arrow_polygons(positions, vectors, self.limit, self._full_length, width)


def pair_velocity(
    result: TrackingResult, displacement: NDArray[np.float32], pair: int
) -> tuple[NDArray[np.float32], str]:
    """Return the velocity of one pair, ``(2, H, W)``, x right and y up, and its unit.

    One pair at a time, so that memory does not grow with the loop.
    """
    times = result.frame_times_s
    field = velocity_field(
        displacement[pair : pair + 1],
        result.spacing_mm,
        None if times is None else times[pair : pair + 2],
    )
    return field.values[0], field.unit


def speed_limit(result: TrackingResult, config: ReportConfig) -> float:
    """Return the top of the colour bar, one for all frames and scales of a result.

    Args:
        result: Its finest field gives the 99th percentile of speed within the mask.
        config: Its ``speed_limit`` goes first.

    Returns:
        cm/s, or px/frame where uncalibrated; rounded up to a short number.
    """
    if config.speed_limit is not None:
        return config.speed_limit
    displacement = result.finest.displacement
    # Every fourth pixel is plenty for a percentile.
    samples = []
    for pair in range(len(displacement)):
        velocity, _ = pair_velocity(result, displacement[:, :, ::4, ::4], pair)
        inside = result.mask[pair + 1, ::4, ::4]
        samples.append(np.hypot(velocity[0], velocity[1])[inside])
    speeds = np.concatenate(samples)
    speeds = speeds[np.isfinite(speeds)]
    return nice_limit(float(np.percentile(speeds, 99)) if speeds.size else 0.0)


def _zoom(
    result: TrackingResult, *, calibrated: bool
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return screen px for one image px in x and y, and the picture's (width, height)."""
    height, width = result.mask.shape[1:]
    aspect = np.ones(2)
    if calibrated and result.spacing_mm is not None:
        # Equal millimetres look equal, so that an arrow points where the tissue goes.
        aspect = np.array(result.spacing_mm) / min(result.spacing_mm)
    longest = float(np.max(aspect * (width, height)))
    zoom = aspect * np.clip(longest, SMALLEST, LARGEST) / longest
    size = (max(round(width * zoom[0]), 2), max(round(height * zoom[1]), 2))
    return np.array([size[0] / width, size[1] / height]), size


def _paint_banner(image: Picture, text: str) -> None:
    width = image.shape[1]
    strip = image[10:46, 10 : width - 10]
    strip[...] = (strip * 0.2 + np.array(rgb(DARK.surface)) * 0.8).astype(np.uint8)
    draw_text(image, text, (width / 2, 28), DARK.warning, bold=True, anchor="mm")
