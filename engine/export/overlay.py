"""One frame of the overlay: cine, contour, arrows coloured by speed, and what they mean."""

from __future__ import annotations

import dataclasses
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.analysis.velocity import CALIBRATED, velocity_field
from engine.config import ReportConfig
from engine.export.palette import DARK, SPEED
from engine.export.quiver import (
    LENGTH_STEPS,
    Trust,
    arrow_polygons,
    legible_step,
    nice_limit,
    sample_arrows,
)
from engine.export.raster import Picture, draw_colour_bar, draw_polygons, draw_text
from engine.export.stage import TOP, Scene, Stage
from engine.model import Scale, Target, TrackingResult

FADED: Final = 0.3


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
        trust: Trust | None = None,
        banner: str = "",
        arrows: bool = True,
        remark: str = "",
    ) -> None:
        """Prepare the fixed parts.

        Args:
            result: What to draw; contours of tissue are those that were tracked, as
                ``engine.export.moving_wall`` hands them over.
            scale: Whose field to draw.
            config: Holds the speed at the top of the colour bar.
            trust: ``(T-1, H, W)`` in [0, 1] or bool; arrows below 0.5 fade.
            banner: A warning drawn over the picture, or an empty string.
            arrows: Whether arrows are drawn.
            remark: Stands at the top right, such as the playback's rate.

        Raises:
            InputError: If the result does not hold the scale.
        """
        self._result = result
        self._displacement = result.at_scale(scale).displacement
        self._trust = trust
        self._arrows = arrows
        self.unit = pair_velocity(result, self._displacement, 0)[1]
        self.limit = speed_limit(result, config)
        scene = _scene(result, scale, self.unit)
        self._stage = Stage(dataclasses.replace(scene, banner=banner, remark=remark, side=arrows))
        self.size = self._stage.size
        zoom = float(np.sqrt(np.prod(self._stage.zoom)))
        self._step = legible_step(result.mask, zoom)
        self._full_length = LENGTH_STEPS * self._step * zoom
        if arrows:
            self._legend(self._stage.canvas)

    def paint(self, frame: int) -> Picture:
        """Return the picture of a frame.

        Args:
            frame: Index within the loop, from 0; the first frame has no arrows, since velocity
                stands at the later frame of a pair.

        Returns:
            ``(height, width, 3)`` uint8, RGB.
        """
        picture, image = self._stage.paint(frame)
        if frame > 0 and self._arrows:
            self._paint_arrows(image, frame)
        elif self._arrows:
            text = "first frame: no velocity yet"
            draw_text(picture, text, (14, TOP + 16), DARK.muted, size=13)
        self._stage.finish(image)
        return picture

    def _paint_arrows(self, image: Picture, frame: int) -> None:
        velocity, _ = pair_velocity(self._result, self._displacement, frame - 1)
        trust = None if self._trust is None else self._trust[frame - 1]
        arrows = sample_arrows(velocity, self._result.mask[frame], self._step, trust)
        polygons = self._shapes(self._stage.to_screen(arrows.positions), arrows.vectors)
        colours = SPEED.colours(arrows.speeds, 0, self.limit)
        sure = arrows.trusted
        if not sure.all():
            faded = image.copy()
            draw_polygons(faded, polygons[~sure], colours[~sure])
            cv2.addWeighted(faded, FADED, image, 1 - FADED, 0, dst=image)
        draw_polygons(image, polygons[sure], colours[sure], halo="#101010")

    def _legend(self, picture: Picture) -> None:
        left = self._stage.picture_size[0] + 22
        top, bottom = TOP + 62, TOP + min(max(self._stage.picture_size[1] - 150, 130), 420)
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


def _scene(result: TrackingResult, scale: Scale, unit: str) -> Scene:
    # No file name: it may hold a patient's name, and films travel.
    words = [f"Scale {scale.label}", result.method.upper()]
    tissue = "tissue" if result.contours is None else "tracked wall"
    words.append("blood" if result.target is Target.BLOOD else tissue)
    if result.view is not None:
        words.append(str(result.view))
    return Scene(
        mask=result.mask,
        words=tuple(words),
        frames=result.frames,
        contours=result.contours,
        frame_times_s=result.frame_times_s,
        first_frame=result.first_frame,
        ed_frame=result.ed_frame,
        es_frame=result.es_frame,
        spacing_mm=result.spacing_mm if unit == CALIBRATED else None,
    )


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
