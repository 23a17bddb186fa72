"""Crisp text, bars and lines on RGB pictures."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from engine.export.palette import ColourMap, rgb
from engine.export.quiver import ticks

# OpenCV takes corners in fixed point with this many fractional bits.
_SHIFT: Final = 4

Picture = NDArray[np.uint8]


@lru_cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return the DejaVu Sans that matplotlib carries, so that every machine has it."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name, size)


def draw_text(
    picture: Picture,
    text: str,
    position: tuple[float, float],
    colour: str,
    *,
    size: int = 15,
    bold: bool = False,
    anchor: str = "lm",
) -> None:
    """Draw a line of text into a picture.

    Args:
        picture: ``(H, W, 3)`` uint8, RGB; changed in place.
        text: One line.
        position: (x, y), px.
        colour: ``#rrggbb``.
        size: Font size, px.
        bold: Whether bold.
        anchor: Pillow's anchor: l, m, r for the side; m, s, t for the height.
    """
    face = font(size, bold=bold)
    left, top, right, bottom = face.getbbox(text, anchor=anchor)
    x, y = round(position[0]), round(position[1])
    x0, y0 = max(int(x + left) - 1, 0), max(int(y + top) - 1, 0)
    x1, y1 = int(x + right) + 2, int(y + bottom) + 2
    part = picture[y0:y1, x0:x1]
    if not part.size:
        return
    canvas = Image.fromarray(part)
    ImageDraw.Draw(canvas).text((x - x0, y - y0), text, font=face, fill=rgb(colour), anchor=anchor)
    part[...] = np.asarray(canvas)


def text_width(text: str, *, size: int = 15, bold: bool = False) -> float:
    """Return the width of a line of text, px."""
    return float(font(size, bold=bold).getlength(text))


def draw_polygons(
    picture: Picture,
    polygons: NDArray[np.floating],
    colours: NDArray[np.uint8],
    halo: str | None = None,
) -> None:
    """Fill polygons with smooth edges.

    Args:
        picture: ``(H, W, 3)`` uint8, RGB; changed in place.
        polygons: ``(N, K, 2)``, x and y, px.
        colours: ``(N, 3)`` uint8, RGB.
        halo: Colour of a thin rim that keeps them apart from what lies below, or None.
    """
    corners = _fixed_point(polygons)
    if halo is not None and len(corners):
        cv2.polylines(
            picture, list(corners), isClosed=True, color=rgb(halo), thickness=1,
            lineType=cv2.LINE_AA, shift=_SHIFT,
        )  # fmt: skip
    for polygon, colour in zip(corners, colours.tolist(), strict=True):
        cv2.fillPoly(picture, [polygon], colour, lineType=cv2.LINE_AA, shift=_SHIFT)


def draw_curve(
    picture: Picture,
    points: NDArray[np.floating],
    colour: str,
    *,
    closed: bool,
    thickness: int = 2,
) -> None:
    """Draw a curve with smooth edges.

    Args:
        picture: ``(H, W, 3)`` uint8, RGB; changed in place.
        points: ``(N, 2)``, x and y, px.
        colour: ``#rrggbb``.
        closed: Whether the last point is joined to the first.
        thickness: Of the line, px.
    """
    cv2.polylines(
        picture, [_fixed_point(points)], isClosed=closed, color=rgb(colour),
        thickness=thickness, lineType=cv2.LINE_AA, shift=_SHIFT,
    )  # fmt: skip


def draw_colour_bar(
    picture: Picture,
    box: tuple[int, int, int, int],
    colours: ColourMap,
    limit: float,
    *,
    text_colour: str,
    line_colour: str,
) -> None:
    """Draw a vertical colour bar from 0 to a limit with labelled ticks.

    Args:
        picture: ``(H, W, 3)`` uint8, RGB; changed in place.
        box: Of the bar (x0, y0, x1, y1), px, half-open; labels stand to its right.
        colours: The map.
        limit: Value at the top.
        text_colour: Of the labels.
        line_colour: Of the ticks.
    """
    x0, y0, x1, y1 = box
    ramp = colours.colours(np.linspace(1, 0, y1 - y0), 0, 1)
    picture[y0:y1, x0:x1] = ramp[:, None]
    for value in ticks(limit):
        y = round(y1 - 1 - (y1 - 1 - y0) * value / limit)
        picture[y, x1 : x1 + 5] = rgb(line_colour)
        draw_text(picture, f"{value:.4g}", (x1 + 9, y), text_colour, size=13)


def _fixed_point(points: NDArray[np.floating]) -> NDArray[np.int32]:
    return np.asarray(np.rint(points * 2**_SHIFT), np.int32)
