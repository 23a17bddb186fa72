"""What every film frame shares: the cine with its contours, the texts around it, the layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.export.notices import RESEARCH_USE
from engine.export.palette import DARK, rgb
from engine.export.raster import Picture, draw_curve, draw_text, text_width
from engine.model import Contours

TOP: Final = 42
BOTTOM: Final = 40
SIDE: Final = 132
_SMALLEST: Final = 512
_LARGEST: Final = 1280
_LOWEST: Final = 320


@dataclass(frozen=True, eq=False)
class Scene:
    """What a film shows besides arrows.

    Attributes:
        mask: ``(T, H, W)`` bool.
        words: Title, and remarks beside it.
        frames: ``(T, H, W)`` uint8, or None for black.
        contours: Drawn instead of the mask's outline, or None.
        frame_times_s: ``(T,)``, s; None if unknown.
        first_frame: Source number of frame 0.
        ed_frame: Source frame marked ED, or None.
        es_frame: Source frame marked ES, or None.
        spacing_mm: (x, y) of pixels that are shown with their true shape; None for squares.
        banner: A warning drawn over the picture, or an empty string.
        remark: Stands at the top right, such as the playback's rate.
        side: Whether a legend stands at the right.
        outline: Whether the mask's outline is drawn beneath the contours.
    """

    mask: NDArray[np.bool_]
    words: tuple[str, ...]
    frames: NDArray[np.uint8] | None = None
    contours: Contours | None = None
    frame_times_s: NDArray[np.float64] | None = None
    first_frame: int = 0
    ed_frame: int | None = None
    es_frame: int | None = None
    spacing_mm: tuple[float, float] | None = None
    banner: str = ""
    remark: str = ""
    side: bool = False
    outline: bool = False


class Stage:
    """Paints the frames of a scene, always with the same layout.

    Attributes:
        size: (width, height) of the pictures, px; both even, as video needs.
        zoom: Screen px for one image px in x and y, ``(2,)``.
        picture_size: (width, height) of the cine within the pictures, px.
        canvas: The fixed parts, ``(height, width, 3)`` uint8, RGB; may be drawn on.
    """

    def __init__(self, scene: Scene) -> None:
        """Lay out the scene."""
        self._scene = scene
        self.zoom, self.picture_size = _zoom(scene)
        width = self.picture_size[0] + (SIDE if scene.side else 0)
        height = TOP + max(self.picture_size[1], _LOWEST) + BOTTOM
        self.size = (width + width % 2, height + height % 2)
        self.canvas = self._fixed_parts()

    def paint(self, frame: int) -> tuple[Picture, Picture]:
        """Return the picture of a frame, and the part of it that holds the cine.

        Args:
            frame: Index within the loop, from 0.

        Returns:
            ``(height, width, 3)`` uint8, RGB, and a view of it: drawing on one draws on both.
        """
        picture = self.canvas.copy()
        width, height = self.picture_size
        image = picture[TOP : TOP + height, :width]
        image[...] = self._grey(frame)[..., None]
        self._paint_contours(image, frame)
        self._paint_labels(picture, frame)
        return picture, image

    def finish(self, image: Picture) -> None:
        """Draw the banner, over all else."""
        if not self._scene.banner:
            return
        width = image.shape[1]
        strip = image[10:46, 10 : width - 10]
        strip[...] = (strip * 0.2 + np.array(rgb(DARK.surface)) * 0.8).astype(np.uint8)
        size = 15
        while text_width(self._scene.banner, size=size, bold=True) > width - 30 and size > 9:
            size -= 1
        place = (width / 2, 28)
        draw_text(image, self._scene.banner, place, DARK.warning, size=size, bold=True, anchor="mm")

    def to_screen(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return image coordinates ``(..., 2)`` on the cine's part of the picture, px."""
        # Pixel centres are whole numbers in both pictures.
        on_screen: NDArray[np.floating] = (points + 0.5) * self.zoom - 0.5
        return on_screen

    def _grey(self, frame: int) -> NDArray[np.uint8]:
        width, height = self.picture_size
        if self._scene.frames is None:
            return np.zeros((height, width), np.uint8)
        grey: NDArray[np.uint8] = self._scene.frames[frame]
        if grey.shape == (height, width):
            return grey
        method = cv2.INTER_AREA if width < grey.shape[1] else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(grey, (width, height), interpolation=method), np.uint8)

    def _paint_contours(self, image: Picture, frame: int) -> None:
        contours = self._scene.contours
        if contours is None or self._scene.outline:
            self._paint_outline(image, frame)
        if contours is not None:
            inner, outer = contours.endocardial, contours.epicardial
            points = self.to_screen(inner[frame])
            draw_curve(image, points, DARK.endocardium, closed=contours.closed)
            if outer is not None:
                points = self.to_screen(outer[frame])
                draw_curve(image, points, DARK.epicardium, closed=contours.closed)

    def _paint_outline(self, image: Picture, frame: int) -> None:
        mask = self._scene.mask[frame].astype(np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        for outline in outlines:
            points = self.to_screen(outline[:, 0])
            draw_curve(image, points, DARK.outline, closed=True, thickness=1)

    def _paint_labels(self, picture: Picture, frame: int) -> None:
        scene = self._scene
        source = frame + scene.first_frame
        y = self.size[1] - BOTTOM / 2
        last = scene.first_frame + len(scene.mask) - 1
        draw_text(picture, f"Frame {source} / {last}", (14, y), DARK.text)
        x = 14 + text_width(f"Frame {last} / {last}") + 18
        if scene.frame_times_s is not None:
            draw_text(picture, f"{float(scene.frame_times_s[frame]):.3f} s", (x, y), DARK.text)
            x += text_width("00.000 s") + 18
        for mark, at, colour in (
            ("ED", scene.ed_frame, DARK.end_diastole),
            ("ES", scene.es_frame, DARK.end_systole),
        ):
            if source == at:
                draw_text(picture, mark, (x, y), colour, bold=True)

    def _fixed_parts(self) -> Picture:
        width, height = self.size
        picture = np.empty((height, width, 3), np.uint8)
        picture[...] = rgb(DARK.background)
        scene = self._scene
        title, remarks = scene.words[0], "  ·  ".join(scene.words[1:])
        draw_text(picture, title, (14, TOP / 2), DARK.text, size=16, bold=True)
        x = 14 + text_width(title, size=16, bold=True) + 16
        draw_text(picture, remarks, (x, TOP / 2), DARK.muted)
        x += text_width(remarks) + 16
        if scene.remark and x + text_width(scene.remark, size=13) < width - 14:
            end = (width - 14, TOP / 2)
            draw_text(picture, scene.remark, end, DARK.muted, size=13, anchor="rm")
        right = (width - 14, height - BOTTOM / 2)
        draw_text(picture, RESEARCH_USE, right, DARK.warning, size=13, anchor="rm")
        return picture


def _zoom(scene: Scene) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return screen px for one image px in x and y, and the picture's (width, height)."""
    height, width = scene.mask.shape[1:]
    aspect = np.ones(2)
    if scene.spacing_mm is not None:
        # Equal millimetres look equal, so that an arrow points where the tissue goes.
        aspect = np.array(scene.spacing_mm) / min(scene.spacing_mm)
    longest = float(np.max(aspect * (width, height)))
    zoom = aspect * np.clip(longest, _SMALLEST, _LARGEST) / longest
    size = (max(round(width * zoom[0]), 2), max(round(height * zoom[1]), 2))
    return np.array([size[0] / width, size[1] / height]), size
